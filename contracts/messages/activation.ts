import * as z from './open-schema.ts';
import { orderItemActions } from '../states/service-order.ts';
import { activatorControlQueue, activatorQueue } from '../topology.ts';
import { command, event } from './message.ts';
import { referredSpecification } from './service-catalog.ts';
import { supportingService } from './service-inventory.ts';
import { characteristics, failure, instant, itemRef } from './values.ts';

/** Which way a step goes: what a change does, what takes it back, and what holds a service off the network for a while. */
export const stepDirections = ['apply', 'undo', 'suspend', 'resume'] as const;
export type StepDirection = (typeof stepDirections)[number];

const activation = z.object({
  ...itemRef.shape,
  action: z.enum(orderItemActions).exclude(['noChange']),
  serviceId: z.string(),
  serviceType: z.string(),
  claimNumber: z.int().positive(),
  /** What the service shall be. For a delete: what it is. */
  requested: characteristics,
  /** What the service was before, so that a modify can be taken back. Empty for an add. */
  previous: characteristics,
  supporting: z.array(supportingService),
  specification: referredSpecification,
  /** Of a modify: the service is to be suspended, or to be taken up again. */
  operation: z.enum(['suspend', 'resume']).optional(),
  /** Of a modify: optional steps that an earlier change had to leave out; they are tried again. */
  missing: z.array(z.string()).optional(),
});

/** Puts one order item on the network. The business key is (order, item, action): sent again under it, nothing is done. */
export const activateItem = command('activation.activate-item.v2', {
  body: activation,
  to: (body) => activatorQueue(body.serviceType),
  whenGivenUp: 'hold',
  key: ({ itemId }) => itemId,
});
export type ActivateItem = z.output<typeof activateItem.schema>;

/**
 * The letter of a step whose retries ran out. Moved back to its queue, it resumes the step, once: `position` and `generation`
 * say which one is meant.
 */
export const runStep = command('activation.run-step.v1', {
  body: z.object({
    activationId: z.uuid(),
    serviceType: z.string(),
    position: z.int().nonnegative(),
    generation: z.int().positive(),
    step: z.string(),
    direction: z.enum(stepDirections),
    /** What the service shall be. A person may put it right before it is replayed. */
    requested: characteristics.optional(),
  }),
  to: (body) => activatorQueue(body.serviceType),
  whenGivenUp: 'warn',
});
export type RunStep = z.output<typeof runStep.schema>;

/** Ends what a stalled step holds, by an operator's word. */
export const settleStep = command('activation.settle-step.v1', {
  body: z.object({
    activationId: z.uuid(),
    serviceType: z.string(),
    position: z.int().nonnegative(),
    verb: z.enum(['retry', 'skip', 'fail']),
    /** Of a retry: what the service shall be, put right by a person. */
    requested: characteristics.optional(),
  }),
  to: (body) => activatorControlQueue(body.serviceType),
  whenGivenUp: 'warn',
});

const cancellation = z.object({
  item: activation,
  stage: z.enum(['assess', 'proceed', 'abandon']),
  /** Counts the cancellations of the order: stages of an older one are void. */
  round: z.int().positive(),
  /** Under which claim the taking back is reported. */
  claimNumber: z.int().positive(),
});

/**
 * Cancels one order item, in three stages. `assess`: it stops before its next step and says whether it can still be taken
 * back. Then `proceed` takes it back, or `abandon` lets it go on. It carries the whole item, because it may come before
 * the command that begins it: whichever comes first begins it.
 */
export const cancelItem = command('activation.cancel-item.v2', {
  body: cancellation,
  to: (body) => activatorControlQueue(body.item.serviceType),
  whenGivenUp: 'refuse',
  key: ({ stage, round, item }) => `${stage} ${round} ${item.itemId}`,
});
export type CancelItem = z.output<typeof cancelItem.schema>;

const cancelKey = /^(?<stage>assess|proceed|abandon) (?<round>\d+) (?<itemId>.*)$/s;
/** What a command to cancel an item was about, by its business key; undefined for what is none. */
export function readCancelKey(key: string): { stage: CancelItem['stage']; round: number; itemId: string } | undefined {
  const { stage, round, itemId = '' } = cancelKey.exec(key)?.groups ?? {};
  return stage === undefined
    ? undefined
    : { stage: cancellation.shape.stage.parse(stage), round: Number(round), itemId };
}

export type SettleStep = z.output<typeof settleStep.schema>;

/** Whether an item can still be taken back. It stands still until it hears what was decided. */
export const itemAssessed = event('activation.item-assessed.v1', {
  body: z.object({
    ...itemRef.shape,
    possible: z.boolean(),
    /** Its change is over, and the outcome on its way. */
    over: z.boolean(),
    /** Which cancellation of the order it was asked for; an answer to an earlier one is no answer. */
    round: z.int().positive().optional(),
    /** Why not, for people. */
    failure: failure.optional(),
  }),
});
export type ItemAssessed = z.output<typeof itemAssessed.schema>;

/** What an outside system says of the work it took on: by its callback, through the gateway. */
export const externalAnswered = command('activation.external-answered.v1', {
  body: z.object({
    serviceType: z.string(),
    /** The reference the work was submitted under. */
    reference: z.string(),
    answer: z.discriminatedUnion('state', [
      z.object({ state: z.literal('done'), result: z.json() }),
      z.object({ state: z.literal('refused'), failure }),
    ]),
  }),
  to: (body) => activatorControlQueue(body.serviceType),
  whenGivenUp: 'warn',
});
export type ExternalAnswered = z.output<typeof externalAnswered.schema>;

export const activationStatuses = ['running', 'waiting', 'stalled'] as const;
const status = z.object({
  ...itemRef.shape,
  activationId: z.uuid(),
  serviceType: z.string(),
  step: z.string(),
  sequence: z.int().nonnegative(),
  status: z.enum(activationStatuses),
  /** Waiting: for whom, and until when at most. */
  waitsFor: z.object({ platform: z.string(), until: instant }).optional(),
  /** Stalled: the platform whose step it is. */
  platform: z.string().optional(),
  failure: failure.optional(),
});
export type ItemStatus = z.output<typeof status>;

/**
 * How an item's activation stands: it runs, it waits for an outside system, or retries ran out (or a platform's answer
 * makes no sense) and it needs a person. `sequence` rises; older ones say nothing new.
 */
export const itemStatus = event('activation.item-status.v2', { body: status });

/** A step that its activator counts as a milestone has landed. */
export const milestoneReached = event('activation.milestone-reached.v1', {
  body: z.object({ ...itemRef.shape, step: z.string(), name: z.string(), message: z.string(), at: instant }),
});
