import { purgedCode } from '../../../contracts/messages/given-up.ts';
import type { Queryable, Transaction } from '../database.ts';
import { type Cause, tellGivenUp } from './dead-letter.ts';
import { envelope } from './envelope.ts';
import { type MessageKey, deleteMessages, insertDue } from './message.store.ts';

/** Rows that one transaction ends or makes due: a queue of any length holds nobody up. */
const pieceRows = 1_000;

/** Now, by the database's clock and as exactly as it tells it: what is committed later is left alone. */
export async function readNow(sql: Queryable): Promise<string> {
  const [row] = await sql<{ now: string }[]>`select clock_timestamp()::text as now`;
  return row?.now ?? '';
}

export async function countRows(sql: Queryable, queue: string, before: string): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`
    select count(*)::int as rows from platform.message
    where queue = ${queue} and created_at <= ${before}::text::timestamptz`;
  return row?.rows ?? 0;
}

/** What a piece of a purge came to. */
export interface PurgedPiece {
  readonly messages: number;
  /** Of them, those whose sender, or whoever waits for them, is told. */
  readonly told: number;
}

interface PurgedRow extends MessageKey {
  readonly type: string;
  readonly headers: unknown;
  readonly known: boolean;
  readonly now: Date;
}

/**
 * Ends messages of a queue that were committed before a time, in the transaction that tells the senders of the commands among
 * them. Rows that their receiver is ending are skipped, not waited for.
 */
export async function purgePiece(tx: Transaction, queue: string, before: string, reason: string): Promise<PurgedPiece> {
  const rows = await lockPiece(tx, queue, before);
  const cause: Cause = { errorClass: 'Purged', errorCode: purgedCode, errorMessage: reason };
  const told = rows.flatMap(({ id, type, headers, known, now }) => {
    const read = envelope.safeParse(headers);
    if (known || !read.success) return [];
    // Nobody has to do anything about an event, unless it answers: its subject tells of itself again.
    const isMissed = read.data.sender !== undefined || read.data.awaited === true;
    return isMissed ? (tellGivenUp({ id, type, envelope: read.data }, queue, cause, now) ?? []) : [];
  });
  await insertDue(tx, told);
  await deleteMessages(tx, rows);
  return { messages: rows.length, told: told.length };
}

/** What was handed over first: that is nearly all of a queue that is long, and has an index. */
async function lockPiece(tx: Transaction, queue: string, before: string): Promise<readonly PurgedRow[]> {
  for (const isHandedOver of [tx`handed_over_at is not null`, tx`due_at is not null`]) {
    const rows = await tx<PurgedRow[]>`
      select message_id as id, queue, attempt, type, headers, now() as now, exists (
               select from platform.inbox i
               where i.consumer = m.queue and i.message_id = m.message_id and i.attempt = m.attempt) as known
      from platform.message m
      where queue = ${queue} and ${isHandedOver} and created_at <= ${before}::text::timestamptz
      limit ${pieceRows} for update skip locked`;
    if (rows.length > 0) return rows;
  }
  return [];
}

/**
 * Makes messages of a queue due that were handed over before a time: they are sent again, straight to the queue. The inbox
 * knows those that were not lost.
 *
 * @returns how many; none when there are no more
 */
export async function redrivePiece(sql: Queryable, queue: string, before: string): Promise<number> {
  const { count } = await sql`
    update platform.message m
    set handed_over_at = null, passed_at = null, due_at = now(), exchange = '', routing_key = m.queue
    from (
      select message_id, queue, attempt from platform.message
      where queue = ${queue} and handed_over_at <= ${before}::text::timestamptz
      order by handed_over_at limit ${pieceRows} for update skip locked
    ) held
    where (m.message_id, m.queue, m.attempt) = (held.message_id, held.queue, held.attempt)`;
  return count;
}
