import { type Cleaning, pieceRows } from '../../ops/platform/cleaning.ts';
import { removeDeleted } from '../../ops/platform/cleaning.store.ts';

/** What the product inventory removes from its own tables. */
export const productInventoryCleaning: readonly Cleaning[] = [
  removeDeleted('product_inventory.product'),
  {
    table: 'product_inventory.known_order',
    // What an order claimed and recorded is a fence against commands that come late, of an order that has given its products
    // back: a letter that is replayed at the latest. Past that a claim of it could only be one that nobody sends. An order
    // that holds products is remembered however long it takes.
    keep: 'deleted',
    async forget(sql, days) {
      const removed = await sql`
        delete from product_inventory.known_order where ctid = any(array(
          select ctid from product_inventory.known_order
          where updated_at < now() - make_interval(days => ${days}) and doc -> 'held' = '[]'
          limit ${pieceRows}))`;
      return removed.count;
    },
  },
];
