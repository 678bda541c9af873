/** How a draft becomes the next revision. */
import { aside, send } from '../../../contracts/messages/message.ts';
import {
  type ProductOrder,
  productOrderCancellationChanged,
  productOrderChanged,
} from '../../../contracts/messages/order-management.ts';
import { pursueCancellation } from '../cancel/cancelling.decide.ts';
import { nextDue } from '../dates.decide.ts';
import { type Draft, all, isOver } from '../draft.decide.ts';
import { launch } from './launch.decide.ts';
import type { Effects, OrderState } from '../order.state.ts';
import { orderEnded, stateOf } from '../product-order.machine.ts';
import { recover } from '../recover/recovery.decide.ts';
import { rollUp } from './rollup.decide.ts';
import { takeBack } from '../recover/take-back.decide.ts';

/** The event that shows an order as it is. */
export const changed = ({ order, deleted }: Pick<OrderState, 'order' | 'deleted'>) =>
  send(productOrderChanged, { order, deleted });

/** The events that show the requests to cancel an order, as they are. */
export const cancellationEvents = ({ cancellations, deleted }: Pick<OrderState, 'cancellations' | 'deleted'>) =>
  cancellations.map((cancellation) => send(productOrderCancellationChanged, { cancellation, deleted }));

/** Closes a draft: does what became possible, rolls up, counts the revision, sets the alarm. */
export function finish(draft: Draft, before: OrderState | undefined): Effects {
  pursue(draft);
  const at = draft.now.toISOString();
  const known = before?.cancellations ?? [];
  const cancellations = draft.cancellations.map((one) => {
    const was = known.find(({ id }) => id === one.id);
    return was === one ? one : { ...one, revision: (was?.revision ?? 0) + 1 };
  });
  const news = cancellations.filter((one) => !known.includes(one));
  const order: ProductOrder = {
    ...draft.order,
    revision: before === undefined ? 1 : before.order.revision + 1,
    state: stateOf(draft.order.stage, waits(draft)),
    deliveries: all(draft).map(({ progress }) => progress),
    updatedAt: at,
  };
  const state: OrderState = {
    ...before,
    ...kept(draft),
    order,
    cancellations,
    dueAt: nextDue(draft),
    deleted: before?.deleted ?? false,
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

/** What of a draft is kept as it is. */
const kept = (draft: Draft): Omit<OrderState, 'order' | 'cancellations' | 'dueAt' | 'deleted'> => ({
  plan: draft.plan,
  planned: draft.planned,
  products: draft.products,
  policies: draft.policies,
  work: Object.fromEntries(all(draft).map(({ planned, work }) => [planned.id, work])),
  givenUp: draft.givenUp,
  claim: draft.claim,
  records: draft.records,
  ending: draft.ending,
  followUps: draft.followUps,
  audit: draft.audit,
});

function pursue(draft: Draft): void {
  // An order that is over may have stragglers to take back, and nothing else.
  if (isOver(draft)) {
    recover(draft);
    return takeBack(draft);
  }
  pursueCancellation(draft);
  if (orderEnded(draft.order.stage)) return;
  recover(draft);
  takeBack(draft);
  launch(draft);
  rollUp(draft);
}

/** Nothing is being worked on: it waits for its date, or for somebody outside. */
function waits(draft: Draft): boolean {
  if (!draft.planned) return draft.claim === 'none' && draft.order.request.requestedStartDate !== undefined;
  const states = new Set(Object.values(draft.order.items).map(({ state }) => state));
  return states.has('pending') && !states.has('inProgress');
}
