import type { Cleaning } from '../../ops/platform/cleaning.ts';
import { removeDeleted } from '../../ops/platform/cleaning.store.ts';

/** What the service inventory removes from its own tables. */
export const serviceInventoryCleaning: readonly Cleaning[] = [removeDeleted('service_inventory.service')];
