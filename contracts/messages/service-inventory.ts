import * as z from './open-schema.ts';
import { operatingStatuses, serviceStates } from '../states/service.ts';
import { orderItemActions } from '../states/service-order.ts';
import { serviceInventoryQueue } from '../topology.ts';
import { command, event } from './message.ts';
import {
  characteristics,
  commandRefused,
  emitSnapshots,
  failure,
  instant,
  itemRef,
  partyRef,
  placeRef,
  resource,
  specificationRef,
} from './values.ts';

/** Which change holds the service: one at a time. `number` rises with every claim and fences off facts of older ones. */
export const claim = z.object({
  orderId: z.string(),
  itemId: z.string(),
  number: z.int().positive(),
  /** Claimed back by its order, for its so-manieth cancellation; absent for the claim of the change itself. */
  round: z.int().positive().optional(),
});
export type Claim = z.output<typeof claim>;

/** A service as the inventory holds it: the authoritative deployed state. */
export const service = z.object({
  id: z.string(),
  revision: z.int().positive(),
  serviceType: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  category: z.string().optional(),
  state: z.enum(serviceStates),
  operatingStatus: z.enum(operatingStatuses),
  specification: specificationRef.optional(),
  characteristics,
  supportingServices: z.array(z.string()),
  resources: z.array(resource),
  parties: z.array(partyRef),
  places: z.array(placeRef),
  orderItems: z.array(z.object({ ...itemRef.shape, action: z.enum(orderItemActions) })),
  serviceDate: instant,
  startDate: instant.optional(),
  endDate: instant.optional(),
  updatedAt: instant,
  /** True once an activator has put it on the network: from then on only orders change what the network holds. */
  activated: z.boolean(),
  /** Optional steps that could not be done: the service runs without them, degraded. */
  missing: z.array(z.string()).optional(),
  claim: claim.nullable(),
});
export type Service = z.output<typeof service>;

/** A service that another stands on, as the inventory holds it. */
export const supportingService = z.object({
  serviceId: z.string(),
  serviceType: z.string().optional(),
  characteristics,
  resources: z.array(resource),
});
export type SupportingService = z.output<typeof supportingService>;

/** One service an order wants to change. For an `add` it carries what the new service will be. */
export const claimRequest = z.object({
  itemId: z.string(),
  action: z.enum(orderItemActions),
  serviceId: z.string(),
  serviceType: z.string().optional(),
  specification: specificationRef.optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  category: z.string().optional(),
  characteristics,
  supportingServices: z.array(z.string()),
  parties: z.array(partyRef),
  places: z.array(placeRef),
});
export type ClaimRequest = z.output<typeof claimRequest>;

/** Claims all services of an order at once: waiting claims are then ordered by arrival, so no two orders wait for each other. */
export const claimServices = command('service-inventory.claim-services.v1', {
  body: z.object({ orderId: z.string(), claims: z.array(claimRequest).min(1) }),
  to: serviceInventoryQueue,
  whenGivenUp: 'hold',
});

/**
 * Claims services back that an order has changed already, to take the change back: only while nothing else has changed
 * them since. Answered by `services-claimed`.
 */
export const reclaimServices = command('service-inventory.reclaim-services.v1', {
  body: z.object({
    orderId: z.string(),
    /** Which cancellation of the order it is for. */
    round: z.int().positive(),
    services: z.array(z.object({ itemId: z.string(), serviceId: z.string() })).min(1),
  }),
  to: serviceInventoryQueue,
  whenGivenUp: 'refuse',
  key: ({ round }) => `${round}`,
});

const releasing = z.object({
  orderId: z.string(),
  serviceIds: z.array(z.string()).min(1),
  round: z.int().nonnegative().optional(),
});

/** Gives services back. Claims that were made for a later cancellation than `round` are not meant: the word was late. */
export const releaseClaims = command('service-inventory.release-claims.v1', {
  body: releasing,
  to: serviceInventoryQueue,
  whenGivenUp: 'warn',
});

/** Told by the release before, which said a release until it was answered. Nobody waits for it any more. */
export const claimsReleased = event('service-inventory.claims-released.v1', { body: releasing });

export const claimVerdict = z.discriminatedUnion('verdict', [
  z.object({
    verdict: z.literal('claimed'),
    itemId: z.string(),
    number: z.int().positive(),
    /** Claimed back, after a change of this order that is over: for its so-manieth cancellation. */
    again: z.int().positive().optional(),
    /** As it was before the change. */
    service,
    supporting: z.array(supportingService),
  }),
  z.object({ verdict: z.literal('waiting'), itemId: z.string(), serviceId: z.string(), behind: itemRef }),
  z.object({
    verdict: z.literal('refused'),
    itemId: z.string(),
    serviceId: z.string(),
    failure,
    again: z.int().positive().optional(),
  }),
]);
export type ClaimVerdict = z.output<typeof claimVerdict>;

export const servicesClaimed = event('service-inventory.services-claimed.v1', {
  body: z.object({ orderId: z.string(), verdicts: z.array(claimVerdict).min(1) }),
});

/**
 * How far an activation got: everything that landed so far, so that a report may overtake the one before.
 * `number` is the claim's, `sequence` counts the reports under it; older ones are no-ops.
 */
export const recordActivation = command('service-inventory.record-activation.v1', {
  body: z.object({
    ...itemRef.shape,
    serviceId: z.string(),
    number: z.int().positive(),
    sequence: z.int().nonnegative(),
    action: z.enum(orderItemActions),
    stage: z.enum(['landed', 'completed', 'partial', 'failed', 'cancelled']),
    characteristics,
    /** What the change asked for; it becomes the service's own when the change is completed. */
    requested: characteristics,
    resources: z.array(resource),
    failure: failure.optional(),
    /** Optional steps that were left out. */
    missing: z.array(z.string()).optional(),
    operation: z.enum(['suspend', 'resume']).optional(),
  }),
  to: serviceInventoryQueue,
  whenGivenUp: 'warn',
});

/** How a change of a service may end. `partial`: without its optional steps. `cancelled`: taken back because it was asked for. */
export const changeOutcomes = ['completed', 'partial', 'failed', 'cancelled'] as const;
export type ChangeOutcome = (typeof changeOutcomes)[number];

/** The change of a service is over and recorded: what service ordering waits for. */
export const changeSettled = event('service-inventory.change-settled.v1', {
  body: z.object({
    ...itemRef.shape,
    outcome: z.enum(changeOutcomes),
    failure: failure.optional(),
    service,
  }),
});

/** What a write from outside may set of a service. */
export const serviceWrite = service.pick({
  serviceType: true,
  name: true,
  description: true,
  category: true,
  state: true,
  specification: true,
  characteristics: true,
  supportingServices: true,
  resources: true,
  parties: true,
  places: true,
  startDate: true,
  endDate: true,
});
export type ServiceWrite = z.output<typeof serviceWrite>;

export const createService = command('service-inventory.create-service.v1', {
  body: z.object({ id: z.string(), write: serviceWrite }),
  to: serviceInventoryQueue,
  whenGivenUp: 'warn',
});
export const replaceService = command('service-inventory.replace-service.v1', {
  body: z.object({ id: z.string(), expectedRevision: z.int(), write: serviceWrite }),
  to: serviceInventoryQueue,
  whenGivenUp: 'warn',
});
export const deleteService = command('service-inventory.delete-service.v1', {
  body: z.object({ id: z.string(), expectedRevision: z.int().optional() }),
  to: serviceInventoryQueue,
  whenGivenUp: 'warn',
});
export const emitServices = command('service-inventory.emit-snapshots.v1', {
  body: emitSnapshots,
  to: serviceInventoryQueue,
  whenGivenUp: 'warn',
});

/** Asks to be told of these services as they are: for whoever doubts what it knows. Unknown ones are passed over. */
export const tellServices = command('service-inventory.tell-services.v1', {
  body: z.object({ serviceIds: z.array(z.string()).min(1) }),
  to: serviceInventoryQueue,
  whenGivenUp: 'warn',
});

export const serviceChanged = event('service-inventory.service-changed.v1', {
  topics: {
    names: ['settled', 'changing'],
    of: ({ service }) => (service.claim === null ? 'settled' : 'changing'),
  },
  body: z.object({ service, deleted: z.boolean() }),
});
export const serviceCommandRefused = event('service-inventory.command-refused.v1', {
  body: commandRefused,
});
