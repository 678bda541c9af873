import type postgres from 'postgres';
import type { Database, Queryable } from '../database.ts';

/** The rows of a table whose alarms ring. */
export interface DueRows {
  /**
   * With its schema. Its columns `id`, `due_at` (when to look at the row, by the database's clock), `alarm_for` and
   * `alarm_until` (nobody's but this file's), and an index on the expression by which they are found: see migration 022.
   */
  readonly table: string;
  /** Which of its rows, as a condition on its columns; all of them unless told. Asked each time. */
  readonly among?: (sql: Database) => postgres.Fragment;
}

/** A row whose time has come. */
export interface DueRow {
  readonly id: string;
  /** The time that came, exactly. */
  readonly dueAt: string;
}

/** An alarm that was taken and led to nothing, because its process died, rings again after this long. */
const leaseSeconds = 10;

/**
 * Takes rows whose time has come, those first that have waited longest, and leases them to the caller: a row that cannot
 * be handled goes to the back. `due_at` stays as it is.
 */
export async function leaseDueRows(sql: Database, { table, among }: DueRows, limit: number): Promise<DueRow[]> {
  return sql<DueRow[]>`
    update ${sql(table)} as taken
    set alarm_for = due_at, alarm_until = now() + make_interval(secs => ${leaseSeconds})
    from (
      select id from ${sql(table)}
      where due_at is not null and case when alarm_for = due_at then alarm_until else due_at end <= now()
        and ${among?.(sql) ?? sql`true`}
      order by case when alarm_for = due_at then alarm_until else due_at end limit ${limit} for update skip locked
    ) as waiting
    where taken.id = waiting.id
    returning taken.id::text as id, taken.due_at::text as "dueAt"`;
}

/** Has an alarm that failed ring again in so many milliseconds, unless its row was saved since. */
export async function postponeAlarm(
  sql: Queryable,
  { table }: DueRows,
  { id, dueAt }: DueRow,
  inMs: number,
): Promise<void> {
  await sql`
    update ${sql(table)} set alarm_until = now() + make_interval(secs => ${inMs / 1_000})
    where id = ${id} and due_at = ${dueAt}::text::timestamptz and alarm_for = due_at`;
}
