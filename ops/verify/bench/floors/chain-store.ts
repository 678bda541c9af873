import type { Sql } from 'postgres';
import { MESSAGES_PER_ORDER, type Message } from './chain.ts';

/** Schema `floor`, ours alone: dropped before and after a run. */
export async function createTables(sql: Sql): Promise<void> {
  await dropTables(sql);
  await sql`create schema floor`;
  await sql`create table floor.orders (id uuid primary key, revision int not null, state text not null, open int not null, payload text not null)`;
  await sql`create table floor.inbox (consumer text not null, message_id uuid not null, primary key (consumer, message_id))`;
  await sql`create table floor.outbox (id uuid primary key, body text not null, created_at timestamptz not null default now())`;
}

export async function dropTables(sql: Sql): Promise<void> {
  await sql`drop schema if exists floor cascade`;
}

/** Deletes rows the broker has confirmed, many at once. */
export async function deleteSent(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql`delete from floor.outbox where id = any(${[...ids]}::uuid[])`;
}

/** Rows whose direct publish was lost: older than two seconds. */
export async function leftovers(sql: Sql): Promise<Message[]> {
  const rows = await sql<{ body: string }[]>`
    select body from floor.outbox where created_at < now() - interval '2 seconds' order by id limit 1000`;
  return rows.map((row) => JSON.parse(row.body) as Message);
}

/** Holds the tables against what `orders` completed orders must have left behind. @throws when an effect is missing or doubled */
export async function verify(sql: Sql, orders: number): Promise<void> {
  const [found] = await sql<{ completed: number; revisions: number; inbox: number; outbox: number }[]>`
    select (select count(*)::int from floor.orders where state = 'completed' and open = 0) as completed,
           (select coalesce(sum(revision), 0)::int from floor.orders) as revisions,
           (select count(*)::int from floor.inbox) as inbox,
           (select count(*)::int from floor.outbox) as outbox`;
  // Each message of an order writes it once, so the revisions count effects: none missing, none twice.
  const effects = orders * MESSAGES_PER_ORDER;
  const due = { completed: orders, revisions: effects, inbox: effects, outbox: 0 };
  if (JSON.stringify(found) !== JSON.stringify(due)) {
    throw new Error(`the chain left ${JSON.stringify(found)} where ${orders} orders make ${JSON.stringify(due)}`);
  }
}
