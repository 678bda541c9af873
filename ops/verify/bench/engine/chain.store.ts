import type { Database } from '../../../platform/database.ts';
import type { Aggregate } from '../../../platform/messaging/handler.ts';
import { MESSAGES_PER_ORDER, type Order } from '../floors/chain.ts';

export async function createTables(sql: Database): Promise<void> {
  await sql`create schema bench`;
  await sql`create table bench.orders (id uuid primary key, revision int not null, state text not null, open int not null, payload text not null)`;
}

/** The chain's orders, as the batched floor reads and writes them. */
export function chainOrders(completed: (orders: number) => void): Aggregate<Order> {
  return {
    name: 'bench-order',
    key: ({ id }) => id,
    async load(tx, ids) {
      const found = await tx<Order[]>`
        select id, revision, state, open, payload from bench.orders
        where id = any(${ids as string[]}::uuid[]) order by id for update`;
      return new Map(found.map((order) => [order.id, order]));
    },
    save(tx, orders) {
      const statement = tx`
        insert into bench.orders (id, revision, state, open, payload)
        select * from unnest(
          ${orders.map((one) => one.id)}::uuid[],
          ${orders.map((one) => one.revision)}::int[],
          ${orders.map((one) => one.state)}::text[],
          ${orders.map((one) => one.open)}::int[],
          ${orders.map((one) => one.payload)}::text[]
        )
        on conflict (id) do update set
          revision = excluded.revision, state = excluded.state, open = excluded.open, payload = excluded.payload`;
      return [statement];
    },
    committed: (orders) => completed(orders.filter(({ state }) => state === 'completed').length),
  };
}

/** Holds the tables against what `orders` completed orders must have left behind. @throws when an effect is missing or doubled */
export async function verify(sql: Database, orders: number): Promise<void> {
  const [found] = await sql<{ completed: number; revisions: number; inbox: number; outbox: number }[]>`
    select (select count(*)::int from bench.orders where state = 'completed' and open = 0) as completed,
           (select coalesce(sum(revision), 0)::int from bench.orders) as revisions,
           (select count(*)::int from platform.inbox) as inbox,
           (select count(*)::int from platform.message) as outbox`;
  // Each message of an order writes it once, so the revisions count effects: none missing, none twice.
  const effects = orders * MESSAGES_PER_ORDER;
  const due = { completed: orders, revisions: effects, inbox: effects, outbox: 0 };
  if (JSON.stringify(found) !== JSON.stringify(due)) {
    throw new Error(`the engine left ${JSON.stringify(found)} where ${orders} orders make ${JSON.stringify(due)}`);
  }
}
