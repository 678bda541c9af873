import { send } from '../../../contracts/messages/message.ts';
import { type CancelProductOrder, productOrderCommandRefused } from '../../../contracts/messages/order-management.ts';
import type { CommandRefused } from '../../../contracts/messages/values.ts';
import { currentCancellation } from './cancelling.decide.ts';
import { draftOf, isOver } from '../draft.decide.ts';
import { cancellationEvents, finish } from '../deliver/finish.decide.ts';
import type { Effects, OrderState, Turn } from '../order.state.ts';

/** Requests that an order keeps: each is shown for good, and more than these are no honest wish. */
const mostCancellations = 20;

/** Takes a request to cancel an order, or says why there is nothing to cancel. Its id is the business key. */
export function requestCancellation(
  state: OrderState | undefined,
  { id, reason, notBefore }: CancelProductOrder,
  commandId: string,
  turn: Turn,
): Effects {
  const known = state?.cancellations.filter((one) => one.id === id) ?? [];
  if (state !== undefined && known.length > 0)
    return { send: cancellationEvents({ cancellations: known, deleted: state.deleted }) };
  const against = refusal(state);
  if (against !== undefined || state === undefined)
    return { send: [send(productOrderCommandRefused, { commandId, id, ...(against ?? missing) })] };
  const draft = draftOf(state, turn);
  draft.cancellations = [
    ...draft.cancellations,
    {
      id,
      revision: 1,
      orderId: state.order.id,
      state: 'acknowledged',
      requestedAt: turn.now.toISOString(),
      ...(reason === undefined ? {} : { reason }),
      ...(notBefore === undefined ? {} : { notBefore }),
    },
  ];
  return finish(draft, state);
}

type Reason = Pick<CommandRefused, 'kind' | 'code' | 'reason'>;

const missing: Reason = {
  kind: 'invalid',
  code: 'unknownProductOrder',
  reason: 'productOrder.id: there is no such product order.',
};

function refusal(state: OrderState | undefined): Reason | undefined {
  if (state === undefined || state.deleted) return missing;
  const current = currentCancellation(state);
  if (current !== undefined) {
    const reason = `Cancellation ${current.id} of this order is under way.`;
    return { kind: 'conflict', code: 'cancellationUnderWay', reason };
  }
  if (isOver(state)) {
    const how = state.ending === null ? state.order.stage : 'about to end';
    const reason = `The order is ${how}: there is nothing left to cancel. Order the opposite instead.`;
    return { kind: 'conflict', code: 'orderEnded', reason };
  }
  if (state.cancellations.length < mostCancellations) return undefined;
  return {
    kind: 'conflict',
    code: 'tooManyCancellations',
    reason: `${mostCancellations} requests to cancel this order were refused.`,
  };
}
