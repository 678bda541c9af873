/** Finds in answers what tests ask for most. */
import type { JsonObject } from '../../contracts/tmf/common.ts';

/** The path of what was created. */
export const pathOf = ({ headers }: { readonly headers: Headers }): string =>
  new URL(headers.get('location') ?? '', 'http://any').pathname;

export const inState =
  (state: string) =>
  (one: JsonObject): boolean =>
    one['state'] === state;

export const withStatus =
  (status: string) =>
  (one: JsonObject): boolean =>
    one['status'] === status;

/** A product order's items, as they are read. */
export const productItemsOf = (order: JsonObject): (JsonObject & { readonly product?: JsonObject })[] =>
  order['productOrderItem'] as (JsonObject & { readonly product?: JsonObject })[];

/** The ids of the products that an order's items are about: one each, or those of a quantity or a bundle. */
export const productIdsOf = (order: JsonObject): string[] =>
  productItemsOf(order).flatMap(({ product, resultingProduct }) =>
    ((resultingProduct as JsonObject[] | undefined) ?? [product ?? {}]).map(({ id }) => String(id)),
  );

/** An order's items, as they are read. */
export const itemsOf = (order: JsonObject): (JsonObject & { readonly service: JsonObject })[] =>
  order['serviceOrderItem'] as (JsonObject & { readonly service: JsonObject })[];

/** The ids of the services an order is about, in the order of its items. */
export const serviceIdsOf = (order: JsonObject): string[] => itemsOf(order).map(({ service }) => String(service['id']));
