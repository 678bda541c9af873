import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, isDatabaseFault } from '../../ops/platform/database.ts';
import type { Log } from '../../ops/platform/log.ts';
import { compareStanding } from './unseen.store.ts';

const lookMs = 5_000;

/** Looks, now and then, whether the newest revision of everything that stopped changing is shown (decision 007). */
export function startComparing(sql: Database, log: Log): { stop(): Promise<void> } {
  const abort = new AbortController();

  async function watch(): Promise<void> {
    while (!abort.signal.aborted) {
      let compared = 0;
      try {
        compared = await compareStanding(sql);
      } catch (error) {
        log.warn({ error }, isDatabaseFault(error) ? 'cannot compare views, database away' : 'cannot compare views');
      }
      if (compared === 0) await sleep(lookMs, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  }
  const watching = watch();
  return {
    async stop() {
      abort.abort();
      await watching;
    },
  };
}
