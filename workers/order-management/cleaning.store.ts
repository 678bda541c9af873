import type { Cleaning } from '../../ops/platform/cleaning.ts';
import { removeDeleted, removeOlder } from '../../ops/platform/cleaning.store.ts';

/** What order management removes from its own tables. */
export const orderManagementCleaning: readonly Cleaning[] = [
  removeDeleted('order_management.product_order'),
  // Repairs count against a service's policy for a day; the same complaint after that is the same order again.
  removeOlder({ table: 'order_management.correction', keep: 'deleted', by: 'updated_at' }),
];
