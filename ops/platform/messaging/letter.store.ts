import type { Queryable } from '../database.ts';
import { type Envelope, type Publication, envelope } from './envelope.ts';
import { insertDue } from './message.store.ts';
import type { Statement } from './pipelined.ts';

/** A letter as it is written: the copy that goes to `<queue>.dead`, or one without its body, which lies there already. */
export type NewLetter = Omit<Publication, 'body' | 'exchange' | 'routingKey'> & { readonly body: string | null };

/** A letter as it is kept. */
export interface KeptLetter {
  readonly queue: string;
  readonly id: string;
  readonly type: string;
  /** With the context of its failure. */
  readonly envelope: Envelope;
  readonly body: string | null;
}

/** Writes letters in the transaction that gives their messages up. The same letter again is known. */
export function letterInserts(sql: Queryable, letters: readonly NewLetter[]): readonly Statement[] {
  if (letters.length === 0) return [];
  const contexts = letters.map(({ envelope: { deadLetter } }) => deadLetter);
  return [
    sql`
      insert into platform.letter
        (queue, message_id, attempt, type, headers, body, correlation_id, code, reason, first_failed_at)
      select * from unnest(
        ${contexts.map((context) => context?.queue ?? '')}::text[],
        ${letters.map(({ id }) => id)}::uuid[],
        ${letters.map((letter) => letter.envelope.attempt)}::int[],
        ${letters.map(({ type }) => type)}::text[],
        ${letters.map((letter) => JSON.stringify(letter.envelope))}::text[]::json[],
        ${letters.map(({ body }) => body)}::text[],
        ${letters.map((letter) => letter.envelope.correlationId)}::text[],
        ${contexts.map((context) => context?.errorCode ?? context?.errorClass ?? 'unknown')}::text[],
        ${contexts.map((context) => context?.errorMessage ?? '')}::text[],
        ${letters.map((letter) => letter.envelope.firstFailedAt ?? letter.envelope.deadLetter?.failedAt ?? new Date().toISOString())}::text[]::timestamptz[]
      ) on conflict do nothing`,
  ];
}

/** Writes letters with their copies, in a transaction that is no batch's. */
export async function writeLetters(sql: Queryable, letters: readonly Publication[]): Promise<void> {
  await Promise.all(letterInserts(sql, letters));
  await insertDue(sql, letters);
}

/** Ends letters whose copy somebody moved back into its queue by hand: it is being handled. */
export const replayedByHand = (
  sql: Queryable,
  queue: string,
  received: readonly { readonly id: string; readonly attempt: number }[],
): Statement => sql`
  update platform.letter set ended_at = now(), ended = 'replayed'
  where ended_at is null and (message_id, queue, attempt) in (
    select id, ${queue}::text, attempt
    from unnest(${received.map(({ id }) => id)}::uuid[], ${received.map(({ attempt }) => attempt)}::int[]) as one (id, attempt))`;

interface LetterRow {
  queue: string;
  message_id: string;
  type: string;
  headers: unknown;
  body: string | null;
}

/** Letters that nobody has ended, first failed first: of one queue, or of all. */
export async function readLetters(sql: Queryable, queue: string | undefined, limit: number): Promise<KeptLetter[]> {
  const rows = await sql<LetterRow[]>`
    select queue, message_id, type, headers, body from platform.letter
    where ended_at is null and (${queue ?? null}::text is null or queue = ${queue ?? ''})
    order by first_failed_at, message_id limit ${limit}`;
  return rows.map((row) => ({
    queue: row.queue,
    id: row.message_id,
    type: row.type,
    envelope: envelope.parse(row.headers),
    body: row.body,
  }));
}

/**
 * Ends a message's open letters in a queue.
 *
 * @returns how many there were
 */
export async function endLetters(
  sql: Queryable,
  queue: string,
  id: string,
  ended: 'replayed' | 'discarded' | 'settled',
): Promise<number> {
  const rows = await sql`
    update platform.letter set ended_at = now(), ended = ${ended}
    where message_id = ${id}::uuid and queue = ${queue} and ended_at is null`;
  return rows.count;
}
