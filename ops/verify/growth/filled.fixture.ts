import type { Database } from '../../platform/database.ts';

/** Tables that stay small, whatever a system goes through, and why. */
export const small: Readonly<Record<string, string>> = {
  'platform.migration': 'one row per migration',
  'platform.breaker': 'one row per platform',
  'platform.content': 'one row per version of a specification',
  'platform.marker': 'one row per queue',
  'platform.message_type': 'one row per type of message',
  'service_ordering.duration': 'one row per service type and action',
  'service_ordering.service_specification': 'one row per version of a specification',
  'order_management.rule': 'one row per version of a rule',
  'order_management.recovery_policy': 'one row per revision of a policy',
};

/** Row n: when it was made (the first 500 are past all keeping, the others of the past days), and a UUIDv7 of that moment. */
const made = `
  lateral (select now() - make_interval(days => case when n <= 500 then 800 else 0 end, hours => 96 - n / 600) as ago) a,
  lateral (select lpad(to_hex((extract(epoch from ago) * 1000)::bigint), 12, '0') as ms) m,
  lateral (select substr(ms, 1, 8) || '-' || substr(ms, 9) || '-7000-8000-' || lpad(to_hex(n), 12, '0') as id) i`;
const ahead = `now() + interval '2 days' + make_interval(mins => n / 10)`;
const doc = `jsonb_build_object('filled', n, 'cancellations', '[]'::jsonb, 'held', '[]'::jsonb)`;

/** How row `n` of each table that grows is made: of the past few days, at rest, with nothing to be done about it now. */
const rows: Readonly<Record<string, string>> = {
  'platform.message (message_id, queue, attempt, exchange, routing_key, type, headers, body, created_at, due_at)': `id::uuid, 'k', 1, 'evt', 'k', 'filled.v1', '{}', '{}', ago, ${ahead}`,
  'platform.letter (queue, message_id, attempt, type, headers, body, correlation_id, code, reason, first_failed_at, ended_at, ended)': `'k', id::uuid, 1, 'filled.v1', '{}', '{}', id, 'x', 'x', ago, ago, 'discarded'`,
  'platform.outbox (id, message_id, exchange, routing_key, type, headers, body, created_at, available_at)': `id::uuid, id::uuid, 'evt', 'k', 'filled.v1', '{}', '{}', ago, ${ahead}`,
  'platform.inbox (consumer, message_id, attempt, received_at, correlation_id, type, about)': `'filled', id::uuid, 1, ago, id::uuid, 'filled.v1', 'x'`,
  'platform.crash (consumer, message_id, crashes, last_at)': `'filled', id::uuid, 1, ago`,
  'platform.audit (id, at, actor, verb, subject)': `id::uuid, ago, 'filled', 'none', '{}'`,
  'gateway.submitted (resource, id, document, created_at)': `'serviceOrder', id, '{}', ago`,
  'gateway.view (resource, id, revision, state, doc, created_at, completed_at, updated_at, deleted)': `(array['serviceOrder', 'service', 'productOrder', 'product'])[1 + n % 4], id, 3, 'completed', ${doc}, ago, ago, ago, n % 10 = 0`,
  'gateway.outcome (command_id, resource, resource_id, revision, created_at)': `id::uuid, 'service', id, 1, ago`,
  'gateway.pending_document (command_id, resource, id, document, created_at)': `id::uuid, (array['serviceOrder', 'service', 'productOrder', 'product'])[1 + n % 4], id, '{}', ago`,
  'gateway.idempotency (scope, body_hash, resource, resource_id, command_id, waiting_until, created_at)': `id, '', 'service', id, id::uuid, ago, ago`,
  'service_ordering.service_order (id, revision, state, due_at, doc, updated_at, deleted)': `id, 3, 'completed', case when n % 10 = 0 then ${ahead} end, ${doc}, ago, n % 10 = 0`,
  'service_inventory.service (id, revision, state, doc, updated_at, deleted)': `id, 3, 'active', ${doc}, ago, n % 10 = 0`,
  'activation.activation (id, business_key, service_type, revision, phase, due_at, doc)': `id::uuid, id, (array['broadband', 'voice', 'tv'])[1 + n % 3], 3, 'completed', case when n % 10 = 0 then ${ahead} end, ${doc}`,
  'order_management.product_order (id, revision, state, due_at, doc, updated_at, deleted)': `id, 3, 'completed', case when n % 10 = 0 then ${ahead} end, ${doc}, ago, n % 10 = 0`,
  'order_management.correction (service_id, revision, doc, updated_at)': `id, 3, ${doc}, ago`,
  'product_inventory.product (id, revision, family, status, due_at, doc, service_ids, updated_at, deleted)': `id, 3, id, 'active', ${ahead}, ${doc}, array[id], ago, n % 10 = 0`,
  'product_inventory.known_order (id, doc, updated_at)': `id, ${doc}, ago`,
  'outside_ordering.outside_order (id, service_type, revision, state, due_at, deadline_at, doc)': `id::uuid, 'partner', 3, 'completed', case when n % 10 = 0 then ${ahead} end, ${ahead}, ${doc}`,
};

export const grown: readonly string[] = Object.keys(rows).map((table) => table.split(' ')[0] ?? '');

/** Fills every table that grows. */
export async function fill(sql: Database, count: number): Promise<void> {
  for (const [table, row] of Object.entries(rows))
    await sql.unsafe(`insert into ${table} select ${row} from generate_series(1, ${count}) n, ${made}`);
  await sql.unsafe('vacuum analyze');
}

export const tablesOf = async (sql: Database): Promise<string[]> => {
  const found = await sql<{ name: string }[]>`
    select table_schema || '.' || table_name as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`;
  return found.map(({ name }) => name);
};
