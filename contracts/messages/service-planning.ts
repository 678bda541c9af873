import * as z from './open-schema.ts';
import { orderItemActions, serviceOrderStates } from '../states/service-order.ts';
import { serviceInventoryQueue, serviceOrderingQueue } from '../topology.ts';
import { stepDirections } from './activation.ts';
import { command, event } from './message.ts';
import { claimRequest, claimVerdict, service } from './service-inventory.ts';
import { serviceOrderRequest } from './service-ordering.ts';
import { characteristics, failure, instant, itemRef } from './values.ts';

/** Asks what an order would come to. Nothing is kept of it anywhere: each message on its way carries the whole question. */
export const planServiceOrder = command('service-ordering.plan-service-order.v1', {
  body: z.object({ order: serviceOrderRequest }),
  to: serviceOrderingQueue,
  whenGivenUp: 'warn',
});

/** Asks what the inventory would say to these claims. None is taken. `commandId` is that of the plan asked for. */
export const describeServices = command('service-inventory.describe-services.v1', {
  body: z.object({
    commandId: z.uuid(),
    order: serviceOrderRequest,
    claims: z
      .array(claimRequest.pick({ itemId: true, action: true, serviceId: true, supportingServices: true }))
      .min(1),
  }),
  to: serviceInventoryQueue,
  whenGivenUp: 'warn',
});
export type DescribeServices = z.output<typeof describeServices.schema>;

export const servicesDescribed = event('service-inventory.services-described.v1', {
  body: z.object({
    commandId: z.uuid(),
    order: serviceOrderRequest,
    verdicts: z.array(claimVerdict),
    /** Services that other orders hold: as they are, and who is ahead, the one that holds it first. */
    busy: z.array(z.object({ itemId: z.string(), service, ahead: z.array(itemRef).min(1) })),
  }),
});
export type ServicesDescribed = z.output<typeof servicesDescribed.schema>;

/** What is declared of a service type, as far as a plan tells it. */
export const activatorOutline = z.object({
  serviceType: z.string(),
  steps: z.array(
    z.object({
      name: z.string(),
      platform: z.string(),
      /** Characteristics it works from; absent: all. */
      uses: z.array(z.string()).readonly().optional(),
      optional: z.boolean(),
      milestone: z.string().optional(),
      external: z.object({ deadlineMs: z.number(), pollMs: z.number() }).optional(),
    }),
  ),
  pointOfNoReturn: z.string().optional(),
  /** What becomes of the service when a platform refuses an optional step. */
  partial: z.enum(['keep', 'compensate']),
});
export type ActivatorOutline = z.output<typeof activatorOutline>;

/**
 * By which rule an item got its version of the specification: the order names it; the newest active one, as it names none;
 * the one its service was made by.
 */
export const specificationRules = ['named', 'newestActive', 'ofTheService'] as const;

export const plannedStep = z.object({ step: z.string(), direction: z.enum(stepDirections), platform: z.string() });
export type PlannedStep = z.output<typeof plannedStep>;

export const plannedItem = z.object({
  itemId: z.string(),
  action: z.enum(orderItemActions),
  operation: z.enum(['suspend', 'resume']).optional(),
  /** The state it would have once its order has begun. */
  state: z.enum(serviceOrderStates),
  failure: failure.optional(),
  /** Absent for a new service that is given its id when its order is accepted. */
  serviceId: z.string().optional(),
  serviceType: z.string().optional(),
  specification: z
    .object({ id: z.string(), version: z.string(), name: z.string(), rule: z.enum(specificationRules) })
    .optional(),
  /** What the service shall be; of a delete, what it is. */
  characteristics,
  /** Those of them that the order does not say and the specification does. */
  defaults: z.array(z.string()),
  /** Items of the order that must be done first, and changes of the same service by other orders. */
  waitsFor: z.object({ items: z.array(z.string()), orders: z.array(itemRef) }),
  /** Services outside the order that it stands on. */
  supporting: z.array(z.object({ serviceId: z.string(), serviceType: z.string().optional() })),
  /** In the order in which they are done. */
  steps: z.array(plannedStep),
  /** Steps of its activator that the change does not need. */
  leftOut: z.array(z.string()),
  /** By what such items took lately. */
  expectedMs: z.number().optional(),
});
export type PlannedItem = z.output<typeof plannedItem>;

/**
 * `acceptable`: every item can be done, as things stand. `faulty`: the order would be accepted, and some items could not be
 * done. `rejected`: nothing would be begun.
 */
export const planVerdicts = ['acceptable', 'faulty', 'rejected'] as const;

export const serviceOrderPlan = z.object({
  verdict: z.enum(planVerdicts),
  failure: failure.optional(),
  /** The state the order would start in. */
  state: z.enum(serviceOrderStates),
  startsAt: instant.optional(),
  expectedAt: instant.optional(),
  warnings: z.array(z.string()),
  /** Each after those it waits for. */
  items: z.array(plannedItem),
  /** Of the service types that occur. */
  activators: z.array(activatorOutline),
});
export type ServiceOrderPlan = z.output<typeof serviceOrderPlan>;

export const serviceOrderPlanned = event('service-ordering.service-order-planned.v1', {
  body: z.object({ commandId: z.uuid(), id: z.string(), plan: serviceOrderPlan }),
});
