import { type Cleaning, pieceRows } from '../../ops/platform/cleaning.ts';

/** What service ordering removes from its own tables. */
export const serviceOrderingCleaning: readonly Cleaning[] = [
  {
    table: 'service_ordering.service_order',
    // A deleted one is a fence against what comes late of it.
    keep: 'deleted',
    async forget(sql, days) {
      const removed = await sql`
        delete from service_ordering.service_order where id = any(array(
          select id from service_ordering.service_order
          where deleted and updated_at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
];
