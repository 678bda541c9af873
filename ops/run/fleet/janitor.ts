import { setTimeout as sleep } from 'node:timers/promises';
import { commandCleaning } from '../../../gateway/commands/cleaning.store.ts';
import { viewCleaning } from '../../../gateway/views/cleaning.store.ts';
import { orderManagementCleaning } from '../../../workers/order-management/cleaning.store.ts';
import { productInventoryCleaning } from '../../../workers/product-inventory/cleaning.store.ts';
import { serviceInventoryCleaning } from '../../../workers/service-inventory/cleaning.store.ts';
import { serviceOrderingCleaning } from '../../../workers/service-ordering/cleaning.store.ts';
import type { Cleaning, Keeping } from '../../platform/cleaning.ts';
import type { Database } from '../../platform/database.ts';
import type { Log } from '../../platform/log.ts';
import { messagingCleaning } from '../../platform/messaging/cleaning.store.ts';

const everyMs = 600_000;
/** Between two pieces, so that cleaning up after a busy month is not felt by the orders of today. */
const pauseMs = 100;

/** What each owner removes; a key of the gateway's goes before the inbox row that it rests on. */
export const cleanings: readonly Cleaning[] = [
  ...commandCleaning,
  ...messagingCleaning,
  ...viewCleaning,
  ...orderManagementCleaning,
  ...productInventoryCleaning,
  ...serviceOrderingCleaning,
  ...serviceInventoryCleaning,
];

/** Removes everything that is past its keeping, piece by piece, until nothing is left of it or it is told to stop. */
export async function clean(sql: Database, keeping: Keeping, signal: AbortSignal): Promise<void> {
  for (const { forget, keep } of cleanings)
    while (!signal.aborted && (await forget(sql, keeping[keep])) > 0) await sleep(pauseMs);
}

/** Removes, a little at a time, what is past its keeping. */
export function startJanitor(sql: Database, keeping: Keeping, log: Log): { stop(): Promise<void> } {
  const abort = new AbortController();
  async function cleanNowAndThen(): Promise<void> {
    while (!abort.signal.aborted) {
      await sleep(everyMs, undefined, { signal: abort.signal, ref: false }).catch(() => undefined);
      if (abort.signal.aborted) return;
      try {
        await clean(sql, keeping, abort.signal);
      } catch (error) {
        log.warn({ error }, 'could not clean up');
      }
    }
  }
  const cleaning = cleanNowAndThen();
  return {
    async stop() {
      abort.abort();
      await cleaning;
    },
  };
}
