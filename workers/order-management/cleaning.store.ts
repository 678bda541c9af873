import { type Cleaning, pieceRows } from '../../ops/platform/cleaning.ts';

/** What order management removes from its own tables. */
export const orderManagementCleaning: readonly Cleaning[] = [
  {
    table: 'order_management.product_order',
    // A deleted one is a fence against what comes late of it.
    keep: 'deleted',
    async forget(sql, days) {
      const removed = await sql`
        delete from order_management.product_order where id = any(array(
          select id from order_management.product_order
          where deleted and updated_at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
  {
    table: 'order_management.correction',
    // Repairs count against a service's policy for a day; the same complaint after that is the same order again.
    keep: 'deleted',
    async forget(sql, days) {
      const removed = await sql`
        delete from order_management.correction where service_id = any(array(
          select service_id from order_management.correction
          where updated_at < now() - make_interval(days => ${days})
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
];
