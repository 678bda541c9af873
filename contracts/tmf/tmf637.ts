/** TMF637 Product Inventory v4.0: the product as the inventory keeps it, which is the customer's subscription. */
import * as z from 'zod';

import { named } from './common.ts';
import { productAttributes, productStatus } from './product-attributes.ts';

/** Where the document's host serves this API. */
export const productInventoryBasePath = '/tmf-api/productInventory/v4';

const missingComponent = named(
  'MissingComponents',
  z.array(z.string()),
  'Extension of ours: what the product runs without, the names of its optional components that could not be delivered.',
);

/** A product as it is read. Every attribute is optional here because `fields` may leave any of them out. */
export const product = named(
  'Product',
  z.looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    ...productAttributes,
    missingComponent: missingComponent.optional(),
  }),
);

/** The body of POST /product: the document requires a status. */
export const productCreate = named('Product_Create', z.looseObject({ ...productAttributes, status: productStatus }));

/** What a PATCH may change in a product. */
export const productUpdate = named('Product_Update', z.looseObject(productAttributes));

/** Attributes of a product that no PATCH may change: TMF637 v4.0, patchable attributes, and of our own what follows from orders. */
export const productNotPatchable = ['id', 'href', 'missingComponent'] as const;

/** Attributes of a product that the server alone sets; a POST that brings one is refused. */
export const productNotCreatable = ['id', 'missingComponent'] as const;

/** The notifications of this API, by the names the document gives them. */
export const productInventoryEventTypes = [
  'ProductCreateEvent',
  'ProductAttributeValueChangeEvent',
  'ProductStateChangeEvent',
  'ProductBatchEvent',
  'ProductDeleteEvent',
] as const;

export type Product = z.infer<typeof product>;
export type ProductCreate = z.infer<typeof productCreate>;
