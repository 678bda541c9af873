import { z } from 'zod';
import { serviceSpecification } from '../../contracts/messages/service-catalog.ts';
import { service, supportingService } from '../../contracts/messages/service-inventory.ts';
import { cancellation, serviceOrder } from '../../contracts/messages/service-ordering.ts';
import { characteristics, failure } from '../../contracts/messages/values.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Statement } from '../../ops/platform/messaging/pipelined.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import type { OrderState } from './order.state.ts';

/** The stored document. An attribute that is added is optional: rows of the release before do not have it. */
const stored = z.object({
  order: serviceOrder,
  work: z.record(
    z.string(),
    z.object({
      resolved: z.object({ specification: serviceSpecification, characteristics }).optional(),
      claimNumber: z.int().optional(),
      previous: characteristics.optional(),
      supporting: z.array(supportingService).optional(),
      missing: z.array(z.string()).optional(),
      settled: service.optional(),
      released: z.int().optional(),
      status: z.object({ sequence: z.int(), status: z.enum(['running', 'waiting', 'stalled']) }).optional(),
      unbegun: z.object({ held: z.boolean(), retriedAt: z.string().optional() }).optional(),
      cancelling: z
        .object({
          round: z.int(),
          verdict: z.object({ failure: failure.optional(), over: z.boolean() }).optional(),
          again: z.object({ number: z.int().optional(), failure: failure.optional() }).optional(),
          proceeding: z.boolean().optional(),
        })
        .optional(),
    }),
  ),
  cancellations: z.array(cancellation).optional(),
  reminders: z.int(),
});
const documentOf = documentsOf('service_ordering.service_order', stored);

interface Row {
  id: string;
  doc: unknown;
  due_at: Date | null;
  deleted: boolean;
}

const stateOf = (row: Row): OrderState => ({
  // Rows of the release before cancellations have none.
  cancellations: [],
  ...(documentOf(row) as Omit<OrderState, 'dueAt' | 'deleted' | 'cancellations'>),
  dueAt: row.due_at,
  deleted: row.deleted,
});

/** Service orders, one row each. */
export const serviceOrders: Aggregate<OrderState> = {
  name: 'service-order',
  key: (state) => state.order.id,
  load: lockServiceOrders,
  save: saveServiceOrders,
};

async function lockServiceOrders(tx: Transaction, ids: readonly string[]): Promise<Map<string, OrderState>> {
  if (ids.length === 0) return new Map();
  const rows = await tx<Row[]>`
    select id, doc, due_at, deleted from service_ordering.service_order
    where id = any(${ids as string[]}) order by id for update`;
  return new Map(rows.map(stateOf).map((state) => [state.order.id, state]));
}

function saveServiceOrders(tx: Transaction, states: readonly OrderState[]): readonly Statement[] {
  const docs = states.map(({ dueAt: _due, deleted: _deleted, ...doc }) => JSON.stringify(doc));
  const statement = tx`
    insert into service_ordering.service_order as o (id, revision, state, due_at, doc, deleted, updated_at)
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
export const serviceOrderRows: DueRows = { table: 'service_ordering.service_order' };

/** A page of orders by id, for a rebuild of the views. */
export async function pageOfServiceOrders(tx: Transaction, after: string | null, limit: number): Promise<OrderState[]> {
  const rows = await tx<Row[]>`
    select id, doc, due_at, deleted from service_ordering.service_order
    where id > ${after ?? ''} order by id limit ${limit}`;
  return rows.map(stateOf);
}
