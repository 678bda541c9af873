import type { Database } from '../../ops/platform/database.ts';

/** Pages compared at a time: a few thousand views, each found by its key. */
const pages = 10;

/**
 * Compares what owners say stands with what is shown. What is not shown at that revision is kept for its owner to say
 * again; what arrived meanwhile is forgotten.
 *
 * @returns how many pages were compared
 */
export async function compareStanding(sql: Database): Promise<number> {
  const [row] = await sql<{ compared: number }[]>`
    with turn as (
      select seq from platform.standing order by seq limit ${pages} for update skip locked
    ), taken as (
      delete from platform.standing using turn where standing.seq = turn.seq
      returning standing.resource, standing.ids, standing.revisions
    ), stands as (
      select taken.resource, one.id, max(one.revision) as revision
      from taken, unnest(taken.ids, taken.revisions) as one (id, revision) group by 1, 2
    ), missed as (
      insert into platform.unseen as u (resource, id, revision)
      select s.resource, s.id, s.revision from stands s left join gateway.view v on v.resource = s.resource and v.id = s.id
      where coalesce(v.revision, -1) < s.revision order by 1, 2
      on conflict (resource, id) do update set revision = excluded.revision, ask_at = now(), asked = 0
      where u.revision < excluded.revision
    ), arrived as (
      delete from platform.unseen u using gateway.view v
      where v.resource = u.resource and v.id = u.id and v.revision >= u.revision
    )
    select count(*)::int as compared from taken`;
  return row?.compared ?? 0;
}
