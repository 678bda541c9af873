import { type Cleaning, pieceRows } from '../../ops/platform/cleaning.ts';

/** What the service inventory removes from its own tables. */
export const serviceInventoryCleaning: readonly Cleaning[] = [
  {
    table: 'service_inventory.service',
    // A deleted one is a fence against what comes late of it.
    keep: 'deleted',
    async forget(sql, days) {
      const removed = await sql`
        delete from service_inventory.service where id = any(array(
          select id from service_inventory.service
          where deleted and updated_at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
];
