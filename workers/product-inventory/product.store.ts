import { productStatuses } from '../../contracts/states/product.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Statement } from '../../ops/platform/messaging/pipelined.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import { type Entry, type OrderState, type ProductState, keyOf, orderKey, serviceKey } from './product.state.ts';

type StoredProduct = Omit<ProductState, 'kind' | 'family' | 'dueAt' | 'deleted'>;
const productDocument = documentsOf<StoredProduct>('product_inventory.product', ({ product, before }) => [
  [productStatuses, product.status, product.claim?.status, before?.status],
]);

interface ProductRow {
  id: string;
  family: string;
  doc: unknown;
  due_at: Date | null;
  deleted: boolean;
}

const productState = (row: ProductRow): ProductState => ({
  ...productDocument(row),
  kind: 'product',
  family: row.family,
  dueAt: row.due_at,
  deleted: row.deleted,
});

/** What a key asks for. */
const orderPrefix = orderKey('');
const servicePrefix = serviceKey('');
const idsOf = (keys: readonly string[], prefix: string): string[] =>
  keys.flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));

/**
 * Products with the whole bundle they are part of, orders with the products they hold, services with the products they
 * realize: what a decision may have to look at. A product that somebody else enters meanwhile is part of a bundle whose row
 * they hold.
 */
export const inventory: Aggregate<Entry> = {
  name: 'product',
  key: keyOf,
  async load(tx, keys) {
    const orderIds = idsOf(keys, orderPrefix);
    const serviceIds = idsOf(keys, servicePrefix);
    const productIds = keys.filter((key) => !key.startsWith(orderPrefix) && !key.startsWith(servicePrefix));
    const [orders, products] = await Promise.all([
      loadOrders(tx, orderIds),
      loadProducts(tx, productIds, orderIds, serviceIds),
    ]);
    const entries: Entry[] = [...orders, ...products, ...realizations(products, serviceIds)];
    return new Map(entries.map((entry) => [keyOf(entry), entry]));
  },
  save(tx, entries) {
    const products = entries.filter((entry) => entry.kind === 'product');
    const orders = entries.filter((entry) => entry.kind === 'order');
    return [
      ...(products.length > 0 ? [saveProducts(tx, products)] : []),
      ...(orders.length > 0 ? [saveOrders(tx, orders)] : []),
    ];
  },
};

async function loadProducts(
  tx: Transaction,
  ids: string[],
  orderIds: string[],
  serviceIds: string[],
): Promise<ProductState[]> {
  if (ids.length + orderIds.length + serviceIds.length === 0) return [];
  // The ids are an array, so that they are found once. Of a row it had to wait for, PostgreSQL asks again whether it is meant,
  // and joined with the rest of the statement it was not: it was left out.
  const rows = await tx<ProductRow[]>`
    select id, family, doc, due_at, deleted from product_inventory.product
    where id = any(array(
      select id from product_inventory.product where family in (
        select family from product_inventory.product where id = any(${ids})
        union all select family from product_inventory.product where claimed_by = any(${orderIds})
        union all select family from product_inventory.product where service_ids && ${serviceIds}::text[]
      )
    ))
    order by id for update`;
  return rows.map(productState);
}

async function loadOrders(tx: Transaction, ids: string[]): Promise<OrderState[]> {
  if (ids.length === 0) return [];
  const rows = await tx<{ id: string; doc: Omit<OrderState, 'kind' | 'orderId'> }[]>`
    select id, doc from product_inventory.known_order where id = any(${ids}) order by id for update`;
  return rows.map(({ id, doc }) => ({ ...doc, kind: 'order', orderId: id }));
}

const realizations = (products: readonly ProductState[], serviceIds: readonly string[]): Entry[] =>
  serviceIds.flatMap((serviceId): Entry[] => {
    const realized = products.filter((one) => servicesOf(one).includes(serviceId));
    if (realized.length === 0) return [];
    return [{ kind: 'service', serviceId, productIds: realized.map((one) => one.product.id) }];
  });

const servicesOf = ({ product: { components }, deleted }: ProductState): string[] =>
  deleted ? [] : components.map(({ serviceId }) => serviceId);

function saveProducts(tx: Transaction, states: readonly ProductState[]): Statement {
  // The release before counts looks, and takes no row without the number.
  const docs = states.map(({ kind: _kind, family: _family, dueAt: _due, deleted: _deleted, ...doc }) =>
    JSON.stringify({ ...doc, looks: 0 }),
  );
  // Arrays of different lengths have to travel as JSON.
  return tx`
    insert into product_inventory.product
      (id, revision, family, status, claimed_by, due_at, doc, deleted, service_ids, updated_at)
    select id, revision, family, status, claimed_by, due_at, doc, deleted,
      array(select jsonb_array_elements_text(services)), now()
    from unnest(
      ${states.map((s) => s.product.id)}::text[],
      ${states.map((s) => s.product.revision)}::bigint[],
      ${states.map((s) => s.family)}::text[],
      ${states.map((s) => s.product.status)}::text[],
      ${states.map((s) => s.product.claim?.orderId ?? null)}::text[],
      ${states.map((s) => s.dueAt?.toISOString() ?? null)}::text[]::timestamptz[],
      ${docs}::text[]::jsonb[],
      ${states.map((s) => String(s.deleted))}::text[]::boolean[],
      ${states.map((s) => JSON.stringify(servicesOf(s)))}::text[]::jsonb[]
    ) as written (id, revision, family, status, claimed_by, due_at, doc, deleted, services)
    on conflict (id) do update set
      revision = excluded.revision, family = excluded.family, status = excluded.status, claimed_by = excluded.claimed_by,
      due_at = excluded.due_at, doc = excluded.doc, deleted = excluded.deleted, service_ids = excluded.service_ids,
      updated_at = excluded.updated_at`;
}

function saveOrders(tx: Transaction, orders: readonly OrderState[]): Statement {
  const docs = orders.map(({ kind: _kind, orderId: _id, ...doc }) => JSON.stringify(doc));
  return tx`
    insert into product_inventory.known_order (id, doc, updated_at)
    select *, now() from unnest(${orders.map((one) => one.orderId)}::text[], ${docs}::text[]::jsonb[])
    on conflict (id) do update set doc = excluded.doc, updated_at = excluded.updated_at`;
}

/** Products whose alarm rings. */
export const productRows: DueRows = { table: 'product_inventory.product' };

/** A page of products by id, for a rebuild of the views. */
export async function pageOfProducts(tx: Transaction, after: string | null, limit: number): Promise<ProductState[]> {
  const rows = await tx<ProductRow[]>`
    select id, family, doc, due_at, deleted from product_inventory.product
    where id > ${after ?? ''} order by id limit ${limit}`;
  return rows.map(productState);
}
