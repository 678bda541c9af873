/** How a draft becomes the next revision. */
import { aside, send } from '../../contracts/messages/message.ts';
import {
  type ServiceOrder,
  cancellationChanged,
  serviceOrderChanged,
} from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import { pursueCancellation } from './cancelling.decide.ts';
import { type Draft, advance, say } from './draft.decide.ts';
import { bounded } from './failure.decide.ts';
import { calmEnded } from './hold.decide.ts';
import { launch } from './launch.decide.ts';
import type { Effects, OrderState } from './order.state.ts';
import { nextDue } from './due.decide.ts';
import { itemDone, itemEnded, orderEnded } from './service-order.machine.ts';

/** The event that shows an order as it is. */
export const changed = (state: OrderState) => send(serviceOrderChanged, { order: state.order, deleted: state.deleted });

/** The events that show the requests to cancel an order, as they are. */
export const cancellationEvents = ({ cancellations, deleted }: Pick<OrderState, 'cancellations' | 'deleted'>) =>
  cancellations.map((cancellation) => send(cancellationChanged, { cancellation, deleted }));

/** Closes a draft: launches what became ready, rolls up, counts the revision, sets the alarm. */
export function finish(draft: Draft, before: OrderState | undefined): Effects {
  if (!orderEnded(draft.order.state)) {
    pursueCancellation(draft);
    if (draft.order.startedAt !== undefined && !isCancelling(draft)) launch(draft);
    rollUp(draft);
  }
  calmEnded(draft);
  const ended = orderEnded(draft.order.state);
  const at = draft.now.toISOString();
  if (ended && draft.order.completedAt === undefined) end(draft, at);
  const order: ServiceOrder = {
    ...draft.order,
    revision: before === undefined ? 1 : before.order.revision + 1,
    updatedAt: at,
  };
  const known = before?.cancellations ?? [];
  const cancellations = draft.cancellations.map((one) => {
    const was = known.find(({ id }) => id === one.id);
    return was === one ? one : { ...one, revision: (was?.revision ?? 0) + 1 };
  });
  const news = cancellations.filter((one) => !known.includes(one));
  const state: OrderState = {
    ...before,
    order: { ...order, ...(ended && order.failure === undefined ? firstFailure(order) : {}) },
    work: draft.work,
    cancellations,
    dueAt: nextDue(order, cancellations, draft.now),
    deleted: false,
  };
  // Whoever asked for the cancellation waits for the cancellation, not for the order.
  const asked = news.some(({ revision }) => revision === 1);
  return {
    save: [state],
    send: [
      ...draft.send,
      asked ? aside(changed(state)) : changed(state),
      ...cancellationEvents({ cancellations: news, deleted: false }),
    ],
  };
}

export const isCancelling = ({ order: { state } }: Pick<OrderState, 'order'>): boolean =>
  state === 'assessingCancellation' || state === 'pendingCancellation';

/** Rolls items up into the order's state; what is being cancelled goes its own way. */
function rollUp(draft: Draft): void {
  if (draft.order.startedAt === undefined || isCancelling(draft)) return;
  const states = Object.values(draft.order.progress).map((progress) => progress.state);
  if (states.every(itemEnded)) {
    const all = states.every((state) => state === 'completed');
    return advance(draft, all ? 'allDone' : states.some(itemDone) ? 'someDone' : 'noneDone');
  }
  if (states.includes('held')) return advance(draft, 'stall');
  const waits = states.includes('pending') && !states.includes('inProgress');
  advance(draft, waits ? 'wait' : 'resume');
}

function end(draft: Draft, at: string): void {
  const { state } = draft.order;
  draft.order = { ...draft.order, completedAt: at };
  // What was to be cancelled at a later date: nothing is left to cancel then.
  const reason = `The order ended ${state} before the date of its cancellation.`;
  draft.cancellations = draft.cancellations.map((one) =>
    one.state === 'accepted' ? { ...one, state: 'terminatedWithError', failure: { code: 'orderEnded', reason } } : one,
  );
  if (state === 'completed')
    say(draft, { id: 'completed', name: 'completed', message: 'Everything is done.', itemIds: [] });
}

function firstFailure(order: ServiceOrder): { failure?: Failure } {
  for (const [itemId, { failure }] of Object.entries(order.progress)) {
    if (failure !== undefined)
      return { failure: bounded({ code: failure.code, reason: `Item "${itemId}": ${failure.reason}` }) };
  }
  return {};
}
