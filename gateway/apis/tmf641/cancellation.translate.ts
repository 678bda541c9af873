/** TMF641's task that cancels an order, to the fleet's words and back. Pure. */
import type { CancelServiceOrder as Command, Cancellation } from '../../../contracts/messages/service-ordering.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import type { CancelServiceOrder, CancelServiceOrderCreate } from '../../../contracts/tmf/tmf641.ts';

/** What a created task asks of service ordering. */
export function toCancellation(body: CancelServiceOrderCreate, id: string): Command {
  const { cancellationReason: reason, requestedCancellationDate: notBefore, serviceOrder } = body;
  return {
    id,
    orderId: serviceOrder.id,
    ...(reason === undefined ? {} : { reason }),
    ...(notBefore === undefined ? {} : { notBefore }),
  };
}

/** A task as it is shown: what the client sent, with what service ordering says laid over it. */
export function toCancellationView(cancellation: Cancellation, submitted: JsonObject | undefined): JsonObject {
  const base: CancelServiceOrder = submitted ?? {};
  const { id, orderId, state, reason, notBefore, effectiveAt, failure } = cancellation;
  return {
    '@type': 'CancelServiceOrder',
    ...base,
    id,
    state,
    ...(reason === undefined ? {} : { cancellationReason: reason }),
    ...(notBefore === undefined ? {} : { requestedCancellationDate: notBefore }),
    ...(effectiveAt === undefined ? {} : { effectiveCancellationDate: effectiveAt }),
    serviceOrder: { '@referredType': 'ServiceOrder', ...base.serviceOrder, id: orderId },
    ...completion(cancellation),
    ...(failure === undefined ? {} : { errorMessage: { ...failure, message: failure.reason } }),
  };
}

function completion({ state, failure }: Cancellation): { completionMessage?: string } {
  switch (state) {
    case 'accepted':
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
