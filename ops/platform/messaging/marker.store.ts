import type { Queryable, Transaction } from '../database.ts';
import type { Publication } from './envelope.ts';

/** How long a row may be handed over before its queue is asked what it has lost. */
const askAfter = '30 seconds';
/** A marker that nobody has met: its queue is paused, scaled to zero, behind, or lost with everything in it. */
const askAgainAfter = '60 seconds';
/** Held by the statement that looks which queue is to be asked. */
export const lookLock = 5_020_001;
/** Rows that a marker overtook are looked at in pieces, so that a lost queue of any length holds nobody up. */
const pieceRows = 1_000;

/** A marker on its way through a queue: every message that was handed over before it was asked for is in front of it. */
export interface Marker {
  readonly queue: string;
  /** By the database's clock: microseconds since 1970. */
  readonly askedAt: string;
}

const microseconds = (sql: Queryable) => sql`(extract(epoch from asked_at) * 1000000)::bigint::text as "askedAt"`;
const momentOf = (sql: Queryable, { askedAt }: Marker) =>
  sql`timestamptz 'epoch' + ${askedAt}::bigint * interval '1 microsecond'`;

/**
 * Asks each queue that keeps rows handed over for longer than 30 s, one process at a time: while a snapshot is held open, a look meets all
 * that was deleted since. A queue whose marker has passed is
 * asked again when the rows it told about are noted; one whose marker nobody met, after a minute.
 *
 * @returns the markers that the caller has to send
 */
export async function askQueues(sql: Queryable): Promise<Marker[]> {
  return sql<Marker[]>`
    with recursive queues as (
      (select queue from platform.message
       where handed_over_at is not null and (select pg_try_advisory_xact_lock(${lookLock})) order by queue limit 1)
      union all
      select (
        select m.queue from platform.message m
        where m.handed_over_at is not null and m.queue > queues.queue order by m.queue limit 1)
      from queues where queues.queue is not null
    )
    insert into platform.marker as marker (queue)
    select queue from queues
    where queue is not null and exists (
      select from platform.message m
      where m.queue = queues.queue and m.handed_over_at < now() - ${askAfter}::interval and m.passed_at is null)
    order by queue
    on conflict (queue) do update set asked_at = now()
    where marker.passed_at is null and marker.asked_at < now() - ${askAgainAfter}::interval
    returning queue, ${microseconds(sql)}`;
}

/** The broker took no marker, or had no queue for it: it may be asked again at once. */
export async function forgetMarker(sql: Queryable, marker: Marker): Promise<void> {
  await sql`
    delete from platform.marker
    where queue = ${marker.queue} and asked_at = ${momentOf(sql, marker)} and passed_at is null`;
}

/** Notes that a consumer has met a marker, however many were sent after it. */
export async function notePassed(sql: Queryable, marker: Marker): Promise<void> {
  await sql`
    update platform.marker set passed_at = now(), reach = ${momentOf(sql, marker)}
    where queue = ${marker.queue} and passed_at is null`;
}

/**
 * Notes at the rows that their queue has passed them; a piece at a time. When no row is left the marker is forgotten, and the
 * queue may be asked again.
 *
 * @returns whether there may be more
 */
export async function notePassedRows(sql: Queryable): Promise<boolean> {
  const [noted] = await sql<{ rows: number }[]>`
    with passed as (
      select queue, reach, passed_at from platform.marker where passed_at is not null
      order by queue limit 1 for update skip locked
    ), rows as (
      update platform.message m set passed_at = passed.passed_at
      from passed
      where (m.message_id, m.queue, m.attempt) in (
          select o.message_id, o.queue, o.attempt from platform.message o
          where o.queue = passed.queue and o.handed_over_at < passed.reach and o.passed_at is null
          limit ${pieceRows} for update skip locked)
        and m.queue = passed.queue
      returning 1
    ), forgotten as (
      delete from platform.marker where queue in (select queue from passed) and (select count(*) from rows) = 0
    )
    select (select count(*)::int from rows) as rows from passed`;
  return noted !== undefined;
}

/** What became of rows that their queue has passed and their receiver has not ended. */
export interface Resolved {
  /** Their receiver knows them: deleted. */
  readonly known: number;
  /** Lost: due again, straight to their queue. */
  readonly repeated: number;
}

/**
 * Ends or repeats rows that their queue passed a minute ago; each repeat of a row doubles that minute, so that what some
 * consumer merely holds is not sent again and again.
 *
 * @param mostRepeats rows repeated so often are left to `lockHopeless`
 */
export async function resolvePassed(sql: Queryable, mostRepeats: number): Promise<Resolved> {
  const [row] = await sql<Resolved[]>`
    with due as (
      select message_id, queue, attempt from platform.message
      where passed_at < now() - interval '1 minute' and passed_at < now() - interval '1 minute' * 2 ^ repeats
        and repeats < ${mostRepeats}
      order by passed_at limit ${pieceRows} for update skip locked
    ), known as (
      delete from platform.message m using due
      where (m.message_id, m.queue, m.attempt) = (due.message_id, due.queue, due.attempt)
        and exists (
          select from platform.inbox i
          where i.consumer = due.queue and i.message_id = due.message_id and i.attempt = due.attempt)
      returning 1
    ), repeated as (
      update platform.message m
      set handed_over_at = null, passed_at = null, due_at = now(), repeats = m.repeats + 1, exchange = '',
          routing_key = m.queue
      from due
      where (m.message_id, m.queue, m.attempt) = (due.message_id, due.queue, due.attempt)
        and not exists (
          select from platform.inbox i
          where i.consumer = due.queue and i.message_id = due.message_id and i.attempt = due.attempt)
      returning 1
    )
    select (select count(*)::int from known) as known, (select count(*)::int from repeated) as repeated`;
  return row ?? { known: 0, repeated: 0 };
}

/** Rows that were repeated as often as any is, and lost each time; locked. */
export function lockHopeless(
  tx: Transaction,
  mostRepeats: number,
): Promise<(Publication & { queue: string; now: Date })[]> {
  return tx<(Publication & { queue: string; now: Date })[]>`
    select message_id as id, queue, exchange, routing_key as "routingKey", type, headers as envelope, body, now() as now
    from platform.message
    where passed_at < now() - interval '1 minute' and passed_at < now() - interval '1 minute' * 2 ^ repeats
      and repeats >= ${mostRepeats}
    order by passed_at limit ${pieceRows} for update skip locked`;
}
