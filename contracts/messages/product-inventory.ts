import * as z from './open-schema.ts';
import { orderItemActions } from '../states/service-order.ts';
import { productStatuses } from '../states/product.ts';
import { productInventoryQueue } from '../topology.ts';
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
  specificationRef,
} from './values.ts';

/** A service that realizes a product, by the component of the rule it came from. */
export const realizedComponent = z.object({
  name: z.string(),
  serviceId: z.string(),
  serviceType: z.string(),
  specification: specificationRef,
  /** What was asked of the service last. */
  characteristics,
  standsOn: z.array(z.string()),
  optional: z.boolean(),
  /** As the service inventory told it last; undefined until it did. */
  service: z.object({ revision: z.int(), state: z.string(), operatingStatus: z.string() }).optional(),
});
export type RealizedComponent = z.output<typeof realizedComponent>;

/** A product as the inventory holds it: the customer's subscription. */
export const product = z.object({
  id: z.string(),
  revision: z.int().positive(),
  status: z.enum(productStatuses),
  name: z.string().optional(),
  description: z.string().optional(),
  isBundle: z.boolean(),
  isCustomerVisible: z.boolean().optional(),
  serialNumber: z.string().optional(),
  offering: specificationRef.optional(),
  specification: specificationRef.optional(),
  /** Version of the decomposition rule that realizes it. */
  rule: z.string().optional(),
  characteristics,
  /** The bundle it is part of, and the name it has there. */
  bundle: z.object({ productId: z.string(), name: z.string() }).optional(),
  /** In events, of a bundle: the products that are parts of it. */
  parts: z.array(z.string()).optional(),
  relationships: z.array(z.object({ type: z.string(), productId: z.string() })),
  components: z.array(realizedComponent),
  /** Optional components that could not be delivered. */
  missing: z.array(z.string()),
  parties: z.array(partyRef),
  places: z.array(placeRef),
  orderItems: z.array(z.object({ ...itemRef.shape, action: z.enum(orderItemActions) })),
  orderDate: instant.optional(),
  startDate: instant.optional(),
  terminationDate: instant.optional(),
  updatedAt: instant,
  /** The order that changes it now: one at a time. */
  claim: z.object({ ...itemRef.shape, status: z.enum(productStatuses) }).nullable(),
});
export type Product = z.output<typeof product>;

/** What an order makes of a product it adds. */
export const productDraft = product.pick({
  name: true,
  description: true,
  isBundle: true,
  isCustomerVisible: true,
  offering: true,
  specification: true,
  characteristics: true,
  bundle: true,
  relationships: true,
  parties: true,
  places: true,
  orderDate: true,
});
export type ProductDraft = z.output<typeof productDraft>;

export const productClaim = z.object({
  itemId: z.string(),
  productId: z.string(),
  action: z.enum(orderItemActions).exclude(['noChange']),
  /** Of an `add`. */
  draft: productDraft.optional(),
});
export type ProductClaim = z.output<typeof productClaim>;

/**
 * Claims the products of an order, all or none: one order at a time changes a product. A bundle that is to be modified
 * or deleted is claimed with all its parts, which the answer carries. Asked again, it answers the same again. Given up, it is
 * only shown: nothing has begun that could be held, and the order goes on when the letter is replayed.
 */
export const claimProducts = command('product-inventory.claim-products.v1', {
  body: z.object({ orderId: z.string(), claims: z.array(productClaim).min(1) }),
  to: productInventoryQueue,
  whenGivenUp: 'warn',
});
export type ClaimProducts = z.output<typeof claimProducts.schema>;

/** `products`: as they were before the order, the parts of bundles among them. */
export const productsClaimed = event('product-inventory.products-claimed.v1', {
  body: z.discriminatedUnion('verdict', [
    z.object({ verdict: z.literal('claimed'), orderId: z.string(), products: z.array(product) }),
    z.object({
      verdict: z.literal('refused'),
      orderId: z.string(),
      refusals: z.array(z.object({ itemId: z.string(), productId: z.string(), failure })).min(1),
    }),
  ]),
});
export type ProductsClaimed = z.output<typeof productsClaimed.schema>;

/** How a product stands at a stable point of its order. Absent means as it was. */
export const productRecord = z.object({
  productId: z.string(),
  /** For a product the order itself adds and that was not among its claims: a part of a bundle. */
  draft: productDraft.optional(),
  itemId: z.string(),
  action: z.enum(orderItemActions).exclude(['noChange']),
  status: z.enum(productStatuses),
  specification: specificationRef.optional(),
  rule: z.string().optional(),
  characteristics: characteristics.optional(),
  components: z.array(realizedComponent.omit({ service: true })).optional(),
  missing: z.array(z.string()).optional(),
});
export type ProductRecord = z.output<typeof productRecord>;

/**
 * Writes what an order came to. `number` counts an order's records: an older one is a no-op, the same one is answered
 * again. With `release` the order is done with its products. Given up, it is only shown: all of the order is delivered, or taken
 * back, and it ends when the letter is replayed.
 */
export const recordProducts = command('product-inventory.record-products.v1', {
  body: z.object({
    orderId: z.string(),
    number: z.int().positive(),
    release: z.boolean(),
    products: z.array(productRecord),
  }),
  to: productInventoryQueue,
  whenGivenUp: 'warn',
});
export type RecordProducts = z.output<typeof recordProducts.schema>;

export const productsRecorded = event('product-inventory.products-recorded.v1', {
  body: z.object({ orderId: z.string(), number: z.int().positive() }),
});

/** What a write from outside may set of a product. */
export const productWrite = product.pick({
  status: true,
  name: true,
  description: true,
  isBundle: true,
  isCustomerVisible: true,
  serialNumber: true,
  offering: true,
  specification: true,
  characteristics: true,
  relationships: true,
  parties: true,
  places: true,
  orderDate: true,
  startDate: true,
  terminationDate: true,
});
export type ProductWrite = z.output<typeof productWrite>;

export const createProduct = command('product-inventory.create-product.v1', {
  body: z.object({ id: z.string(), write: productWrite }),
  to: productInventoryQueue,
  whenGivenUp: 'warn',
});
export const replaceProduct = command('product-inventory.replace-product.v1', {
  body: z.object({ id: z.string(), expectedRevision: z.int(), write: productWrite }),
  to: productInventoryQueue,
  whenGivenUp: 'warn',
});
export const deleteProduct = command('product-inventory.delete-product.v1', {
  body: z.object({ id: z.string(), expectedRevision: z.int().optional() }),
  to: productInventoryQueue,
  whenGivenUp: 'warn',
});
export const emitProducts = command('product-inventory.emit-snapshots.v1', {
  body: emitSnapshots,
  to: productInventoryQueue,
  whenGivenUp: 'warn',
});

export const productChanged = event('product-inventory.product-changed.v1', {
  body: z.object({ product, deleted: z.boolean() }),
});
export const productCommandRefused = event('product-inventory.command-refused.v1', {
  body: commandRefused,
});
