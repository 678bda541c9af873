/** Moves of an outside order: pure transforms that its course is made of. */
import { send, type Outgoing } from '../../contracts/messages/message.ts';
import { outsideOrderChanged } from '../../contracts/messages/outside-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import type { Effects, OutsideOrder, Rules, Standing, Step } from './outside-order.state.ts';

/** The first look at what became of a call; later looks are spaced by a quarter of the settle time. */
export const firstLookMs = 150;
/** How long something held back by breaker or bulkhead sits out. */
export const sitOutMs = 1_000;

/** The next revision, with what it tells. */
export const commit = (order: OutsideOrder, ...sends: readonly Outgoing[]): Effects => ({
  save: [{ ...order, revision: order.revision + 1 }],
  send: sends,
});

/** Opens a call under a lease; the process that commits it makes it. */
export const open = (order: OutsideOrder, step: Step, rules: Rules, now: Date): OutsideOrder => ({
  ...order,
  step,
  open: true,
  attempt: order.attempt + 1,
  openedBy: order.revision + 1,
  openedAt: now.toISOString(),
  dueAt: new Date(now.getTime() + rules.leaseMs),
});

/** Makes the step's call in so many milliseconds, or at the deadline where that is earlier and still to come. */
export function plan(order: OutsideOrder, step: Step, inMs: number, now: Date): OutsideOrder {
  const at = now.getTime() + inMs;
  const deadline = Date.parse(order.deadlineAt);
  return { ...order, step, open: false, dueAt: new Date(deadline > now.getTime() ? Math.min(at, deadline) : at) };
}

/** Says how the order stands, where that is news. */
export function tell(order: OutsideOrder, standing: Standing): [OutsideOrder, readonly Outgoing[]] {
  if (order.told !== undefined && isSame(order.told, standing)) return [order, []];
  const next = { ...order, told: standing, orderRevision: order.orderRevision + 1 };
  return [next, toldAgain(next)];
}

/** What was told last, for somebody who may have missed it. */
export const toldAgain = ({ id, orderRevision, requestedBy, told }: OutsideOrder): readonly Outgoing[] =>
  told === undefined ? [] : [send(outsideOrderChanged, { id, orderRevision, requestedBy, ...told })];

/** Nothing more is asked for. */
export function end(order: OutsideOrder, standing: Standing): Effects {
  const [next, sends] = tell({ ...order, ended: true, open: false, dueAt: null }, standing);
  return commit(next, ...sends);
}

export const failed = (order: OutsideOrder, code: string, reason: string): Effects =>
  end(order, { state: 'failed', failure: { code, reason } });

const isSame = (one: Standing, other: Standing): boolean =>
  one.state === other.state &&
  isSameFailure(one.failure, other.failure) &&
  isSameFailure(one.cancellationRefused, other.cancellationRefused);

const isSameFailure = (one: Failure | undefined, other: Failure | undefined): boolean =>
  one?.code === other?.code && one?.reason === other?.reason;
