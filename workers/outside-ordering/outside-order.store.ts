import { z } from 'zod';
import { serviceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import { failure } from '../../contracts/messages/values.ts';
import { serviceOrderStates } from '../../contracts/states/service-order.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import { lastWordMs } from './outside-order.decide.ts';
import { type OutsideOrder, steps } from './outside-order.state.ts';

/** The stored document. An attribute that is added is optional: rows of the release before do not have it. */
const stored = z.object({
  id: z.string(),
  revision: z.int(),
  serviceType: z.string(),
  request: serviceOrderRequest.optional(),
  requestedBy: serviceOrderRequest.shape.requestedBy,
  ended: z.boolean(),
  step: z.enum(steps),
  open: z.boolean(),
  attempt: z.int(),
  openedBy: z.int().optional(),
  openedAt: z.string().optional(),
  failures: z.int(),
  uncertainSince: z.string().optional(),
  trouble: failure.optional(),
  remoteId: z.string().optional(),
  missingSince: z.string().optional(),
  cancelling: z
    .object({
      id: z.string(),
      reason: z.string().optional(),
      stage: z.enum(['wanted', 'asked', 'refused']),
      taskId: z.string().optional(),
      failure: failure.optional(),
      missingSince: z.string().optional(),
    })
    .optional(),
  overdue: z.boolean().optional(),
  told: z
    .object({
      state: z.enum(serviceOrderStates),
      failure: failure.optional(),
      cancellationRefused: failure.optional(),
    })
    .optional(),
  orderRevision: z.int(),
  deadlineAt: z.string(),
  origin: z.object({ messageId: z.string(), traceparent: z.string().optional() }).optional(),
});
const documentOf = documentsOf('outside_ordering.outside_order', stored);

/** Orders placed outside, one row each, with the open call in the row: its lease is `due_at`, its fence the attempt. */
export function outsideOrders(committed: NonNullable<Aggregate<OutsideOrder>['committed']>): Aggregate<OutsideOrder> {
  return {
    name: 'outside-order',
    key: (order) => order.id,
    async load(tx, ids) {
      if (ids.length === 0) return new Map();
      const rows = await tx<{ id: string; doc: unknown; due_at: Date | null }[]>`
        select id, doc, due_at from outside_ordering.outside_order
        where id = any(${ids as string[]}::uuid[]) order by id for update`;
      return new Map(
        rows.map((row): [string, OutsideOrder] => {
          const doc = documentOf(row) as Omit<OutsideOrder, 'dueAt'>;
          return [doc.id, { ...doc, readAt: doc.revision, dueAt: row.due_at }];
        }),
      );
    },
    save(tx, orders) {
      const docs = orders.map(({ dueAt: _column, readAt: _read, ...doc }) => JSON.stringify(doc));
      const statement = tx`
        insert into outside_ordering.outside_order
          (id, service_type, revision, state, remote_id, due_at, deadline_at, doc, updated_at)
        select *, now() from unnest(
          ${orders.map((one) => one.id)}::uuid[],
          ${orders.map((one) => one.serviceType)}::text[],
          ${orders.map((one) => one.revision)}::bigint[],
          ${orders.map((one) => one.told?.state ?? 'acknowledged')}::text[],
          ${orders.map((one) => one.remoteId ?? null)}::text[],
          ${orders.map((one) => one.dueAt?.toISOString() ?? null)}::text[]::timestamptz[],
          ${orders.map((one) => one.deadlineAt)}::text[]::timestamptz[],
          ${docs}::text[]::jsonb[]
        )
        on conflict (id) do update set
          service_type = excluded.service_type, revision = excluded.revision, state = excluded.state,
          remote_id = excluded.remote_id, due_at = excluded.due_at, deadline_at = excluded.deadline_at,
          doc = excluded.doc, updated_at = excluded.updated_at`;
      return [statement];
    },
    committed,
    origin: ({ id, requestedBy, origin }) => ({
      correlationId: requestedBy?.orderId ?? id,
      causationId: origin?.messageId,
      traceparent: origin?.traceparent,
    }),
  };
}

/**
 * Orders whose lease or waiting time is over.
 *
 * @param heldOff service types whose endpoint is not to be asked now: of those only the ones that are out of time
 */
export const outsideOrderRows = (heldOff: () => readonly string[]): DueRows => ({
  table: 'outside_ordering.outside_order',
  among: (sql) => sql`(
    service_type <> all(${heldOff() as string[]})
    or deadline_at + make_interval(secs => ${lastWordMs / 1_000}) <= now()
    or (remote_id is null and doc ->> 'uncertainSince' is null and deadline_at <= now()))`,
});
