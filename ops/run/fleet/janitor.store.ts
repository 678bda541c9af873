import type { Database } from '../../platform/database.ts';

/** Rows a statement removes at most: some milliseconds of work, and few enough to be no burden to autovacuum. */
const piece = 5_000;

/** Removes Idempotency-Keys, a piece at a time; returns how many went. */
export async function forgetOldKeys(sql: Database, keepDays: number): Promise<number> {
  const removed = await sql`
    delete from gateway.idempotency where ctid = any(array(
      select ctid from gateway.idempotency where created_at < now() - make_interval(days => ${keepDays}) limit ${piece}))`;
  return removed.count;
}

/** Removes outcomes of awaited commands, a piece at a time; returns how many went. */
export async function forgetOldOutcomes(sql: Database, keepDays: number): Promise<number> {
  const removed = await sql`
    delete from gateway.outcome where ctid = any(array(
      select ctid from gateway.outcome where created_at < now() - make_interval(days => ${keepDays}) limit ${piece}))`;
  return removed.count;
}

/** Removes documents of commands that were never answered, a piece at a time: their ids say when these were sent. */
export async function forgetOldPendingDocuments(sql: Database, keepDays: number): Promise<number> {
  const removed = await sql`
    delete from gateway.pending_document where command_id = any(array(
      select command_id from gateway.pending_document
      where command_id < ${firstIdSince(new Date(Date.now() - keepDays * 86_400_000))}::uuid
        and created_at < now() - make_interval(days => ${keepDays})
      order by command_id limit ${piece}))`;
  return removed.count;
}

/** The smallest UUIDv7 of a moment. */
const firstIdSince = (moment: Date): string => {
  const hex = moment.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
};

/** Removes what is remembered of product orders that hold no product, a piece at a time; returns how many went. */
export async function forgetReleasedOrders(sql: Database, keepDays: number): Promise<number> {
  const removed = await sql`
    delete from product_inventory.known_order where ctid = any(array(
      select ctid from product_inventory.known_order
      where updated_at < now() - make_interval(days => ${keepDays}) and doc -> 'held' = '[]'
      limit ${piece}))`;
  return removed.count;
}

/** Removes counts of crashes whose message never came again. There are as many as messages have crashed a worker: few. */
export async function forgetOldCrashes(sql: Database, keepDays: number): Promise<number> {
  const removed = await sql`delete from platform.crash where last_at < now() - make_interval(days => ${keepDays})`;
  return removed.count;
}
