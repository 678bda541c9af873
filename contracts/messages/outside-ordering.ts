import * as z from './open-schema.ts';
import { outsideOrderingQueue } from '../topology.ts';
import { command, event } from './message.ts';
import { serviceOrder, serviceOrderRequest } from './service-ordering.ts';

/** Places a service order with the outside TMF641 endpoint of its service type. Its id is the business key. */
export const placeOutsideOrder = command('outside-ordering.place-order.v1', {
  body: z.object({ serviceType: z.string(), order: serviceOrderRequest }),
  to: outsideOrderingQueue,
  whenGivenUp: 'hold',
  key: ({ order }) => order.id,
});
/** Asks to cancel it. `id` is the cancellation's own business key; `requestedBy` is for one that overtakes its order. */
export const cancelOutsideOrder = command('outside-ordering.cancel-order.v1', {
  body: z.object({
    id: z.string(),
    orderId: z.string(),
    reason: z.string().optional(),
    requestedBy: serviceOrderRequest.shape.requestedBy,
  }),
  to: outsideOrderingQueue,
  whenGivenUp: 'refuse',
  key: ({ id }) => id,
});

/** How an order that was placed outside stands. `orderRevision` counts what was told of it. */
export const outsideOrderChanged = event('outside-ordering.order-changed.v1', {
  body: z.object({
    id: z.string(),
    orderRevision: z.int().positive(),
    requestedBy: serviceOrderRequest.shape.requestedBy,
    state: serviceOrder.shape.state,
    failure: serviceOrder.shape.failure,
    /** A cancellation of it that was refused. */
    cancellationRefused: serviceOrder.shape.failure,
  }),
});
