import { errorClasses } from '../../contracts/messages/decomposition.ts';
import { deliveryProgress } from '../../contracts/messages/order-management.ts';
import {
  productOrderCancellationStates,
  productOrderStages,
  productOrderStates,
} from '../../contracts/states/product-order.ts';
import { productStatuses } from '../../contracts/states/product.ts';
import { orderItemActions } from '../../contracts/states/service-order.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Statement } from '../../ops/platform/messaging/pipelined.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import { type OrderState, claimStates, goals, waysToGiveUp } from './order.state.ts';
import type { StageTrigger } from './product-order.machine.ts';

const endings: readonly StageTrigger[] = ['allDone', 'someDone', 'noneDone', 'cancel', 'reject'];

/** The stored document: an attribute that is added is optional, since rows of the release before do not have it. */
type Stored = Omit<OrderState, 'dueAt' | 'deleted'>;
const documentOf = documentsOf<Stored>(
  'order_management.product_order',
  ({ order, products, work, givenUp, claim, ending, cancellations }) => [
    [productOrderStages, order.stage],
    [productOrderStates, order.state],
    [deliveryProgress.shape.state.options, ...order.deliveries.map(({ state }) => state)],
    [deliveryProgress.shape.purpose.options, ...order.deliveries.map(({ purpose }) => purpose)],
    [orderItemActions, ...order.request.items.map(({ action }) => action)],
    [productStatuses, ...products.map(({ status }) => status)],
    [goals, ...Object.values(work).map(({ goal }) => goal)],
    [errorClasses, ...Object.values(work).map(({ trouble }) => trouble)],
    [waysToGiveUp, ...Object.values(givenUp)],
    [claimStates, claim],
    [endings, ending],
    [productOrderCancellationStates, ...cancellations.map(({ state }) => state)],
  ],
);

interface Row {
  id: string;
  doc: unknown;
  due_at: Date | null;
  deleted: boolean;
}

const stateOf = (row: Row): OrderState => ({
  ...documentOf(row),
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
