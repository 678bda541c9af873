/** How an order that was placed outside is called off. */
import type { Failure } from '../../contracts/messages/values.ts';
import { commit, open, plan, tell } from './moves.decide.ts';
import type { Cancelling, Effects, OutsideOrder, RemoteTask, Rules } from './outside-order.state.ts';

/** Asks the endpoint to cancel; what is being read meanwhile does not count any more. */
export const startCancelling = (order: OutsideOrder, rules: Rules, now: Date): Effects =>
  commit(open({ ...order, failures: 0, uncertainSince: undefined }, 'cancel', rules, now));

/** The endpoint shows its task. Whether the order is cancelled, the order itself says. */
export function onTask(before: OutsideOrder, task: RemoteTask, rules: Rules, now: Date): Effects {
  const order: OutsideOrder = {
    ...withCancelling(before, { stage: 'asked', taskId: task.id, missingSince: undefined }),
    ...{ failures: 0, uncertainSince: undefined, trouble: undefined },
  };
  switch (task.state) {
    case 'terminatedWithError':
      return cancellationRefused(order, task.failure ?? unexplained, rules, now);
    case 'done':
      return commit(open(order, 'poll', rules, now));
    case 'accepted':
    case 'inProgress':
      return before.step === 'pollCancel'
        ? commit(open(order, 'poll', rules, now))
        : commit(plan(order, 'pollCancel', rules.pollMs, now));
    default:
      return task.state satisfies never;
  }
}

const unexplained: Failure = { code: 'cancellationRefused', reason: 'The outside endpoint gave no reason.' };

/** The order goes on: that is told, and the order is looked at, for it may have ended just before. */
export function cancellationRefused(order: OutsideOrder, failure: Failure, rules: Rules, now: Date): Effects {
  const refused = { ...withCancelling(order, { stage: 'refused', failure }), failures: 0, uncertainSince: undefined };
  if (order.overdue === true) return commit(open(refused, 'poll', rules, now));
  const [next, sends] = tell(refused, { state: 'inProgress', ...order.told, cancellationRefused: failure });
  return commit(open(next, 'poll', rules, now), ...sends);
}

/** Why the last request to cancel came to nothing. The deadline's own is nobody's business. */
export const refusedOf = ({ cancelling, overdue }: OutsideOrder): Failure | undefined =>
  overdue === true ? undefined : cancelling?.failure;

/** A task that is gone says nothing; the order goes on being asked for meanwhile. */
export function onTaskMissing(order: OutsideOrder, rules: Rules, now: Date): Effects {
  const openedAt = order.openedAt ?? now.toISOString();
  const missingSince = order.cancelling?.missingSince ?? openedAt;
  if (Date.parse(openedAt) - Date.parse(missingSince) >= rules.vanishedMs) {
    const reason = 'The outside endpoint does not know the request to cancel any more.';
    return cancellationRefused(order, { code: 'cancellationVanished', reason }, rules, now);
  }
  return commit(open(withCancelling(order, { missingSince }), 'poll', rules, now));
}

const withCancelling = (order: OutsideOrder, change: Partial<Cancelling>): OutsideOrder =>
  order.cancelling === undefined ? order : { ...order, cancelling: { ...order.cancelling, ...change } };
