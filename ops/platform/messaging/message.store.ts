import { destinationsOf, isDeadLetterQueue } from '../../../contracts/topology.ts';
import type { z } from 'zod';
import type { Queryable } from '../database.ts';
import { storable } from '../storable.ts';
import { type Publication, envelope } from './envelope.ts';
import type { Statement } from './pipelined.ts';

/** A message's row: one for each queue it goes to, keyed as the inbox is. Queue `''`: an event that no queue of ours takes. */
export interface MessageKey {
  readonly id: string;
  readonly queue: string;
  readonly attempt: number;
}

/** The rows of a publication. */
export function keysOf({ id, exchange, routingKey, envelope: { attempt } }: Publication): readonly MessageKey[] {
  const queues = destinationsOf(exchange, routingKey);
  return (queues.length === 0 ? [''] : queues).map((queue) => ({ id, queue, attempt }));
}

/** True of rows that the broker's confirm ends: nobody of ours receives what they say. */
export const endsWithConfirm = ({ queue }: MessageKey): boolean => queue === '' || isDeadLetterQueue(queue);

/** A publication that is for later: a retry. */
export interface Scheduled {
  readonly publication: Publication;
  readonly dueAt: Date;
}

/** Writes messages beside the change that causes them, in its transaction. They are their writer's to publish for ten seconds. */
export async function insertMessages(
  sql: Queryable,
  publications: readonly Publication[],
  scheduled: readonly Scheduled[] = [],
): Promise<void> {
  await Promise.all(messageInserts(sql, publications, scheduled));
}

/** Writes messages of a process that has no relay: due at once, for any that has. */
export const insertDue = (sql: Queryable, publications: readonly Publication[]): Promise<void> =>
  insertMessages(
    sql,
    [],
    publications.map((publication) => ({ publication, dueAt: new Date(0) })),
  );

/** The same as `insertMessages`, to be sent with what else a transaction writes. */
export function messageInserts(
  sql: Queryable,
  publications: readonly Publication[],
  scheduled: readonly Scheduled[] = [],
): readonly Statement[] {
  const rows = [
    ...publications.map((publication) => ({ publication, dueAt: null })),
    ...scheduled.map(({ publication, dueAt }) => ({ publication, dueAt: dueAt.toISOString() })),
  ].flatMap((one) => keysOf(one.publication).map(({ queue }) => ({ ...one, queue })));
  if (rows.length === 0) return [];
  return [
    sql`
      insert into platform.message (message_id, queue, attempt, exchange, routing_key, type, headers, body, due_at)
      select message_id, queue, attempt, exchange, routing_key, type, headers, body,
             coalesce(due_at, now() + interval '10 seconds')
      from unnest(
        ${rows.map(({ publication }) => publication.id)}::uuid[],
        ${rows.map(({ queue }) => queue)}::text[],
        ${rows.map(({ publication }) => publication.envelope.attempt)}::int[],
        ${rows.map(({ publication }) => publication.exchange)}::text[],
        ${rows.map(({ publication }) => publication.routingKey)}::text[],
        ${rows.map(({ publication }) => publication.type)}::text[],
        ${rows.map(({ publication }) => JSON.stringify(publication.envelope))}::text[]::json[],
        ${rows.map(({ publication }) => publication.body)}::text[],
        ${rows.map(({ dueAt }) => dueAt)}::text[]::timestamptz[]
      ) as one (message_id, queue, attempt, exchange, routing_key, type, headers, body, due_at)
      on conflict do nothing`,
  ];
}

/** One message's rows, as the last part of a statement of its sender's; `where` may follow. */
export const insertMessage = (sql: Queryable, message: Publication): Statement => sql`
  insert into platform.message (message_id, queue, attempt, exchange, routing_key, type, headers, body)
  select ${message.id}::uuid, one.queue, ${message.envelope.attempt}::int, ${message.exchange}, ${message.routingKey},
         ${message.type}, ${JSON.stringify(message.envelope)}::text::json, ${message.body}
  from unnest(${keysOf(message).map(({ queue }) => queue)}::text[]) as one (queue)`;

/** Ends rows: their receiver has committed, or the broker has confirmed what no queue of ours takes. */
export const messageDeletion = (sql: Queryable, keys: readonly MessageKey[]): Statement =>
  sql`
    delete from platform.message
    where message_id = any(${keys.map(({ id }) => id)}::uuid[])
      and (message_id, queue, attempt) in (select * from ${named(sql, keys)})`;

export async function deleteMessages(sql: Queryable, keys: readonly MessageKey[]): Promise<void> {
  await messageDeletion(sql, keys);
}

const named = (sql: Queryable, keys: readonly MessageKey[]) =>
  sql`unnest(
    ${keys.map(({ id }) => id)}::uuid[], ${keys.map(({ queue }) => queue)}::text[],
    ${keys.map(({ attempt }) => attempt)}::int[])`;

/**
 * Marks rows that the broker confirmed and whose receiver has not committed yet: nobody publishes them again unless their
 * queue turns out to have lost them. Rows that their receiver is deleting are skipped, not waited for.
 */
export async function markHandedOver(sql: Queryable, keys: readonly MessageKey[]): Promise<void> {
  await sql`
    update platform.message m set handed_over_at = now(), due_at = null, returned_at = null, return_text = null
    from (
      select message_id, queue, attempt from platform.message
      where message_id = any(${keys.map(({ id }) => id)}::uuid[])
        and (message_id, queue, attempt) in (select * from ${named(sql, keys)}) and due_at is not null
      for update skip locked
    ) held
    where (m.message_id, m.queue, m.attempt) = (held.message_id, held.queue, held.attempt)`;
}

/** What a row says whose message no queue took. */
export const noQueueText = 'no queue is bound for it';

/** Keeps messages that no queue took, says so, and tries them again in a while. */
export async function markReturned(sql: Queryable, keys: readonly MessageKey[]): Promise<void> {
  await sql`
    update platform.message
    set returned_at = coalesce(returned_at, now()), return_text = ${noQueueText}, due_at = now() + interval '10 seconds'
    where (message_id, queue, attempt) in (select * from ${named(sql, keys)}) and due_at is not null`;
}

/** A row that cannot be made into a message. */
export type UnreadableRow = MessageKey & { readonly reason: string };

/** Keeps rows that this release cannot read, says why, and leaves them to another release for longer than the rest. */
export async function markUnreadable(sql: Queryable, rows: readonly UnreadableRow[]): Promise<void> {
  await sql`
    update platform.message m
    set returned_at = coalesce(returned_at, now()), return_text = marked.reason, due_at = now() + interval '10 minutes'
    from unnest(
      ${rows.map(({ id }) => id)}::uuid[], ${rows.map(({ queue }) => queue)}::text[],
      ${rows.map(({ attempt }) => attempt)}::int[], ${rows.map(({ reason }) => reason)}::text[]
    ) marked (message_id, queue, attempt, reason)
    where (m.message_id, m.queue, m.attempt) = (marked.message_id, marked.queue, marked.attempt) and m.due_at is not null`;
}

interface DueRow {
  message_id: string;
  queue: string;
  attempt: number;
  exchange: string;
  routing_key: string;
  type: string;
  headers: unknown;
  body: string;
}

/** What a relay leased to publish: publications, one for all rows of a message, and rows that this release cannot read. */
export interface Leased {
  readonly rows: number;
  readonly publications: readonly Publication[];
  readonly unreadable: readonly UnreadableRow[];
}

/**
 * Leases messages whose time has come to the caller, oldest first; unpublished, they are due again in ten seconds. One
 * that cannot be read stands in the way of no other.
 */
export async function leaseDue(sql: Queryable, limit: number): Promise<Leased> {
  const rows = await sql<DueRow[]>`
    update platform.message m set due_at = now() + interval '10 seconds'
    from (
      select message_id, queue, attempt from platform.message where due_at <= now()
      order by due_at limit ${limit} for update skip locked
    ) due
    where (m.message_id, m.queue, m.attempt) = (due.message_id, due.queue, due.attempt)
    returning m.message_id, m.queue, m.attempt, m.exchange, m.routing_key, m.type, m.headers, m.body`;
  const publications = new Map<string, Publication>();
  const unreadable: UnreadableRow[] = [];
  for (const row of rows) {
    const read = envelope.safeParse(row.headers);
    if (!read.success || read.data.attempt !== row.attempt) {
      unreadable.push({
        ...{ id: row.message_id, queue: row.queue, attempt: row.attempt },
        reason: read.success ? 'its envelope names another attempt' : whyUnreadable(read.error),
      });
      continue;
    }
    const key = [row.message_id, row.attempt, row.exchange, row.routing_key].join(' ');
    publications.set(key, {
      id: row.message_id,
      exchange: row.exchange,
      routingKey: row.routing_key,
      type: row.type,
      envelope: read.data,
      body: row.body,
    });
  }
  return { rows: rows.length, publications: [...publications.values()], unreadable };
}

function whyUnreadable({ issues }: z.ZodError): string {
  const wrong = issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'all'}: ${message}`);
  return storable(`its envelope cannot be read: ${wrong.join('; ')}`.slice(0, 500));
}
