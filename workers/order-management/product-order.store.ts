import { z } from 'zod';
import { type RecoveryPolicy, errorClasses } from '../../contracts/messages/decomposition.ts';
import {
  productOrder,
  productOrderCancellation,
  productOrderPlan,
  productOrderRequest,
} from '../../contracts/messages/order-management.ts';
import { product } from '../../contracts/messages/product-inventory.ts';
import { failure, instant } from '../../contracts/messages/values.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Statement } from '../../ops/platform/messaging/pipelined.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import type { OrderState } from './order.state.ts';

const stageTriggers = ['allDone', 'someDone', 'noneDone', 'cancel', 'reject'] as const;

/** The stored document. An attribute that is added is optional: rows of the release before do not have it. */
const stored = z.object({
  order: productOrder,
  plan: productOrderPlan.nullable(),
  planned: z.boolean(),
  products: z.array(product),
  // Checked when they are published, and closed: people write them.
  policies: z.array(z.custom<RecoveryPolicy>()),
  work: z.record(
    z.string(),
    z.object({
      heard: z.int(),
      serviceOrders: z.array(z.string()),
      landed: z.boolean(),
      goal: z.enum(['deliver', 'takeBack']),
      retries: z.partialRecord(z.enum([...errorClasses, 'undo']), z.int()),
      waitUntil: instant.optional(),
      trouble: z.enum(errorClasses).optional(),
      asked: z.object({ id: z.string(), round: z.int(), refused: failure.optional() }).optional(),
      asks: z.int(),
      spoiled: failure.optional(),
      heldHere: z.boolean().optional(),
      fellOut: z.boolean().optional(),
    }),
  ),
  givenUp: z.record(z.string(), z.enum(['failed', 'rolledBack', 'leftOut', 'cancelled'])),
  claim: z.enum(['none', 'asked', 'granted']),
  records: z.int(),
  ending: z.enum(stageTriggers).nullable(),
  cancellations: z.array(productOrderCancellation),
  followUps: z.array(productOrderRequest),
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
const documentOf = documentsOf('order_management.product_order', stored);

interface Row {
  id: string;
  doc: unknown;
  due_at: Date | null;
  deleted: boolean;
}

const stateOf = (row: Row): OrderState => ({
  ...(documentOf(row) as Omit<OrderState, 'dueAt' | 'deleted'>),
  dueAt: row.due_at,
  deleted: row.deleted,
});

/** Product orders, one row each. What happens to one is part of its story, whichever service order tells it. */
export const productOrders: Aggregate<OrderState> = {
  name: 'product-order',
  key: (state) => state.order.id,
  load: lockProductOrders,
  save: saveProductOrders,
  origin: (state) => ({ correlationId: state.order.id }),
};

async function lockProductOrders(tx: Transaction, ids: readonly string[]): Promise<Map<string, OrderState>> {
  if (ids.length === 0) return new Map();
  const rows = await tx<Row[]>`
    select id, doc, due_at, deleted from order_management.product_order
    where id = any(${ids as string[]}) order by id for update`;
  return new Map(rows.map(stateOf).map((state) => [state.order.id, state]));
}

function saveProductOrders(tx: Transaction, states: readonly OrderState[]): readonly Statement[] {
  // The release before counts reminders, and takes no row without the number.
  const docs = states.map(({ dueAt: _due, deleted: _deleted, ...doc }) => JSON.stringify({ ...doc, reminders: 0 }));
  const statement = tx`
    insert into order_management.product_order as o (id, revision, state, due_at, doc, deleted, updated_at)
    select *, now() from unnest(
      ${states.map((s) => s.order.id)}::text[],
      ${states.map((s) => s.order.revision)}::bigint[],
      ${states.map((s) => s.order.state)}::text[],
      ${states.map((s) => s.dueAt?.toISOString() ?? null)}::text[]::timestamptz[],
      ${docs}::text[]::jsonb[],
      ${states.map((s) => String(s.deleted))}::text[]::boolean[]
    )
    on conflict (id) do update set
      revision = excluded.revision, state = excluded.state, due_at = excluded.due_at, doc = excluded.doc,
      deleted = excluded.deleted, updated_at = excluded.updated_at`;
  return [statement];
}

/** Orders whose alarm rings. */
export const productOrderRows: DueRows = { table: 'order_management.product_order' };

/** A page of orders by id, for a rebuild of the views. */
export async function pageOfProductOrders(tx: Transaction, after: string | null, limit: number): Promise<OrderState[]> {
  const rows = await tx<Row[]>`
    select id, doc, due_at, deleted from order_management.product_order
    where id > ${after ?? ''} order by id limit ${limit}`;
  return rows.map(stateOf);
}
