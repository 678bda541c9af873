import type { Database } from '../../platform/database.ts';

/** How far the fleet is, counted in its own tables. */
export interface Progress {
  /** Orders that were accepted and have not ended. */
  readonly unfinished: number;
  /** Service orders that have not ended, whoever asked for them. */
  readonly running: number;
  readonly outbox: number;
  /** Activations with an open intent. */
  readonly intents: number;
  /** Aggregates whose view is at another revision. */
  readonly viewsBehind: number;
  /** Messages whose effect is committed, and how many of them were handled more than once before. */
  readonly handled: number;
  readonly retried: number;
}

const ended = ['completed', 'partial', 'failed', 'rejected', 'cancelled'];

export async function readProgress(sql: Database): Promise<Progress> {
  const [row] = await sql<Progress[]>`
    select
      (select count(*)::int from (${open(sql)}) unfinished) as unfinished,
      (select count(*)::int from service_ordering.service_order where state <> all(${ended})) as running,
      (select count(*)::int from platform.message) as outbox,
      (select count(*)::int from activation.activation where due_at is not null) as intents,
      (select count(*)::int from (${behind(sql)}) behind) as "viewsBehind",
      (select count(*)::int from platform.inbox) as handled,
      (select count(*)::int from platform.inbox where attempt > 1) as retried`;
  if (row === undefined) throw new Error('a count has one row');
  return row;
}

/**
 * Products that run and do not say yet how one of their services is: an order gives a product back first and has its services
 * told then.
 */
export async function countUntold(sql: Database): Promise<number> {
  const [row] = await sql<{ untold: number }[]>`
    select count(*)::int as untold from product_inventory.product
    where status = 'active' and claimed_by is null and not deleted
      and jsonb_path_exists(doc, '$.product.components[*] ? (!exists(@.service))')`;
  return row?.untold ?? 0;
}

/** Orders that were accepted and have not ended. */
export async function countUnfinished(sql: Database): Promise<number> {
  const [row] = await sql<{ unfinished: number }[]>`
    select count(*)::int as unfinished from (${open(sql)}) unfinished`;
  return row?.unfinished ?? 0;
}

const open = (sql: Database) => sql`
  select id from gateway.submitted where resource = 'serviceOrder'
  except
  select id from service_ordering.service_order where state = any(${ended})
  union all
  (select id from gateway.submitted where resource = 'productOrder'
   except
   select id from order_management.product_order where state = any(${ended}))`;

/** Views that say something else than the aggregate they show, or that have none. */
export async function findViewsBehind(sql: Database): Promise<string[]> {
  const rows = await sql<{ what: string }[]>`select what from (${behind(sql)}) behind order by what limit 20`;
  return rows.map(({ what }) => what);
}

const behind = (sql: Database) => sql`
  with domain as (
    select 'serviceOrder' as resource, id, revision, state, deleted from service_ordering.service_order
    union all
    select 'service', id, revision, state, deleted from service_inventory.service
    union all
    select 'productOrder', id, revision, state, deleted from order_management.product_order
    union all
    select 'product', id, revision, status, deleted from product_inventory.product
  ), shown as (
    select resource, id, revision, state, deleted from gateway.view
    where resource in ('serviceOrder', 'service', 'productOrder', 'product')
  )
  select format('%s %s: view %s %s, domain %s %s', resource, id, shown.revision, shown.state, domain.revision, domain.state) as what
  from domain full join shown using (resource, id)
  where domain.revision is distinct from shown.revision or domain.state is distinct from shown.state
     or domain.deleted is distinct from shown.deleted`;

/**
 * Changes that should be over: services and products still claimed or waited for, orders that have not ended or still want to be
 * looked at, activations that did not conclude, counted crashes. Of
 * the outbox, what lies there for some seconds: in a quiet system a release is said again now and then.
 */
export async function findLeftOpen(sql: Database): Promise<string[]> {
  const rows = await sql<{ what: string }[]>`
    select format('service %s is still claimed by %s', id, doc -> 'service' -> 'claim') as what
    from service_inventory.service where doc -> 'service' -> 'claim' <> 'null' or jsonb_array_length(doc -> 'waiting') > 0
    union all
    select format('product %s (%s) is still claimed by %s', id, status, claimed_by)
    from product_inventory.product where claimed_by is not null
    union all
    select format('product order %s is %s, to be looked at %s', id, state, due_at)
    from order_management.product_order where state <> all(${ended}) or due_at is not null
    union all
    select format('service order %s is %s', id, state) from service_ordering.service_order where state <> all(${ended})
    union all
    select format('activation %s of %s is %s', id, business_key, phase)
    from activation.activation where phase not in ('completed', 'failed', 'cancelled') or due_at is not null
    union all
    select format('%s has not received %s: %s', queue, type,
                  case when returned_at is not null then 'no queue' when due_at is not null then 'not published' else 'handed over' end)
    from platform.message
    where created_at < now() - interval '2 seconds'
    union all
    select format('%s crashed %s times in %s', message_id, crashes, consumer) from platform.crash
    limit 20`;
  return rows.map(({ what }) => what);
}

/** How many orders there are per externalId, where it is not one. */
export async function findRepeatedOrders(sql: Database): Promise<string[]> {
  const rows = await sql<{ what: string }[]>`
    select format('%s was accepted %s times', document ->> 'externalId', count(*)) as what
    from gateway.submitted where resource in ('serviceOrder', 'productOrder')
    group by document ->> 'externalId' having count(*) > 1 limit 20`;
  return rows.map(({ what }) => what);
}

/** The ids of clients' commands that no confirm, retry or receiver has touched: workers' commands name their sender. */
export async function readUnpublished(sql: Database): Promise<readonly string[]> {
  const rows = await sql<{ id: string }[]>`
    select message_id as id from platform.message
    where exchange = 'cmd' and attempt = 1 and handed_over_at is null and headers ->> 'sender' is null`;
  return rows.map(({ id }) => id);
}

/** How many of these messages nobody has handled. */
export async function countThere(sql: Database, ids: readonly string[]): Promise<number> {
  const [row] = await sql<{ there: number }[]>`
    select count(*)::int as there from platform.message where message_id = any(${[...ids]})`;
  return row?.there ?? 0;
}

/** Has what a queue holds sent to it again and again, as messages of their own, until so many were: to their receiver it is old news. */
export async function copyBacklog(sql: Database, queue: string, wanted: number): Promise<void> {
  for (let copies = 0; copies < wanted;) {
    const { count } = await sql`
      insert into platform.message (message_id, queue, attempt, exchange, routing_key, type, headers, body, due_at)
      select gen_random_uuid(), queue, attempt, '', queue, type, headers, body, now()
      from platform.message where queue = ${queue} and exchange = 'evt'`;
    if (count === 0) throw new Error(`${queue} holds nothing that could be copied.`);
    copies += count;
  }
}
