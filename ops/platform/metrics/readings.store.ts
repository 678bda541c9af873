import type { Queryable } from '../database.ts';

/** What the database alone knows of the fleet's condition. Ages in seconds, by the database's clock. */
export interface Readings {
  readonly outbox: { readonly messages: number; readonly oldestSeconds: number; readonly returned: number };
  /** By platform; one that never failed has no row. */
  readonly breakers: Readonly<Record<string, 'closed' | 'open' | 'ramping'>>;
  /** By service type. */
  readonly held: Readonly<Record<string, number>>;
  /** By state, those that are not an end. */
  readonly openOrders: Readonly<Record<string, number>>;
}

/** More than this is told as this: an exact count of a long backlog would cost what the backlog needs. */
const outboxAtMost = 100_000;
const ordersAtMost = 10_000;

/**
 * One statement, every part of it from an index and bounded. A message counts as late only when its time has
 * come: a row that is leased to a relay is due again within ten seconds, a retry that waits longer is not late, and what was
 * handed over is its queue's.
 *
 * @param openStates the states of an order that are not its end
 */
export async function readCondition(sql: Queryable, openStates: readonly string[]): Promise<Readings> {
  const [row] = await sql<Readings[]>`
    with first as (
      select created_at, due_at, returned_at from platform.message where due_at is not null
      order by due_at limit ${ordersAtMost}
    )
    select
      jsonb_build_object(
        'messages', (select count(*) from (select from platform.message limit ${outboxAtMost}) bounded),
        'oldestSeconds', (
          select coalesce(extract(epoch from now() - min(created_at)), 0) from first
          where returned_at is null and due_at <= now() + interval '10 seconds'),
        'returned', (select count(*) from platform.message where returned_at is not null)
      ) as outbox,
      (select coalesce(jsonb_object_agg(platform, state), '{}') from platform.breaker) as breakers,
      (select coalesce(jsonb_object_agg(service_type, held), '{}') from (
         select service_type, count(*) as held from activation.activation where phase = 'stalled' group by service_type
       ) stalled) as held,
      (select coalesce(jsonb_object_agg(state, orders), '{}') from (
         select state, (
           select count(*) from (
             select from gateway.view
             where resource = 'serviceOrder' and view.state = open.state and not deleted limit ${ordersAtMost}
           ) bounded) as orders
         from unnest(${openStates as string[]}::text[]) open (state)
       ) counted) as "openOrders"`;
  if (row === undefined) throw new Error('the database answered a count with nothing');
  return row;
}
