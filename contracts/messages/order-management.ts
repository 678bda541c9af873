import * as z from './open-schema.ts';
import {
  productOrderCancellationStates,
  productOrderItemStates,
  productOrderStages,
  productOrderStates,
} from '../states/product-order.ts';
import { orderItemActions, serviceOrderStates } from '../states/service-order.ts';
import { orderManagementQueue } from '../topology.ts';
import { command, event } from './message.ts';
import { realizedComponent } from './product-inventory.ts';
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

/** What one item of a product order asks for. Nested items are here beside the one they are part of. */
export const requestedProductItem = z.object({
  itemId: z.string(),
  action: z.enum(orderItemActions),
  /** How many of it; each becomes a product of its own. Only an `add` may have more than 1. */
  quantity: z.int().positive(),
  /** Of an existing product. An `add` has none: each of its products gets an id derived from order, item and unit. */
  productId: z.string().optional(),
  /** The item it is nested in: this one says more about the bundled product of that name or specification. */
  partOf: z.string().optional(),
  dependsOn: z.array(z.string()),
  offering: specificationRef.optional(),
  specification: specificationRef.optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  isCustomerVisible: z.boolean().optional(),
  characteristics,
  /** Of a modify: how the product shall run. */
  status: z.enum(['active', 'suspended']).optional(),
  relationships: z.array(z.object({ type: z.string(), productId: z.string() })),
  parties: z.array(partyRef),
  places: z.array(placeRef),
});
export type RequestedProductItem = z.output<typeof requestedProductItem>;

export const productOrderRequest = z.object({
  id: z.uuid(),
  orderDate: instant,
  externalId: z.string().optional(),
  description: z.string().optional(),
  category: z.string().optional(),
  priority: z.string().optional(),
  requestedStartDate: instant.optional(),
  requestedCompletionDate: instant.optional(),
  parties: z.array(partyRef),
  items: z.array(requestedProductItem).min(1),
});
export type ProductOrderRequest = z.output<typeof productOrderRequest>;

/** A product that the order is about: what it is to become. Bundles come before their parts. */
export const plannedProduct = z.object({
  id: z.string(),
  /** The outermost item: what speaks for a part of a bundle is nested in it and fares as it does. */
  itemId: z.string(),
  /** The nested item that speaks for it, where one does. */
  saidBy: z.string().optional(),
  /** 1 for the first of a quantity. */
  unit: z.int().positive(),
  action: z.enum(orderItemActions).exclude(['noChange']),
  bundle: z.object({ productId: z.string(), name: z.string() }).optional(),
  optional: z.boolean(),
  offering: specificationRef.optional(),
  specification: specificationRef.extend({ version: z.string() }),
  rule: z.string(),
  name: z.string().optional(),
  characteristics,
  /** Where the item that speaks for it says so; a part that none speaks for is where its bundle is. */
  places: z.array(placeRef).optional(),
  /** How it shall run when all is done. */
  status: z.enum(['active', 'suspended', 'terminated']),
  /** Its components when all is done. */
  components: z.array(realizedComponent.omit({ service: true })),
});
export type PlannedProduct = z.output<typeof plannedProduct>;

/** A service order that the order comes to. Its id says for what: it is derived from order, product, component and rule. */
export const plannedDelivery = z.object({
  id: z.uuid(),
  itemId: z.string(),
  productId: z.string(),
  component: z.string(),
  action: z.enum(orderItemActions).exclude(['noChange']),
  optional: z.boolean(),
  serviceId: z.string(),
  serviceType: z.string(),
  specification: specificationRef,
  /** What the service shall be; what it was. A name that only `previous` has is to be removed. */
  characteristics,
  previous: characteristics,
  operatingStatus: z.enum(['active', 'suspended']).optional(),
  /** Services it stands on. */
  standsOn: z.array(z.string()),
  /** Deliveries that must be done before it. */
  dependsOn: z.array(z.uuid()),
  /** Which rule made it, and where in the rule. */
  because: z.object({
    specification: specificationRef,
    rule: z.string(),
    component: z.string(),
    /** For each characteristic, where its value is from; and the conditions that held. */
    reasons: z.array(z.string()),
  }),
});
export type PlannedDelivery = z.output<typeof plannedDelivery>;

/** What an order comes to. The same order under the same rules and products gives the same plan, byte for byte. */
export const productOrderPlan = z.object({
  products: z.array(plannedProduct),
  deliveries: z.array(plannedDelivery),
});
export type ProductOrderPlan = z.output<typeof productOrderPlan>;

export const acceptProductOrder = command('order-management.accept-product-order.v1', {
  body: z.object({
    order: productOrderRequest,
    /** From the release before: the order it follows, which waits for `follow-up-accepted`. */
    follows: z.string().optional(),
  }),
  to: orderManagementQueue,
  whenGivenUp: 'hold',
  key: ({ order }) => order.id,
});

/** The order that follows this one is there. Only the release before says so, and places it again until it hears it. */
export const followUpAccepted = event('order-management.follow-up-accepted.v1', {
  body: z.object({ orderId: z.string(), followUpId: z.string() }),
});

/**
 * What of a running order may be changed; absent means as it was, null removed. `items`: those to replace, by item id;
 * an item that has started is refused, or becomes a follow-up order, as the amendment says.
 */
export const productOrderAmendment = z.object({
  externalId: z.string().nullable().optional(),
  description: z.string().nullable().optional(),
  priority: z.string().nullable().optional(),
  requestedStartDate: instant.nullable().optional(),
  requestedCompletionDate: instant.nullable().optional(),
  parties: z.array(partyRef).optional(),
  items: z.array(requestedProductItem).optional(),
  whenStarted: z.enum(['refuse', 'followUp']).default('refuse'),
});
export type ProductOrderAmendment = z.output<typeof productOrderAmendment>;

export const amendProductOrder = command('order-management.amend-product-order.v1', {
  body: z.object({ id: z.string(), expectedRevision: z.int(), amendment: productOrderAmendment }),
  to: orderManagementQueue,
  whenGivenUp: 'warn',
});
export const deleteProductOrder = command('order-management.delete-product-order.v1', {
  body: z.object({ id: z.string(), expectedRevision: z.int().optional() }),
  to: orderManagementQueue,
  whenGivenUp: 'warn',
});
export const emitProductOrders = command('order-management.emit-snapshots.v1', {
  body: emitSnapshots,
  to: orderManagementQueue,
  whenGivenUp: 'warn',
});

/** A request to cancel a product order, and how far it got. */
export const productOrderCancellation = z.object({
  id: z.string(),
  revision: z.int().positive(),
  orderId: z.string(),
  state: z.enum(productOrderCancellationStates),
  reason: z.string().optional(),
  requestedAt: instant,
  notBefore: instant.optional(),
  effectiveAt: instant.optional(),
  failure: failure.optional(),
});
export type ProductOrderCancellation = z.output<typeof productOrderCancellation>;

/** Asks to cancel an order. The cancellation's id is the business key. */
export const cancelProductOrder = command('order-management.cancel-product-order.v1', {
  body: z.object({
    id: z.string(),
    orderId: z.string(),
    reason: z.string().optional(),
    notBefore: instant.optional(),
  }),
  to: orderManagementQueue,
  whenGivenUp: 'refuse',
});
export type CancelProductOrder = z.output<typeof cancelProductOrder.schema>;

export const productOrderCancellationChanged = event('order-management.cancellation-changed.v1', {
  body: z.object({ cancellation: productOrderCancellation, deleted: z.boolean() }),
});

/** An operator's word on a delivery that is held. */
export const settleDelivery = command('order-management.settle-delivery.v1', {
  body: z.object({
    orderId: z.string(),
    deliveryId: z.string(),
    /** `skip` only where the component is optional; `fail` compensates what the item has. */
    verb: z.enum(['retry', 'skip', 'fail', 'rollBack']),
    requested: characteristics.optional(),
  }),
  to: orderManagementQueue,
  whenGivenUp: 'warn',
});
export type SettleDelivery = z.output<typeof settleDelivery.schema>;

/** How far a delivery got. */
export const deliveryProgress = z.object({
  id: z.uuid(),
  itemId: z.string(),
  productId: z.string(),
  component: z.string(),
  serviceId: z.string(),
  serviceType: z.string(),
  /** The service order that runs for it now; a retry has one of its own. Undefined before it was submitted. */
  serviceOrderId: z.string().optional(),
  /** `undo`: the service order takes it back. */
  purpose: z.enum(['deliver', 'undo']),
  attempt: z.int().nonnegative(),
  state: z.enum([...serviceOrderStates, 'planned', 'waiting', 'undone', 'skipped']),
  failure: failure.optional(),
});
export type DeliveryProgress = z.output<typeof deliveryProgress>;

export const productItemProgress = z.object({
  state: z.enum(productOrderItemStates),
  products: z.array(z.string()),
  failure: failure.optional(),
  /** What a person should know: what it waits for, what was left out. */
  note: z.string().optional(),
});
export type ProductItemProgress = z.output<typeof productItemProgress>;

/** A product order as order management holds it: what was asked, and how far it got. */
export const productOrder = z.object({
  id: z.string(),
  revision: z.int().positive(),
  stage: z.enum(productOrderStages),
  state: z.enum(productOrderStates),
  request: productOrderRequest,
  items: z.record(z.string(), productItemProgress),
  deliveries: z.array(deliveryProgress),
  rules: z.array(z.object({ specification: specificationRef, version: z.string() })),
  startedAt: instant.optional(),
  completedAt: instant.optional(),
  expectedAt: instant.optional(),
  cancelledAt: instant.optional(),
  cancellationReason: z.string().optional(),
  updatedAt: instant,
  failure: failure.optional(),
  /** An order that was made of an amendment that came too late. */
  followUps: z.array(z.string()),
});
export type ProductOrder = z.output<typeof productOrder>;

export const productOrderChanged = event('order-management.product-order-changed.v1', {
  body: z.object({ order: productOrder, deleted: z.boolean() }),
});
export const productOrderCommandRefused = event('order-management.command-refused.v1', {
  body: commandRefused,
});

/** Asks what an order would come to. Nothing is kept of it. */
export const planProductOrder = command('order-management.plan-product-order.v1', {
  body: z.object({ order: productOrderRequest }),
  to: orderManagementQueue,
  whenGivenUp: 'warn',
});
export const productOrderPlanned = event('order-management.product-order-planned.v1', {
  body: z.object({
    commandId: z.uuid(),
    orderId: z.string(),
    plan: productOrderPlan.optional(),
    /** By item: why it would be rejected. */
    faults: z.array(z.object({ itemId: z.string(), failure })),
  }),
});

/**
 * A service that was delivered is not what it should be. The product inventory tells; order management asks the service's
 * domain for a repair, by policy. `revision` of the service is the business key.
 */
export const correctService = command('order-management.correct-service.v1', {
  body: z.object({
    productId: z.string(),
    revision: z.int().positive(),
    component: realizedComponent,
  }),
  to: orderManagementQueue,
  whenGivenUp: 'warn',
});
export type CorrectService = z.output<typeof correctService.schema>;
