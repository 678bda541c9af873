import type { Cleaning } from '../../ops/platform/cleaning.ts';
import { removeDeleted } from '../../ops/platform/cleaning.store.ts';

/** What service ordering removes from its own tables. */
export const serviceOrderingCleaning: readonly Cleaning[] = [removeDeleted('service_ordering.service_order')];
