import { z } from 'zod';
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
});
export type ServiceOrderRequest = z.output<typeof serviceOrderRequest>;

export const acceptServiceOrder = command('service-ordering.accept-service-order.v1', {
  body: z.object({ order: serviceOrderRequest }),
  to: serviceOrderingQueue,
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
});

export const deleteServiceOrder = command('service-ordering.delete-service-order.v1', {
  body: z.object({ id: z.string(), expectedRevision: z.int().optional() }),
  to: serviceOrderingQueue,
});

export const emitServiceOrders = command('service-ordering.emit-snapshots.v1', {
  body: emitSnapshots,
  to: serviceOrderingQueue,
});

/** How far an item got. */
export const itemProgress = z.object({
  state: z.enum(serviceOrderStates),
  serviceType: z.string().optional(),
  failure: failure.optional(),
});
export type ItemProgress = z.output<typeof itemProgress>;

export const milestone = z.object({
  id: z.string(),
  name: z.string(),
  message: z.string(),
  at: instant,
  itemIds: z.array(z.string()),
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
  updatedAt: instant,
  failure: failure.optional(),
  milestones: z.array(milestone),
  jeopardies: z.array(jeopardy),
});
export type ServiceOrder = z.output<typeof serviceOrder>;

export const serviceOrderChanged = event('service-ordering.service-order-changed.v1', {
  body: z.object({ order: serviceOrder, deleted: z.boolean() }),
});

export const serviceOrderCommandRefused = event('service-ordering.command-refused.v1', { body: commandRefused });
