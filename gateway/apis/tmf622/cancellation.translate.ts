/** TMF622's task that cancels an order, to the fleet's words and back. Pure. */
import type {
  CancelProductOrder as Command,
  ProductOrderCancellation,
} from '../../../contracts/messages/order-management.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import type { CancelProductOrder, CancelProductOrderCreate } from '../../../contracts/tmf/tmf622.ts';
import { defined } from '../left-out.ts';

/** What a created task asks of order management. */
export function toCancellation(body: CancelProductOrderCreate, id: string): Command {
  const { cancellationReason: reason, requestedCancellationDate: notBefore, productOrder } = body;
  return { id, orderId: productOrder.id, ...defined({ reason, notBefore }) };
}

/** A task as it is shown: what the client sent, with what order management says laid over it. */
export function toCancellationView(
  cancellation: ProductOrderCancellation,
  submitted: JsonObject | undefined,
): JsonObject {
  const base: CancelProductOrder = submitted ?? {};
  const { id, orderId, state, reason, notBefore, effectiveAt, failure } = cancellation;
  return {
    '@type': 'CancelProductOrder',
    ...base,
    id,
    state,
    ...defined({
      cancellationReason: reason,
      requestedCancellationDate: notBefore,
      effectiveCancellationDate: effectiveAt,
    }),
    productOrder: { '@referredType': 'ProductOrder', ...base.productOrder, id: orderId },
    ...completion(cancellation),
    ...(failure === undefined ? {} : { errorMessage: { ...failure, message: failure.reason } }),
  };
}

function completion({ state, failure }: ProductOrderCancellation): { completionMessage?: string } {
  switch (state) {
    case 'acknowledged':
    case 'inProgress':
      return {};
    case 'done':
      return { completionMessage: 'The order is cancelled: what was done has been taken back.' };
    case 'terminatedWithError':
      return { completionMessage: `The order could not be cancelled: ${failure?.reason ?? 'no reason was given'}` };
    default:
      return state satisfies never;
  }
}
