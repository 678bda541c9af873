import type { Queryable } from './database.ts';

export interface InboxKey {
  readonly messageId: string;
  readonly attempt: number;
}

/**
 * Claims messages for a consumer in one statement and tells the time by the database's clock.
 * Ids are sorted: unsorted multi-row claims deadlock.
 *
 * @returns the keys that are new, as `<message id>/<attempt>`; the others are done already
 */
export async function claimInbox(
  sql: Queryable,
  consumer: string,
  keys: readonly InboxKey[],
): Promise<{ fresh: Set<string>; now: Date }> {
  const sorted = keys.toSorted((a, b) =>
    a.messageId < b.messageId ? -1 : a.messageId > b.messageId ? 1 : a.attempt - b.attempt,
  );
  const rows = await sql<{ key: string | null; now: Date }[]>`
    with claimed as (
      insert into platform.inbox (consumer, message_id, attempt)
      select ${consumer}::text, * from unnest(${sorted.map((k) => k.messageId)}::uuid[], ${sorted.map((k) => k.attempt)}::int[])
      on conflict do nothing
      returning message_id || '/' || attempt as key
    )
    select claimed.key, clock_timestamp() as now from (select) one left join claimed on true`;
  const now = rows[0]?.now ?? new Date();
  return { fresh: new Set(rows.flatMap((row) => row.key ?? [])), now };
}

export const inboxKey = ({ messageId, attempt }: InboxKey): string => `${messageId}/${attempt}`;

/** Counts a handling that may crash its process, before it is tried. Returns how often it was begun and not ended. */
export async function countCrash(sql: Queryable, consumer: string, messageId: string): Promise<number> {
  const [row] = await sql<{ crashes: number }[]>`
    insert into platform.crash (consumer, message_id, crashes) values (${consumer}, ${messageId}, 1)
    on conflict (consumer, message_id) do update set crashes = platform.crash.crashes + 1, last_at = now()
    returning crashes`;
  return row?.crashes ?? 1;
}

export async function forgetCrashes(sql: Queryable, consumer: string, messageId: string): Promise<void> {
  await sql`delete from platform.crash where consumer = ${consumer} and message_id = ${messageId}`;
}

/** Removes what is past the longest replay window. A bounded piece at a time; returns how many rows went. */
export async function forgetOldInbox(sql: Queryable, keepDays: number): Promise<number> {
  const removed = await sql`
    delete from platform.inbox where ctid = any(array(
      select ctid from platform.inbox where received_at < now() - make_interval(days => ${keepDays}) limit 5000))`;
  return removed.count;
}
