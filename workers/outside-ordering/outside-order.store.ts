import { serviceOrderStates } from '../../contracts/states/service-order.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import { lastWordMs } from './outside-order.decide.ts';
import { type OutsideOrder, cancellingStages, steps } from './outside-order.state.ts';

/** The stored document: an attribute that is added is optional, since rows of the release before do not have it. */
type Stored = Omit<OutsideOrder, 'dueAt' | 'readAt'>;
const documentOf = documentsOf<Stored>('outside_ordering.outside_order', ({ step, cancelling, told }) => [
  [steps, step],
  [cancellingStages, cancelling?.stage],
  [serviceOrderStates, told?.state],
]);

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
          const doc = documentOf(row);
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
