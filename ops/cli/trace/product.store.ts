import { z } from 'zod';
import { productOrder } from '../../../contracts/messages/order-management.ts';
import { product } from '../../../contracts/messages/product-inventory.ts';
import { instant } from '../../../contracts/messages/values.ts';
import type { Transaction } from '../../platform/database.ts';

/** Of a stored product order, what its story needs. */
const stored = z.object({
  order: productOrder.pick({
    ...{ state: true, stage: true, items: true, deliveries: true, rules: true },
    ...{ completedAt: true, cancelledAt: true, failure: true },
  }),
  work: z.record(
    z.string(),
    z.object({
      serviceOrders: z.array(z.string()),
      waitUntil: instant.optional(),
      heldHere: z.boolean().optional(),
    }),
  ),
  audit: z.array(
    z.object({
      at: instant,
      about: z.string(),
      from: z.string(),
      to: z.string(),
      cause: z.string(),
      why: z.string().optional(),
    }),
  ),
});

/** A product order as order management keeps it, its audit, and how its products are now. */
export type ProductRecords = z.output<typeof stored> & { readonly products: readonly TracedProduct[] };

const traced = product.pick({ id: true, status: true, name: true, specification: true, missing: true });
export type TracedProduct = z.output<typeof traced>;

/** Every service order it had, those that were tried before too. */
export const serviceOrderIdsOf = ({ work }: Pick<ProductRecords, 'work'>): string[] =>
  Object.values(work).flatMap(({ serviceOrders }) => serviceOrders);

/** @returns undefined for what is no product order, or one that order management has not taken yet */
export async function readProductRecords(tx: Transaction, orderId: string): Promise<ProductRecords | undefined> {
  const [row] = await tx<{ doc: unknown }[]>`
    select jsonb_build_object('order', doc -> 'order', 'work', doc -> 'work', 'audit', doc -> 'audit') as doc
    from order_management.product_order where id = ${orderId}`;
  if (row === undefined) return undefined;
  const known = stored.parse(row.doc);
  const ids = [...new Set(Object.values(known.order.items).flatMap((item) => item.products))];
  const products = await tx<{ product: unknown }[]>`
    select doc -> 'product' as product from product_inventory.product where id = any(${ids})`;
  const found = products.map((one) => traced.parse(one.product));
  return { ...known, products: found.toSorted((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id)) };
}
