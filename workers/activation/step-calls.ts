/** What an activation's open entry calls, reads back or polls. */
import type { Log } from '../../ops/platform/log.ts';
import { type Executor, type Intent, createExecutor } from '../calls/executor.ts';
import type { GuardedPlatform } from '../calls/guard.ts';
import { type CallContext, PlatformRefusal, type Sending, isPending } from '../calls/platform.ts';
import { type Activation, type Entry, type Outcome, type Result, current } from './activation.state.ts';
import type { Activator, Step, StepInput } from './activator.ts';
import { waitOf } from './waits.ts';

export interface StepCallsOptions {
  readonly activator: Activator;
  readonly platforms: ReadonlyMap<string, GuardedPlatform>;
  /** Where outside systems may call back to. */
  readonly callbackBase: string;
  readonly log: Log;
  readonly happened: (outcome: Outcome, activation: Activation, traceparent: string | undefined) => void;
}

/** The states in which an entry is an open intent, and what that asks of its platform. */
const asks: Readonly<Partial<Record<Entry['state'], Intent<Result>['what']>>> = {
  calling: 'call',
  reading: 'read',
  polling: 'poll',
};

/** Drives the open entries of activations: calls or reads back, and tells what came of it. */
export function startStepCalls(options: StepCallsOptions): Executor<Activation> {
  const { activator, platforms, happened } = options;
  const steps = new Map(activator.steps.map((step) => [step.name, step]));

  function intentOf(activation: Activation): Intent<Result> | undefined {
    const entry = activation.entries[activation.position];
    const what = entry === undefined ? undefined : asks[entry.state];
    if (entry === undefined || what === undefined) return undefined;
    const guard = platforms.get(entry.platform);
    const step = steps.get(entry.step);
    const intent = { what, openedBy: entry.openedBy, readAt: activation.readAt, subject: subjectOf(activation, what) };
    if (guard === undefined || step === undefined)
      return { ...intent, guard: undefined, make: async () => undeclared(`step ${entry.step}`) };
    const make = { call, read: look, poll }[what];
    return { ...intent, guard, make: (sending) => make(activation, step, guard, sending) };
  }

  async function call(
    activation: Activation,
    step: Step<unknown>,
    guarded: GuardedPlatform,
    sending: Omit<Sending, 'signal'>,
  ): Promise<Result> {
    const input = inputOf(activator, activation);
    const network = guarded.platform.connect(contextOf(activation, guarded, sending));
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
    sending: Omit<Sending, 'signal'>,
  ): Promise<Result> {
    const found = await guarded.platform.readBack(contextOf(activation, guarded, sending));
    if (!found.applied) return { kind: 'absent' };
    if (current(activation).direction !== 'apply') return nothingLanded;
    // That the work was submitted is not that it is done; that it was given up is an answer too.
    if (step.external !== undefined) {
      return poll(activation, step, guarded, sending).catch((error: unknown): Result => {
        if (!(error instanceof PlatformRefusal)) throw error;
        return { kind: 'refused', failure: { code: error.code, reason: error.message } };
      });
    }
    return landed(step, found.result, inputOf(activator, activation));
  }

  async function poll(
    activation: Activation,
    step: Step<unknown>,
    guarded: GuardedPlatform,
    sending: Omit<Sending, 'signal'>,
  ): Promise<Result> {
    if (step.external === undefined) return undeclared(`outside system behind ${step.name}`);
    const input = inputOf(activator, activation);
    const network = guarded.platform.connect(contextOf(activation, guarded, sending));
    return landed(step, await step.external.read(input, network), input);
  }

  function contextOf(
    activation: Activation,
    { platform, url }: GuardedPlatform,
    sending: Omit<Sending, 'signal'>,
  ): CallContext {
    const { serviceId, serviceType } = activation.command;
    return {
      url,
      reference: operationReference(activation),
      serviceRef: serviceId,
      callbackUrl: `${options.callbackBase}/callbacks/${encodeURIComponent(platform.name)}/${encodeURIComponent(serviceType)}`,
      signal: AbortSignal.timeout(platform.timeoutMs),
      ...sending,
    };
  }

  return createExecutor<Activation, Result>({
    ...{ intentOf, countsReads: false, log: options.log },
    happened(activation, result, traceparent) {
      const { id, position } = activation;
      happened({ id, position, attempt: current(activation).attempt, result }, activation, traceparent);
    },
  });
}

function subjectOf(activation: Activation, what: string): Intent<Result>['subject'] {
  const { step, direction, platform, attempt } = current(activation);
  const { orderId, itemId, serviceType } = activation.command;
  return {
    ...{ platform, what, correlationId: orderId, traceparent: activation.origin?.traceparent },
    span: `${what} ${platform} ${direction} ${step}`,
    attributes: {
      'messaging.message.conversation_id': orderId,
      'patchbay.item': itemId,
      'patchbay.service_type': serviceType,
      'patchbay.step': step,
      'patchbay.direction': direction,
      'patchbay.attempt': attempt,
    },
    about: { orderId, itemId, correlationId: orderId, platform, step, direction, attempt },
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

const undeclared = (what: string): Result => ({
  kind: 'refused',
  failure: { code: 'undeclaredStep', reason: `This release's activator has no ${what}.` },
});
