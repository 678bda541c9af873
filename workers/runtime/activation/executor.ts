import type { Failure } from '../../../contracts/messages/values.ts';
import type { Log } from '../../../ops/platform/log.ts';
import type { Breaker } from '../breaker/breaker.ts';
import type { Bulkhead } from '../breaker/bulkhead.ts';
import { type Activation, type Outcome, type Result, current } from './activation.decide.ts';
import type { Activator, Step, StepInput } from './activator.ts';
import { type CallContext, OutcomeUnknown, type Platform, PlatformNotReached, PlatformRefusal } from './platform.ts';

/** A platform with what guards it in this process. */
export interface GuardedPlatform {
  readonly platform: Platform;
  readonly url: string;
  readonly breaker: Breaker;
  readonly bulkhead: Bulkhead;
}

/** What of a lease is kept back: an intent that cannot be called and answered before it ends is left to the next holder. */
export const leaseMarginMs = 5_000;

/** Drives open intents: calls or reads back, and tells what came of it. */
export interface Executor {
  /** Begins what a commit opened. Must be called right after it: the lease runs since. */
  committed(states: readonly Activation[]): void;
  running(): number;
  /** Resolves when no call is running. */
  drained(): Promise<void>;
}

export interface ExecutorOptions {
  readonly activator: Activator;
  readonly platforms: ReadonlyMap<string, GuardedPlatform>;
  readonly log: Log;
  readonly happened: (outcome: Outcome, activation: Activation) => void;
}

export function createExecutor(options: ExecutorOptions): Executor {
  const { activator, platforms, happened } = options;
  const steps = new Map(activator.steps.map((step) => [step.name, step]));
  const running = new Set<Promise<void>>();

  async function drive(activation: Activation): Promise<void> {
    const entry = current(activation);
    const guarded = platforms.get(entry.platform);
    const step = steps.get(entry.step);
    const log = options.log.child({
      orderId: activation.command.orderId,
      itemId: activation.command.itemId,
      correlationId: activation.command.orderId,
      step: entry.step,
      direction: entry.direction,
      attempt: entry.attempt,
    });
    const result =
      guarded === undefined || step === undefined
        ? undeclared(entry.step)
        : await attempt(activation, step, guarded, log);
    happened({ id: activation.id, position: activation.position, attempt: entry.attempt, result }, activation);
  }

  async function attempt(
    activation: Activation,
    step: Step<unknown>,
    guarded: GuardedPlatform,
    log: Log,
  ): Promise<Result> {
    const { platform, breaker, bulkhead } = guarded;
    if (breaker.isOpen()) return heldBack(`${platform.name} is held off by its breaker`);
    const leave = await bulkhead.enter(leaseMarginMs / 2);
    if (leave === undefined) return heldBack(`${platform.name} has all its ${platform.concurrency} places taken`);
    const reading = current(activation).state === 'reading';
    try {
      const result = await breaker.run(() =>
        reading ? look(activation, step, guarded) : call(activation, step, guarded),
      );
      log.info({ result: result.kind, reading }, reading ? 'read back' : 'called');
      return result;
    } catch (error) {
      log.warn({ error, reading }, reading ? 'read-back failed' : 'call failed');
      return reading ? { kind: 'unreadable', failure: failureOf(error), counted: !isOutage(error) } : resultOf(error);
    } finally {
      leave();
    }
  }

  async function call(activation: Activation, step: Step<unknown>, guarded: GuardedPlatform): Promise<Result> {
    const input = inputOf(activator, activation);
    const network = guarded.platform.connect(contextOf(activation, guarded));
    if (current(activation).direction === 'undo') {
      await step.undo(input, network);
      return { kind: 'landed', characteristics: {}, resources: [] };
    }
    return landed(step, await step.apply(input, network), input);
  }

  async function look(activation: Activation, step: Step<unknown>, guarded: GuardedPlatform): Promise<Result> {
    const found = await guarded.platform.readBack(contextOf(activation, guarded));
    if (!found.applied) return { kind: 'absent' };
    if (current(activation).direction === 'undo') return { kind: 'landed', characteristics: {}, resources: [] };
    return landed(step, found.result, inputOf(activator, activation));
  }

  return {
    committed(states) {
      for (const state of states) {
        const entry = state.entries[state.position];
        if (entry?.state !== 'calling' && entry?.state !== 'reading') continue;
        // Saved for another reason while somebody holds its lease: not ours to call.
        if (entry.openedBy !== state.revision) continue;
        const driving: Promise<void> = drive(state).finally(() => running.delete(driving));
        running.add(driving);
      }
    },
    running: () => running.size,
    async drained() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** The operation's reference on its platform: the same for every attempt and generation of a plan's entry, so that read-back finds it. */
export const operationReference = (activation: Activation): string => `${activation.id}.${activation.position}`;

const contextOf = (activation: Activation, { platform, url }: GuardedPlatform): CallContext => ({
  url,
  reference: operationReference(activation),
  serviceRef: activation.command.serviceId,
  signal: AbortSignal.timeout(platform.timeoutMs),
});

function inputOf(activator: Activator, activation: Activation): StepInput<unknown> {
  const { command, characteristics } = activation;
  const values = current(activation).values === 'previous' ? command.previous : command.requested;
  return {
    ref: command.serviceId,
    want: activator.characteristics.parse(values),
    facts: { ...command.previous, ...characteristics },
    supporting: (serviceType) => command.supporting.find((one) => one.serviceType === serviceType),
    specification: command.specification,
  };
}

function landed(step: Step<unknown>, result: unknown, input: StepInput<unknown>): Result {
  const { characteristics = {}, resources = [] } = step.lands(result, input);
  return { kind: 'landed', characteristics, resources };
}

/** True for an error that says the platform is not there or not itself: not that it said no, nor that our own code is wrong. */
export const isOutage = (error: unknown): boolean =>
  error instanceof OutcomeUnknown || error instanceof PlatformNotReached;

function resultOf(error: unknown): Result {
  if (error instanceof PlatformRefusal)
    return { kind: 'refused', failure: { code: error.code, reason: error.message } };
  if (error instanceof PlatformNotReached) {
    return { kind: 'notReached', failure: failureOf(error), counted: true, retryAfterMs: error.retryAfterMs };
  }
  return { kind: 'unknown', failure: failureOf(error) };
}

function failureOf(error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof OutcomeUnknown) return { code: 'outcomeUnknown', reason };
  if (error instanceof PlatformNotReached) return { code: 'platformNotReached', reason };
  return { code: 'unexpected', reason };
}

const heldBack = (reason: string): Result => ({
  kind: 'notReached',
  failure: { code: 'heldBack', reason },
  counted: false,
});
const undeclared = (step: string): Result => ({
  kind: 'refused',
  failure: { code: 'undeclaredStep', reason: `This release's activator has no step ${step}.` },
});
