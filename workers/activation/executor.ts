import type { Failure } from '../../contracts/messages/values.ts';
import type { Log } from '../../ops/platform/log.ts';
import { type GuardedPlatform, leaseMarginMs } from '../calls/guarded-platform.ts';
import { type Activation, type Outcome, type Result, current } from './activation.state.ts';
import { type ObservedCall, observeCall } from './observed-call.ts';
import type { Activator, Step, StepInput } from './activator.ts';
import {
  type CallContext,
  OutcomeUnknown,
  PlatformNotReached,
  PlatformRefusal,
  isOutage,
  isPending,
} from '../calls/platform.ts';
import { waitOf } from './waits.ts';

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
  /** Where outside systems may call back to. */
  readonly callbackBase: string;
  readonly log: Log;
  readonly happened: (outcome: Outcome, activation: Activation, traceparent: string | undefined) => void;
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
    const observed = observeCall(activation);
    const result =
      guarded === undefined || step === undefined
        ? undeclared(`step ${entry.step}`)
        : await attempt(activation, step, guarded, observed, log);
    observed.end(result);
    const outcome = { id: activation.id, position: activation.position, attempt: entry.attempt, result };
    happened(outcome, activation, observed.traceparent());
  }

  async function attempt(
    activation: Activation,
    step: Step<unknown>,
    guarded: GuardedPlatform,
    observed: ObservedCall,
    log: Log,
  ): Promise<Result> {
    const { platform, breaker, bulkhead } = guarded;
    if (breaker.isOpen()) return heldBack(`${platform.name} is held off by its breaker`);
    const leave = await bulkhead.enter(leaseMarginMs / 2);
    if (leave === undefined) return heldBack(`${platform.name} has all its ${platform.concurrency} places taken`);
    const { state } = current(activation);
    const reading = state !== 'calling';
    const drive = state === 'calling' ? call : state === 'polling' ? poll : look;
    try {
      observed.begin();
      const result = await breaker.run(() => drive(activation, step, guarded, observed)).finally(observed.over);
      log.info({ result: result.kind, reading }, reading ? 'read back' : 'called');
      return result;
    } catch (error) {
      log.warn({ error, reading }, reading ? 'read-back failed' : 'call failed');
      if (state === 'polling' && error instanceof PlatformRefusal) return resultOf(error);
      if (reading) return { kind: 'unreadable', failure: failureOf(error), counted: !isOutage(error) };
      return resultOf(error, !(isOutage(error) && (await breaker.heldOff())));
    } finally {
      leave();
    }
  }

  async function call(
    activation: Activation,
    step: Step<unknown>,
    guarded: GuardedPlatform,
    observed: ObservedCall,
  ): Promise<Result> {
    const input = inputOf(activator, activation);
    const network = guarded.platform.connect(contextOf(activation, guarded, observed));
    const { direction } = current(activation);
    if (direction === 'apply') return landed(step, await step.apply(input, network), input);
    const act = step[direction];
    if (act === undefined) return undeclared(`${direction} of ${step.name}`);
    await act(input, network);
    return nothingLanded;
  }

  async function look(
    activation: Activation,
    step: Step<unknown>,
    guarded: GuardedPlatform,
    observed: ObservedCall,
  ): Promise<Result> {
    const found = await guarded.platform.readBack(contextOf(activation, guarded, observed));
    if (!found.applied) return { kind: 'absent' };
    if (current(activation).direction !== 'apply') return nothingLanded;
    // That the work was submitted is not that it is done; that it was given up is an answer too.
    if (step.external !== undefined) {
      return poll(activation, step, guarded, observed).catch((error: unknown) => {
        if (error instanceof PlatformRefusal) return resultOf(error);
        throw error;
      });
    }
    return landed(step, found.result, inputOf(activator, activation));
  }

  async function poll(
    activation: Activation,
    step: Step<unknown>,
    guarded: GuardedPlatform,
    observed: ObservedCall,
  ): Promise<Result> {
    if (step.external === undefined) return undeclared(`outside system behind ${step.name}`);
    const input = inputOf(activator, activation);
    const network = guarded.platform.connect(contextOf(activation, guarded, observed));
    return landed(step, await step.external.read(input, network), input);
  }

  function contextOf(activation: Activation, { platform, url }: GuardedPlatform, observed: ObservedCall): CallContext {
    const { serviceId, serviceType } = activation.command;
    return {
      url,
      reference: operationReference(activation),
      serviceRef: serviceId,
      callbackUrl: `${options.callbackBase}/callbacks/${encodeURIComponent(platform.name)}/${encodeURIComponent(serviceType)}`,
      signal: AbortSignal.timeout(platform.timeoutMs),
      traceparent: observed.traceparent(),
    };
  }

  return {
    committed(states) {
      for (const state of states) {
        const entry = state.entries[state.position];
        if (entry === undefined || !['calling', 'reading', 'polling'].includes(entry.state)) continue;
        // Opened before this transaction: somebody holds its lease, and it was saved for another reason. Whatever the
        // transaction opened is ours, even if more was decided over it after that.
        if (entry.openedBy === undefined || entry.openedBy <= (state.readAt ?? 0)) continue;
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
  if (isPending(result)) return { kind: 'pending', wait: waitOf(step, input.specification) };
  const { characteristics = {}, resources = [] } = step.lands(result, input);
  return { kind: 'landed', characteristics, resources };
}

const nothingLanded: Result = { kind: 'landed', characteristics: {}, resources: [] };

/**
 * What an outside system's answer comes to for the entry it is about; undefined when this activator cannot read it.
 *
 * @param result the answer's own JSON
 */
export function answerLanded(
  activator: Activator,
  activation: Activation,
  position: number,
  result: unknown,
): Extract<Result, { kind: 'landed' }> | undefined {
  const entry = activation.entries[position];
  const step = activator.steps.find(({ name }) => name === entry?.step);
  const parsed = step?.external?.answer.safeParse(result);
  if (step === undefined || parsed?.success !== true) return undefined;
  const read = landed(step, parsed.data, inputOf(activator, { ...activation, position }));
  return read.kind === 'landed' ? read : undefined;
}

/** @param counted false for an outage that the breaker answers for: it burns no attempt */
function resultOf(error: unknown, counted = true): Result {
  if (error instanceof PlatformRefusal)
    return { kind: 'refused', failure: { code: error.code, reason: error.message } };
  if (error instanceof PlatformNotReached) {
    return { kind: 'notReached', failure: failureOf(error), counted, retryAfterMs: error.retryAfterMs };
  }
  return { kind: 'unknown', failure: failureOf(error), counted };
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
const undeclared = (what: string): Result => ({
  kind: 'refused',
  failure: { code: 'undeclaredStep', reason: `This release's activator has no ${what}.` },
});
