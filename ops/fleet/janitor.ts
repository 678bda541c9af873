import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../platform/database.ts';
import { forgetOldInbox } from '../platform/inbox.store.ts';
import type { Log } from '../platform/log.ts';

/** Longer than any dead letter may wait for its replay; the journal of an order can be read as long. */
const inboxDays = 30;
const everyMs = 600_000;
/** Between two pieces, so that cleaning up after a busy month is not felt by the orders of today. */
const pauseMs = 100;

/** Removes, a little at a time, what is past its keeping. */
export function startJanitor(sql: Database, log: Log): { stop(): Promise<void> } {
  const abort = new AbortController();
  async function clean(): Promise<void> {
    while (!abort.signal.aborted) {
      await sleep(everyMs, undefined, { signal: abort.signal, ref: false }).catch(() => undefined);
      if (abort.signal.aborted) return;
      try {
        while (!abort.signal.aborted && (await forgetOldInbox(sql, inboxDays)) > 0) await sleep(pauseMs);
      } catch (error) {
        log.warn({ error }, 'could not clean the inbox');
      }
    }
  }
  const cleaning = clean();
  return {
    async stop() {
      abort.abort();
      await cleaning;
    },
  };
}
