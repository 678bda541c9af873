import type { Queryable } from '../database.ts';
import { storable } from '../storable.ts';
import { type Envelope, envelope, type Publication } from './envelope.ts';
import type { Statement } from './pipelined.ts';

interface OutboxRow {
  id: string;
  message_id: string;
  exchange: string;
  routing_key: string;
  type: string;
  headers: unknown;
  body: string;
  until_seen: boolean;
}

/** A message that was confirmed and not seen is published again after so long, and then after twice as long each time. */
const firstPatienceSeconds = 20;
const longestPatienceSeconds = 600;

/** Writes messages beside the change that causes them, in its transaction. They are ours to publish for two seconds. */
export async function insertOutbox(sql: Queryable, publications: readonly Publication[]): Promise<void> {
  await Promise.all(outboxInserts(sql, publications));
}

/** The same, to be sent with what else a transaction writes. */
export function outboxInserts(sql: Queryable, publications: readonly Publication[]): readonly Statement[] {
  if (publications.length === 0) return [];
  const statement = sql`
    insert into platform.outbox (id, message_id, exchange, routing_key, type, headers, body, patience_s)
    select * from unnest(
      ${publications.map((p) => p.row)}::uuid[],
      ${publications.map((p) => p.id)}::uuid[],
      ${publications.map((p) => p.exchange)}::text[],
      ${publications.map((p) => p.routingKey)}::text[],
      ${publications.map((p) => p.type)}::text[],
      ${publications.map((p) => JSON.stringify(p.envelope))}::text[]::json[],
      ${publications.map((p) => p.body)}::text[],
      ${publications.map((p) => (p.untilSeen === true ? firstPatienceSeconds : null))}::int[]
    )`;
  return [statement];
}

/** Writes messages that wait for their time: retries. Visible, cancellable, the same on every broker version. */
export function scheduledInserts(
  sql: Queryable,
  scheduled: readonly { publication: Publication; availableAt: Date }[],
): readonly Statement[] {
  if (scheduled.length === 0) return [];
  const publications = scheduled.map((s) => s.publication);
  const statement = sql`
    insert into platform.outbox (id, message_id, exchange, routing_key, type, headers, body, available_at)
    select * from unnest(
      ${publications.map((p) => p.row)}::uuid[],
      ${publications.map((p) => p.id)}::uuid[],
      ${publications.map((p) => p.exchange)}::text[],
      ${publications.map((p) => p.routingKey)}::text[],
      ${publications.map((p) => p.type)}::text[],
      ${publications.map((p) => JSON.stringify(p.envelope))}::text[]::json[],
      ${publications.map((p) => p.body)}::text[],
      ${scheduled.map((s) => s.availableAt.toISOString())}::text[]::timestamptz[]
    )`;
  return [statement];
}

/** Forgets messages: the broker has confirmed them, or, of those kept until they are seen, their consumer has. */
export async function deletePublished(sql: Queryable, rows: readonly string[]): Promise<void> {
  await outboxDeletion(sql, rows);
}

/** The same, to be sent with what else a transaction writes. */
export const outboxDeletion = (sql: Queryable, rows: readonly string[]): Statement =>
  sql`delete from platform.outbox where id = any(${rows as string[]}::uuid[])`;

/**
 * Leaves messages that the broker has confirmed to be seen: what was is gone from here, the rest is published again when its
 * patience is over. Rows that their consumer is just forgetting are passed over: waiting for it could be waiting for each other.
 */
export async function awaitSeen(sql: Queryable, rows: readonly string[]): Promise<void> {
  await sql`
    update platform.outbox
    set available_at = now() + make_interval(secs => patience_s), patience_s = least(patience_s * 2, ${longestPatienceSeconds})
    where id in (select id from platform.outbox where id = any(${rows as string[]}::uuid[]) for update skip locked)`;
}

/** What the outbox says of a message that no queue took. */
export const noQueueText = 'no queue is bound for it';

/** Keeps messages that no queue took, says so, and tries them again in a while. */
export async function markReturned(sql: Queryable, rows: readonly string[]): Promise<void> {
  await sql`
    update platform.outbox
    set returned_at = coalesce(returned_at, now()), return_text = ${noQueueText},
        available_at = now() + interval '10 seconds'
    where id = any(${rows as string[]}::uuid[])`;
}

/** A row that cannot be made into a message. */
export interface UnreadableRow {
  readonly row: string;
  readonly reason: string;
}

/** Keeps rows that this release cannot read, says why, and leaves them to another release for longer than the rest. */
export async function markUnreadable(sql: Queryable, unreadable: readonly UnreadableRow[]): Promise<void> {
  await sql`
    update platform.outbox o
    set returned_at = coalesce(returned_at, now()), return_text = marked.reason, available_at = now() + interval '10 minutes'
    from unnest(
      ${unreadable.map(({ row }) => row)}::uuid[], ${unreadable.map(({ reason }) => reason)}::text[]
    ) marked (id, reason)
    where o.id = marked.id`;
}

/**
 * Leases messages whose time has come to the caller, oldest first; unpublished, they are due again in ten seconds. One
 * that cannot be read stands in the way of no other.
 */
export async function leaseDue(
  sql: Queryable,
  limit: number,
): Promise<{ readonly due: readonly Publication[]; readonly unreadable: readonly UnreadableRow[] }> {
  const rows = await sql<OutboxRow[]>`
    update platform.outbox o set available_at = now() + interval '10 seconds'
    from (
      select id from platform.outbox where available_at <= now()
      order by available_at limit ${limit} for update skip locked
    ) due
    where o.id = due.id
    returning o.id, o.message_id, o.exchange, o.routing_key, o.type, o.headers, o.body, o.patience_s is not null as until_seen`;
  const due: Publication[] = [];
  const unreadable: UnreadableRow[] = [];
  for (const row of rows) {
    const parsed = envelope.safeParse(row.headers);
    if (parsed.success) due.push(publicationIn(row, parsed.data));
    else {
      const wrong = parsed.error.issues
        .slice(0, 5)
        .map(({ path, message }) => `${path.join('.') || 'all'}: ${message}`);
      unreadable.push({
        row: row.id,
        reason: storable(`its envelope cannot be read: ${wrong.join('; ')}`.slice(0, 500)),
      });
    }
  }
  return { due, unreadable };
}

const publicationIn = (row: OutboxRow, read: Envelope): Publication => ({
  row: row.id,
  id: row.message_id,
  exchange: row.exchange,
  routingKey: row.routing_key,
  type: row.type,
  envelope: read,
  body: row.body,
  untilSeen: row.until_seen,
});
