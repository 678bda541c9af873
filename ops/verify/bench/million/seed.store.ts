import type { Database } from '../../../platform/database.ts';

/** What is varied from order to order; the rest is as the fleet left the order that is multiplied. */
export const SPREAD = { parties: 50_000, categories: 20, days: 365 };

export const externalIdOf = (n: number): string => `order-${n}`;
export const partyOf = (n: number): string => `customer-${n % SPREAD.parties}`;
export const categoryOf = (n: number): string => `Category${n % SPREAD.categories}`;
/** One order in so many has a characteristic with a value that no other has: {@link hostOf}. */
export const HOST_EVERY = 1_000;
export const hostOf = (n: number): string => `host-${n}.example.net`;

/** The order that is multiplied, and the value of that characteristic in it. */
export interface Pattern {
  readonly id: string;
  readonly host: string;
}

/**
 * Takes the indexes of the tables that are filled away, so that they can be made again afterwards: 1,000,000 rows into
 * nine trees one by one take several times as long. What the gateway looks into all the time, and no copy is in, stays.
 *
 * @returns the statements that make them
 */
export async function dropIndexes(sql: Database): Promise<string[]> {
  const indexes = await sql<{ name: string; definition: string }[]>`
    select i.schemaname || '.' || quote_ident(i.indexname) as name, i.indexdef as definition
    from pg_indexes i
    where (i.schemaname, i.tablename) in (('gateway', 'view'), ('gateway', 'submitted'), ('service_ordering', 'service_order'))
      and i.indexdef not like '%(revision = 0)%'
      and not exists (
        select from pg_constraint c
        where c.conname = i.indexname and c.conrelid = (quote_ident(i.schemaname) || '.' || quote_ident(i.tablename))::regclass
      )`;
  for (const { name } of indexes) await sql.unsafe(`drop index ${name}`);
  return indexes.map(({ definition }) => definition);
}

export async function createIndex(sql: Database, definition: string): Promise<void> {
  await sql.unsafe(definition);
}

/**
 * Multiplies the order `pattern` is of: copies `from` to `to`, in the read model, as it was submitted, and as service
 * ordering holds it (there the row alone is another, no query reads its document). The higher the number, the newer the
 * order; one of a hundred each is held, failed, cancelled and in progress as clients see it.
 */
export async function multiply(
  sql: Database,
  { id, host }: Pattern,
  { from, to, of }: { from: number; to: number; of: number },
): Promise<void> {
  const stepMs = (SPREAD.days * 86_400_000) / of;
  await sql`
    with copy as materialized (
      select n, at, state, ended, party,
             substr(head, 1, 8) || '-' || substr(head, 9, 4) || '-7' || substr(tail, 1, 3) || '-8' || substr(tail, 4, 3)
               || '-' || substr(tail, 7, 12) as id,
             jsonb_build_object(
               'externalId', 'order-' || n,
               'category', 'Category' || n % ${SPREAD.categories}::int,
               'relatedParty', jsonb_build_array(jsonb_build_object(
                 'id', party, 'role', 'customer', '@type', 'RelatedParty', '@referredType', 'Organization'))
             ) as said
      from (
        select n, at, md5(n::text) as tail, lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as head,
               'customer-' || n % ${SPREAD.parties}::int as party, state, state not in ('held', 'inProgress') as ended
        from (
          select n, date_trunc('milliseconds', now()) - make_interval(secs => (${of}::int - n) * ${stepMs}::float8 / 1000) as at,
                 case n / ${SPREAD.categories}::int % 100 when 11 then 'held' when 36 then 'failed' when 61 then 'cancelled' when 86 then 'inProgress'
                              else 'completed' end as state
          from generate_series(${from}::int, ${to}::int - 1) as n
        ) as timed
      ) as numbered
    ), shown as (
      insert into gateway.view
        (resource, id, revision, state, doc, external_id, category, party_ids, created_at, start_at, completed_at)
      select 'serviceOrder', copy.id, pattern.revision, copy.state,
             ((case when n % ${HOST_EVERY}::int = 0
                    then replace(doc::text, ${host}, 'host-' || n || '.example.net')::jsonb else doc end) - 'completionDate')
               || said || jsonb_build_object(
                 'id', copy.id, 'state', copy.state,
                 'orderDate', to_char(at at time zone 'UTC', ${INSTANT}),
                 'startDate', to_char((at + interval '40 ms') at time zone 'UTC', ${INSTANT}))
               || case when ended then jsonb_build_object(
                    'completionDate', to_char((at + interval '95 s') at time zone 'UTC', ${INSTANT})) else '{}' end,
             said ->> 'externalId', said ->> 'category', array[party], at, at + interval '40 ms',
             case when ended then at + interval '95 s' end
      from copy, gateway.view as pattern
      where pattern.resource = 'serviceOrder' and pattern.id = ${id}
    ), sent as (
      insert into gateway.submitted (resource, id, document)
      select 'serviceOrder', copy.id, document::jsonb || said
      from copy, gateway.submitted as pattern
      where pattern.resource = 'serviceOrder' and pattern.id = ${id}
    )
    insert into service_ordering.service_order (id, revision, state, doc)
    select copy.id, pattern.revision, copy.state, doc
    from copy, service_ordering.service_order as pattern
    where pattern.id = ${id}`;
}

const INSTANT = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';

/** For a pool of one connection: what it runs from now on is not stopped. */
export async function withoutTimeout(sql: Database): Promise<void> {
  await sql`set statement_timeout = 0`;
}

/** As autovacuum would sooner or later. */
export async function settle(sql: Database): Promise<void> {
  await sql`vacuum (analyze) gateway.view`;
  await sql`vacuum (analyze) gateway.submitted`;
  await sql`vacuum (analyze) service_ordering.service_order`;
}
