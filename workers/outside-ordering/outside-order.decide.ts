/** What an order placed outside does next: on a command, on the endpoint's answer, when its time has come. Pure. */
import type { ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import { cancellationRefused, onTask, onTaskMissing, refusedOf, startCancelling } from './cancelling.decide.ts';
import { commit, end, failed, firstLookMs, open, plan, sitOutMs, tell, toldAgain } from './moves.decide.ts';
import type { Effects, Outcome, OutsideOrder, RemoteOrder, Result, Rules, Standing } from './outside-order.state.ts';

/** Of a service type that has no endpoint (any more). */
const unconfigured = { lookMs: 30_000, deadlineMs: 30 * 86_400_000 };
/** After the deadline an order gets so long to be called off, or to be found. */
export const lastWordMs = 300_000;

/** Takes an order on, or, asked again under the same id, says again how it stands. */
export function place(
  known: OutsideOrder | undefined,
  { serviceType, order: request }: { serviceType: string; order: ServiceOrderRequest },
  rules: Rules | undefined,
  now: Date,
): Effects {
  if (known?.request !== undefined) return { send: toldAgain(known) };
  const { id, requestedBy } = request;
  // Its cancellation came first: it is never placed.
  if (known !== undefined) {
    const cancelled = { ...known, request, requestedBy, serviceType };
    return { ...commit(cancelled), send: toldAgain(cancelled) };
  }
  const fresh: OutsideOrder = {
    ...{ id, revision: 0, serviceType, request, requestedBy, ended: false },
    ...{ step: 'place', open: false, attempt: 0, failures: 0, orderRevision: 0 },
    deadlineAt: new Date(startOf(request, now) + (rules ?? unconfigured).deadlineMs).toISOString(),
    dueAt: now,
  };
  return rules === undefined ? withoutEndpoint(fresh, now) : commit(open(fresh, 'place', rules, now));
}

/** The endpoint has its time from when it may begin. */
const startOf = ({ requestedStartDate }: ServiceOrderRequest, now: Date): number =>
  Math.max(now.getTime(), requestedStartDate === undefined ? 0 : Date.parse(requestedStartDate));

/** Wants an order cancelled. The same request again is answered again, not made again. */
export function cancel(
  known: OutsideOrder | undefined,
  asked: {
    readonly id: string;
    readonly orderId: string;
    readonly reason?: string | undefined;
    readonly requestedBy?: ServiceOrderRequest['requestedBy'];
  },
  rules: Rules | undefined,
  now: Date,
): Effects {
  const { id, orderId, reason, requestedBy } = asked;
  if (known === undefined) return end(overtaken(orderId, requestedBy, now), { state: 'cancelled' });
  const current = known.cancelling;
  if (known.ended || current?.id === id) return { send: toldAgain(known) };
  // The one under way is answered by how the order ends.
  if (current !== undefined && current.stage !== 'refused') return {};
  // A refusal of before is none of this one.
  const [heard, sends] =
    known.told === undefined ? [known, []] : tell(known, { ...known.told, cancellationRefused: undefined });
  const wanted: OutsideOrder = { ...heard, cancelling: { id, reason, stage: 'wanted' } };
  // Certainly not placed, and not being placed: then it never is.
  if (known.step === 'place' && !known.open) return end(wanted, { state: 'cancelled' });
  const begun =
    known.remoteId === undefined || rules === undefined ? commit(wanted) : startCancelling(wanted, rules, now);
  return { ...begun, send: sends };
}

const overtaken = (id: string, requestedBy: ServiceOrderRequest['requestedBy'], now: Date): OutsideOrder => ({
  ...{ id, revision: 0, serviceType: '', requestedBy, ended: true },
  ...{ step: 'place', open: false, attempt: 0, failures: 0, orderRevision: 0 },
  deadlineAt: now.toISOString(),
  dueAt: null,
});

/** Records what a call or a read came to. One of an older attempt changes nothing. */
export function onOutcome(
  order: OutsideOrder | undefined,
  { attempt, result }: Outcome,
  rules: Rules | undefined,
  now: Date,
): Effects {
  if (order === undefined || !order.open || order.attempt !== attempt || rules === undefined) return {};
  return decided({ ...order, open: false }, result, rules, now);
}

function decided(order: OutsideOrder, result: Result, rules: Rules, now: Date): Effects {
  switch (result.kind) {
    case 'order':
      return seen(order, result.order, rules, now);
    case 'task':
      return onTask(order, result.task, rules, now);
    case 'refused':
      return order.step === 'place'
        ? end(order, { state: 'rejected', failure: result.failure })
        : cancellationRefused(order, result.failure, rules, now);
    case 'notReached':
      return notReached(order, result, rules, now);
    case 'unknown':
      return unknown(order, result.failure, result.counted, now);
    case 'absent':
      return absent(order, rules, now);
    case 'unreadable':
      return unreadable(order, result, rules, now);
    default:
      return result satisfies never;
  }
}

/** Looked at again later, however long it takes: the deadline ends it. A request to cancel is not worth that patience. */
function unreadable(
  before: OutsideOrder,
  { failure, counted }: Extract<Result, { kind: 'unreadable' }>,
  rules: Rules,
  now: Date,
): Effects {
  const order = { ...before, failures: before.failures + (counted ? 1 : 0), trouble: failure };
  if (order.step === 'findCancel' && order.failures >= rules.attempts)
    return cancellationRefused(order, failure, rules, now);
  const wait = Math.max(counted ? rules.backoff(order.failures) : sitOutMs, waitOf(order, rules));
  // The order may have ended meanwhile, whatever became of the task.
  return commit(plan(order, order.step === 'pollCancel' ? 'poll' : order.step, wait, now));
}

/** An order that is followed is asked for at its usual pace, whatever the last answer was. */
const waitOf = ({ step }: OutsideOrder, rules: Rules): number =>
  step === 'poll' || step === 'pollCancel' ? rules.pollMs : 0;

/** The endpoint shows the order: it is placed, and stands so. */
function seen(before: OutsideOrder, { id, state, failure }: RemoteOrder, rules: Rules, now: Date): Effects {
  const order: OutsideOrder = {
    ...before,
    ...{ remoteId: id, failures: 0, uncertainSince: undefined, missingSince: undefined, trouble: undefined },
  };
  const refused = refusedOf(order);
  switch (state) {
    case 'completed':
      return end(order, { state, cancellationRefused: refused });
    case 'partial':
    case 'failed':
    case 'rejected':
      return end(order, { state, failure: failure ?? nameless(state), cancellationRefused: refused });
    case 'cancelled':
      if (order.overdue === true)
        return failed(order, 'timedOut', 'It was not done by its deadline and was called off.');
      return end(order, { state, failure: order.cancelling === undefined ? (failure ?? byThem) : undefined });
    case 'acknowledged':
    case 'pending':
    case 'held':
    case 'inProgress':
    case 'assessingCancellation':
    case 'pendingCancellation':
      return goesOn(order, { state, cancellationRefused: refused }, rules, now);
    default:
      return state satisfies never;
  }
}

function goesOn(order: OutsideOrder, standing: Standing, rules: Rules, now: Date): Effects {
  if (order.overdue === true && order.cancelling?.stage === 'refused') {
    const why = order.cancelling.failure?.reason ?? 'no reason was given';
    return failed(order, 'timedOut', `It was not done by its deadline, and could not be called off: ${why}`);
  }
  const [next, sends] = tell(order, standing);
  if (next.cancelling?.stage === 'wanted') return commit(open(next, 'cancel', rules, now), ...sends);
  const isAsked = next.cancelling?.stage === 'asked';
  return commit(plan(next, isAsked ? 'pollCancel' : 'poll', rules.pollMs, now), ...sends);
}

const nameless = (state: string): Failure => ({ code: 'outsideFailed', reason: `The order ended ${state} outside.` });
const byThem: Failure = {
  code: 'cancelledOutside',
  reason: 'The order was cancelled outside; nobody here asked for it.',
};

/** Certainly no effect: the same again later, unless nobody wants it any more or it was tried often enough. */
function notReached(
  before: OutsideOrder,
  { failure, counted, retryAfterMs }: Extract<Result, { kind: 'notReached' }>,
  rules: Rules,
  now: Date,
): Effects {
  const order = { ...before, failures: before.failures + (counted ? 1 : 0), trouble: failure };
  if (order.step === 'place') {
    if (order.cancelling !== undefined) return end(order, { state: 'cancelled' });
    if (order.failures >= rules.attempts) return failed(order, 'unreachable', failure.reason);
  }
  if (order.step === 'cancel' && order.failures >= rules.attempts)
    return cancellationRefused(order, failure, rules, now);
  const wait = counted ? Math.max(rules.backoff(order.failures), retryAfterMs ?? 0) : sitOutMs;
  return commit(plan(order, order.step, Math.max(wait, waitOf(order, rules)), now));
}

/** Nobody knows: looked up before it is ever made again. */
function unknown(order: OutsideOrder, failure: Failure, counted: boolean, now: Date): Effects {
  const uncertain = {
    ...order,
    failures: order.failures + (counted ? 1 : 0),
    uncertainSince: now.toISOString(),
    trouble: failure,
  };
  return commit(plan(uncertain, order.step === 'cancel' ? 'findCancel' : 'find', firstLookMs, now));
}

function absent(order: OutsideOrder, rules: Rules, now: Date): Effects {
  if (order.step === 'poll') return missing(order, rules, now);
  if (order.step === 'pollCancel') return onTaskMissing(order, rules, now);
  // The look was taken after it was opened: only what it did not find by then is certainly not too late.
  const uncertainMs = Date.parse(order.openedAt ?? '') - Date.parse(order.uncertainSince ?? now.toISOString());
  if (!(uncertainMs >= rules.settleMs))
    return commit(plan(order, order.step, Math.max(firstLookMs, rules.settleMs / 4), now));
  const certain: OutsideOrder = { ...order, uncertainSince: undefined };
  const exhausted = order.failures >= rules.attempts;
  const trouble = order.trouble ?? { code: 'noEffect', reason: 'The endpoint never did it.' };
  if (order.step === 'findCancel')
    return exhausted ? cancellationRefused(certain, trouble, rules, now) : commit(open(certain, 'cancel', rules, now));
  if (order.cancelling !== undefined) return end(certain, { state: 'cancelled' });
  if (exhausted) return failed(certain, trouble.code, trouble.reason);
  return isOverdue(order, now) ? neverPlaced(certain) : commit(open(certain, 'place', rules, now));
}

/** It was there and is not. A moment later it may be again: a partner that restores a backup, a proxy without a server. */
function missing(before: OutsideOrder, rules: Rules, now: Date): Effects {
  const order = { ...before, missingSince: before.missingSince ?? before.openedAt ?? now.toISOString() };
  const missingMs = Date.parse(order.openedAt ?? '') - Date.parse(order.missingSince);
  if (missingMs >= rules.vanishedMs)
    return failed(order, 'vanished', `The outside endpoint does not know order ${order.remoteId} any more.`);
  return commit(plan(order, 'poll', Math.min(rules.pollMs, Math.max(firstLookMs, rules.vanishedMs / 4)), now));
}

/** The alarm: a lease that is over means nobody knows; what waits gets its turn; what is late is given up. */
export function onDue(order: OutsideOrder | undefined, rules: Rules | undefined, now: Date): Effects {
  if (order === undefined || order.dueAt === null || order.dueAt > now) return {};
  if (rules === undefined) return withoutEndpoint(order, now);
  if (order.open && (order.step === 'place' || order.step === 'cancel')) {
    const lost = { code: 'leaseOver', reason: 'The process that made the call did not tell how it ended.' };
    return unknown({ ...order, open: false }, lost, true, now);
  }
  if (!isOverdue(order, now)) return commit(open(order, order.step, rules, now));
  if (order.remoteId === undefined && order.uncertainSince === undefined) return neverPlaced(order);
  if (now.getTime() >= Date.parse(order.deadlineAt) + lastWordMs) {
    const trouble = order.trouble === undefined ? '' : ` ${order.trouble.reason}`;
    return failed(order, 'timedOut', `It was not done by its deadline, and nobody knows how it stands.${trouble}`);
  }
  if (order.remoteId === undefined || order.overdue === true) return commit(open(order, order.step, rules, now));
  const overdue: OutsideOrder = { ...order, overdue: true };
  if (order.cancelling !== undefined && order.cancelling.stage !== 'refused')
    return commit(open(overdue, order.step, rules, now));
  const reason = 'It was not done by its deadline.';
  return startCancelling(
    { ...overdue, cancelling: { id: `${order.id}.deadline`, reason, stage: 'wanted' } },
    rules,
    now,
  );
}

const isOverdue = ({ deadlineAt }: OutsideOrder, now: Date): boolean => now.getTime() >= Date.parse(deadlineAt);

const neverPlaced = (order: OutsideOrder): Effects =>
  failed(order, 'unreachable', `It could not be placed by its deadline: ${order.trouble?.reason ?? 'no answer'}`);

/** Nobody to ask: said, and looked at again, for a person may configure one. */
function withoutEndpoint(order: OutsideOrder, now: Date): Effects {
  if (isOverdue(order, now)) return failed(order, 'timedOut', 'There was no endpoint to ask by its deadline.');
  const reason = `Service type ${order.serviceType} has no outside endpoint: name one in OUTSIDE_SERVICE_ORDERING.`;
  const waiting = plan({ ...order, open: false }, order.step, unconfigured.lookMs, now);
  const [next, sends] = tell(waiting, { state: 'held', failure: { code: 'noEndpoint', reason } });
  return commit(next, ...sends);
}
