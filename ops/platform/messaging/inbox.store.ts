import type { Queryable } from '../database.ts';
import type { Statement } from './pipelined.ts';
import { storable } from '../storable.ts';

const longestReason = 500;
const longestAbout = 200;

export interface InboxKey {
  readonly messageId: string;
  readonly attempt: number;
}

/** A claim with what the journal keeps of the message. */
export interface InboxClaim extends InboxKey {
  readonly correlationId: string;
  readonly causationId: string | undefined;
  readonly type: string;
  /** What within the correlation it is about: an item, or `<activation>.<position>`. */
  readonly about: string | undefined;
  readonly publishedAt: Date | undefined;
}

export interface Claimed {
  /** The keys that are new, as `<message id>/<attempt>`; the others are done already. */
  readonly fresh: Set<string>;
  readonly now: Date;
}

/**
 * Claims messages for a consumer, locks what they concern, and tells the time by the database's clock: one statement, which
 * does so in this order. The claimed row is the journal's line too: done, unless `recordOutcomes` says otherwise in the same
 * transaction.
 *
 * Ids are sorted: unsorted multi-row claims deadlock. What is locked are keys, not rows: a row that is not there yet cannot
 * be locked, and two processes must not both be the first to write it. Held to the end of the transaction.
 *
 * @param sql a pipelined transaction; outside of one nothing is claimed
 * @param keys in the order in which everybody locks them
 */
export async function claimInbox(
  sql: Queryable,
  consumer: string,
  claims: readonly InboxClaim[],
  keys: readonly string[] = [],
): Promise<Claimed> {
  const sorted = claims.toSorted((a, b) =>
    a.messageId < b.messageId ? -1 : a.messageId > b.messageId ? 1 : a.attempt - b.attempt,
  );
  const rows = await sql<{ key: string | null; now: Date }[]>`
    with claimed as (
      insert into platform.inbox
        (consumer, message_id, attempt, correlation_id, causation_id, type, type_id, about, published_at)
      select ${consumer}::text, message_id, attempt, correlation_id, causation_id,
             case when known.id is null then type end, known.id, about, to_timestamp(published_ms / 1000)
      from unnest(
        string_to_array(${column(sorted, (claim) => claim.messageId)}, E'\\n')::uuid[],
        string_to_array(${column(sorted, (claim) => claim.attempt)}, E'\\n')::int[],
        string_to_array(${column(sorted, (claim) => uuidOrNothing(claim.correlationId))}, E'\\n', '')::uuid[],
        string_to_array(${column(sorted, (claim) => uuidOrNothing(claim.causationId))}, E'\\n', '')::uuid[],
        string_to_array(${column(sorted, (claim) => claim.type)}, E'\\n'),
        string_to_array(${column(sorted, (claim) => textOf(claim.about))}, E'\\n', ''),
        string_to_array(${column(sorted, (claim) => claim.publishedAt?.getTime())}, E'\\n', '')::float8[]
      ) as claim (message_id, attempt, correlation_id, causation_id, type, about, published_ms)
      left join platform.message_type known on known.name = type
      where current_setting('transaction_deferrable') = 'on'
      on conflict do nothing
      returning message_id || '/' || attempt as key
    ), locked as (
      select count(pg_advisory_xact_lock(hashtextextended(key, 0))) from (
        select key from unnest(${keys as string[]}::text[]) with ordinality as sorted (key, place)
        where (select count(*) from claimed) >= 0 order by place
      ) one_by_one
    )
    select claimed.key, clock_timestamp() as now from locked left join claimed on true`;
  const now = rows[0]?.now ?? new Date();
  return { fresh: new Set(rows.flatMap((row) => row.key ?? [])), now };
}

/** Gives message types their numbers: inbox rows have the name of one that has none. Sorted: unsorted inserts deadlock. */
export async function numberTypes(sql: Queryable, names: readonly string[]): Promise<void> {
  await sql`
    insert into platform.message_type (name)
    select name from unnest(${names.toSorted()}::text[]) as one (name)
    where not exists (select from platform.message_type known where known.name = one.name)
    order by name
    on conflict do nothing`;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const uuidOrNothing = (id: string | undefined): string | undefined =>
  id !== undefined && uuid.test(id) ? id : undefined;
const textOf = (about: string | undefined): string | undefined =>
  about === undefined ? undefined : storable(about.slice(0, longestAbout));

/** A column of a batch as one text, a value to a line: as an array, each value would be escaped, every time. */
const column = (claims: readonly InboxClaim[], of: (claim: InboxClaim) => string | number | undefined): string =>
  claims.map((claim) => String(of(claim) ?? '').replaceAll('\n', ' ')).join('\n');

/** What has to be said of a claimed message, where it is not simply done. */
export interface InboxOutcome extends InboxKey {
  /** Null: done. */
  readonly outcome: 'retry' | 'later' | 'parked' | 'deadLettered' | 'unreadable' | null;
  readonly reason: string | undefined;
  readonly againAt: Date | undefined;
  /** What it turned out to be about, where its envelope did not say. */
  readonly correlationId: string | undefined;
}

/** Writes into the journal what became of claimed messages that are not done: the exception, so the rule costs nothing. */
export function recordOutcomes(
  sql: Queryable,
  consumer: string,
  outcomes: readonly InboxOutcome[],
): readonly Statement[] {
  if (outcomes.length === 0) return [];
  const statement = sql`
    update platform.inbox
    set outcome = ended.outcome, reason = ended.reason, again_at = ended.again_at,
        correlation_id = coalesce(ended.correlation_id, inbox.correlation_id)
    from unnest(
      ${outcomes.map((one) => one.messageId)}::uuid[],
      ${outcomes.map((one) => one.attempt)}::int[],
      ${outcomes.map((one) => one.outcome)}::text[],
      ${outcomes.map((one) => (one.reason === undefined ? null : storable(one.reason.slice(0, longestReason))))}::text[],
      ${outcomes.map((one) => one.againAt?.toISOString() ?? null)}::text[]::timestamptz[],
      ${outcomes.map((one) => uuidOrNothing(one.correlationId) ?? null)}::uuid[]
    ) as ended (message_id, attempt, outcome, reason, again_at, correlation_id)
    where inbox.consumer = ${consumer} and inbox.message_id = ended.message_id and inbox.attempt = ended.attempt`;
  return [statement];
}

export const inboxKey = ({ messageId, attempt }: InboxKey): string => `${messageId}/${attempt}`;

/**
 * Counts a handling that may crash its process, before it is tried. A copy of a message that is handled already is not
 * counted: nothing of it is tried.
 *
 * @returns how often it was begun and not ended
 */
export async function countCrash(sql: Queryable, consumer: string, { messageId, attempt }: InboxKey): Promise<number> {
  const [row] = await sql<{ crashes: number }[]>`
    insert into platform.crash (consumer, message_id, crashes)
    select ${consumer}, ${messageId}::uuid, 1
    where not exists (
      select from platform.inbox
      where consumer = ${consumer} and message_id = ${messageId}::uuid and attempt = ${attempt})
    on conflict (consumer, message_id) do update set crashes = platform.crash.crashes + 1, last_at = now()
    returning crashes`;
  return row?.crashes ?? 0;
}

export async function forgetCrashes(sql: Queryable, consumer: string, messageId: string): Promise<void> {
  await sql`delete from platform.crash where consumer = ${consumer} and message_id = ${messageId}`;
}
