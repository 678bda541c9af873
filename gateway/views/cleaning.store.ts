import { type Cleaning, pieceRows } from '../../ops/platform/cleaning.ts';

/** What the gateway removes of its views. */
export const viewCleaning: readonly Cleaning[] = [
  {
    table: 'gateway.view',
    // A tombstone keeps events that come late from showing again what was deleted. What its client sent goes with it.
    keep: 'deleted',
    async forget(sql, days) {
      const removed = await sql`
        with gone as (
          delete from gateway.view where (resource, id) in (
            select resource, id from gateway.view
            where deleted and updated_at < now() - make_interval(days => ${days})
            limit ${pieceRows})
          returning resource, id
        ), sent as (
          delete from gateway.submitted where (resource, id) in (select resource, id from gone)
        )
        select from gone`;
      return removed.count;
    },
  },
];
