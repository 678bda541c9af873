import * as z from './open-schema.ts';
import { orderItemActions, serviceOrderStates } from '../states/service-order.ts';
import { serviceOrderingQueue } from '../topology.ts';
import { command, event } from './message.ts';
import {
  characteristics,
  commandRefused,
  emitSnapshots,
  failure,
  instant,
  partyRef,
  placeRef,
  specificationRef,
} from './values.ts';

/** What one item of a service order asks for. `serviceId` is of an existing service, or the id the new one will have. */
export const requestedItem = z.object({
  itemId: z.string(),
  action: z.enum(orderItemActions),
  dependsOn: z.array(z.string()),
  serviceId: z.string(),
  /** False when an `add` was given no id of its own: the id is the one accepting it chose. */
  serviceNamed: z.boolean(),
  specification: specificationRef.optional(),
  serviceType: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  category: z.string().optional(),
  /** Of a modify: how the service shall run. */
  operatingStatus: z.enum(['active', 'suspended']).optional(),
  characteristics,
  /** Services outside this order that the new one stands on. */
  supportingServices: z.array(z.string()),
  parties: z.array(partyRef),
  places: z.array(placeRef),
});
export type RequestedItem = z.output<typeof requestedItem>;

export const serviceOrderRequest = z.object({
  id: z.uuid(),
  orderDate: instant,
  externalId: z.string().optional(),
  description: z.string().optional(),
  category: z.string().optional(),
  priority: z.string().optional(),
  requestedStartDate: instant.optional(),
  requestedCompletionDate: instant.optional(),
  parties: z.array(partyRef),
  items: z.array(requestedItem).min(1),
  /** The product order, and its delivery, that it is placed for. */
  requestedBy: z.object({ orderId: z.string(), deliveryId: z.string(), attempt: z.int().nonnegative() }).optional(),
});
export type ServiceOrderRequest = z.output<typeof serviceOrderRequest>;

export const acceptServiceOrder = command('service-ordering.accept-service-order.v1', {
  body: z.object({ order: serviceOrderRequest }),
  to: serviceOrderingQueue,
  whenGivenUp: 'hold',
  key: ({ order }) => order.id,
});

/** What of a running order may be changed from outside; absent means as it was, null means removed. */
export const serviceOrderAmendment = z.object({
  externalId: z.string().nullable().optional(),
  description: z.string().nullable().optional(),
  priority: z.string().nullable().optional(),
  requestedStartDate: instant.nullable().optional(),
  requestedCompletionDate: instant.nullable().optional(),
  parties: z.array(partyRef).optional(),
});
export type ServiceOrderAmendment = z.output<typeof serviceOrderAmendment>;

export const amendServiceOrder = command('service-ordering.amend-service-order.v1', {
  body: z.object({ id: z.string(), expectedRevision: z.int(), amendment: serviceOrderAmendment }),
  to: serviceOrderingQueue,
  whenGivenUp: 'warn',
});

export const deleteServiceOrder = command('service-ordering.delete-service-order.v1', {
  body: z.object({ id: z.string(), expectedRevision: z.int().optional() }),
  to: serviceOrderingQueue,
  whenGivenUp: 'warn',
});

/** States of the task that cancels an order. `accepted`: it waits for its date, or the activators are asked. */
export const cancellationStates = ['accepted', 'inProgress', 'done', 'terminatedWithError'] as const;

/** A request to cancel a service order, and how far it got. */
export const cancellation = z.object({
  id: z.string(),
  revision: z.int().positive(),
  orderId: z.string(),
  state: z.enum(cancellationStates),
  reason: z.string().optional(),
  requestedAt: instant,
  /** Not before this moment. */
  notBefore: instant.optional(),
  effectiveAt: instant.optional(),
  failure: failure.optional(),
});
export type Cancellation = z.output<typeof cancellation>;

/** Asks to cancel an order. The cancellation's id is the business key. Refused at once where there is nothing to cancel. */
export const cancelServiceOrder = command('service-ordering.cancel-service-order.v1', {
  body: z.object({
    id: z.string(),
    orderId: z.string(),
    reason: z.string().optional(),
    notBefore: instant.optional(),
  }),
  to: serviceOrderingQueue,
  whenGivenUp: 'refuse',
  key: ({ id }) => id,
});
export type CancelServiceOrder = z.output<typeof cancelServiceOrder.schema>;

export const cancellationChanged = event('service-ordering.cancellation-changed.v1', {
  body: z.object({ cancellation, deleted: z.boolean() }),
});

/** An operator's word on an item that is held because a command about it was given up: that command is sent again. */
export const retryItem = command('service-ordering.retry-item.v1', {
  body: z.object({ orderId: z.string(), itemId: z.string() }),
  to: serviceOrderingQueue,
  whenGivenUp: 'warn',
});

export const emitServiceOrders = command('service-ordering.emit-snapshots.v1', {
  body: emitSnapshots,
  to: serviceOrderingQueue,
  whenGivenUp: 'warn',
});

/** How far an item got. */
export const itemProgress = z.object({
  state: z.enum(serviceOrderStates),
  serviceType: z.string().optional(),
  startedAt: instant.optional(),
  endedAt: instant.optional(),
  failure: failure.optional(),
  /** The outside system the item waits for. */
  waitsFor: z.object({ platform: z.string(), until: instant }).optional(),
});
export type ItemProgress = z.output<typeof itemProgress>;

export const milestone = z.object({
  id: z.string(),
  name: z.string(),
  message: z.string(),
  at: instant,
  itemIds: z.array(z.string()),
  /** `waiting` until what it names is over. */
  status: z.enum(['waiting', 'completed']).optional(),
});
export const jeopardy = z.object({
  id: z.string(),
  name: z.string(),
  message: z.string(),
  at: instant,
  itemIds: z.array(z.string()),
});
export type Milestone = z.output<typeof milestone>;
export type Jeopardy = z.output<typeof jeopardy>;

/** A service order as service ordering holds it: what was asked, and how far it got. */
export const serviceOrder = z.object({
  id: z.string(),
  revision: z.int().positive(),
  state: z.enum(serviceOrderStates),
  request: serviceOrderRequest,
  progress: z.record(z.string(), itemProgress),
  startedAt: instant.optional(),
  completedAt: instant.optional(),
  /** When it is likely to be completed, by what such items took lately. */
  expectedAt: instant.optional(),
  /** Cancelled: when, and why as the client gave it. */
  cancelledAt: instant.optional(),
  cancellationReason: z.string().optional(),
  updatedAt: instant,
  failure: failure.optional(),
  milestones: z.array(milestone),
  jeopardies: z.array(jeopardy),
});
export type ServiceOrder = z.output<typeof serviceOrder>;

export const serviceOrderChanged = event('service-ordering.service-order-changed.v1', {
  topics: {
    names: ['direct', 'requested'],
    of: ({ order }) => (order.request.requestedBy === undefined ? 'direct' : 'requested'),
  },
  body: z.object({ order: serviceOrder, deleted: z.boolean() }),
});

export const serviceOrderCommandRefused = event('service-ordering.command-refused.v1', {
  body: commandRefused,
});
