import type { Transaction } from '../../../ops/platform/database.ts';

/** A table of aggregates with the columns `id`, `revision` and `updated_at`, schema included. */
export type AggregateTable = `${string}.${string}`;

/** An aggregate that did not change for so long has settled for now: whoever shows it should have its newest event. */
const settledSeconds = 10;
/**
 * Rows carry the time their transaction began; one that still runs may commit a time that was passed over. So nothing later than the oldest
 * running one is noted, unless it runs longer than any of ours can.
 */
const longestTransactionSeconds = 60;
const pageSize = 1_000;

/**
 * Notes, in one page, aggregates that changed since the last time and have settled.
 *
 * @returns how many; `undefined` when it is another process's turn. A full page means there may be more.
 */
export async function noteStanding(
  tx: Transaction,
  resource: string,
  table: AggregateTable,
): Promise<{ noted: number; isFull: boolean } | undefined> {
  // Looked for first: beside the row of a turn that is under way, even `on conflict do nothing` waits.
  await tx`
    insert into platform.herald (resource, through)
    select ${resource}, now() where not exists (select from platform.herald where resource = ${resource})
    on conflict do nothing`;
  const [turn] = await tx<{ through: string }[]>`
    select through::text from platform.herald where resource = ${resource} for update skip locked`;
  if (turn === undefined) return undefined;
  // As text and back: the driver's dates have no microseconds.
  const [row] = await tx<{ noted: number }[]>`
    with horizon as (
      select greatest(
        now() - make_interval(secs => ${longestTransactionSeconds}),
        least(now() - make_interval(secs => ${settledSeconds}), min(xact_start))
      ) as at
      from pg_stat_activity
      where datname = current_database() and backend_xid is not null and pid <> pg_backend_pid()
    ), page as (
      select id, revision, updated_at from ${tx(table)}
      where updated_at > ${turn.through}::text::timestamptz and updated_at <= (select at from horizon)
      order by updated_at fetch first ${pageSize} rows with ties
    ), noted as (
      insert into platform.standing (resource, ids, revisions)
      select ${resource}, array_agg(id order by id), array_agg(revision order by id) from page having count(*) > 0
    ), moved as (
      update platform.herald
      set through = case when (select count(*) from page) >= ${pageSize} then (select max(updated_at) from page)
                         else greatest(through, (select at from horizon)) end
      where resource = ${resource}
    )
    select count(*)::int as noted from page`;
  const noted = row?.noted ?? 0;
  return { noted, isFull: noted >= pageSize };
}

/** Takes those whose newest event did not arrive; each is due again later, ever later, until it is seen. */
export async function takeUnseen(tx: Transaction, resource: string, limit: number): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    update platform.unseen u
    set asked = asked + 1, ask_at = now() + least(interval '10 seconds' * power(2, least(asked, 10)), interval '10 minutes')
    from (
      select id from platform.unseen where resource = ${resource} and ask_at <= now()
      order by ask_at limit ${limit} for update skip locked
    ) due
    where u.resource = ${resource} and u.id = due.id
    returning u.id`;
  return rows.map(({ id }) => id).toSorted();
}
