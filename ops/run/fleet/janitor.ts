import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../platform/database.ts';
import { forgetOldInbox } from '../../platform/messaging/inbox.store.ts';
import type { Log } from '../../platform/log.ts';
import {
  forgetOldCrashes,
  forgetOldKeys,
  forgetOldOutcomes,
  forgetOldPendingDocuments,
  forgetReleasedOrders,
} from './janitor.store.ts';

/** Longer than any dead letter may wait for its replay; the journal of an order can be read as long. */
const inboxDays = 30;
/**
 * A client that repeats a request under its key does so within minutes, or within days when a person has to look. A request that is
 * asked for again is safe as long as the inbox knows its command, and has its answer as long as there is the outcome: both are
 * younger than the key, and a key goes before them.
 */
const keyDays = 30;
/** Nobody but the key's next request looks for an outcome after the minute in which it is waited for. */
const outcomeDays = 30;
/** A document becomes its client's when the command is answered, which a letter that is replayed still may be. */
const pendingDays = 30;
/**
 * What an order claimed and recorded is a fence against commands that come late, of an order that has given its products back: a
 * letter that is replayed at the latest. Past that a claim of it could only be one that nobody sends. An order that holds products
 * is remembered however long it takes.
 */
const orderDays = 60;
/** A message that has not come again after so long was lost with its queue. */
const crashDays = 30;

const everyMs = 600_000;
/** Between two pieces, so that cleaning up after a busy month is not felt by the orders of today. */
const pauseMs = 100;

type Piece = (sql: Database) => Promise<number>;

/** In this order: a key goes before the outcome and the inbox row that it rests on. */
const pieces: readonly Piece[] = [
  (sql) => forgetOldKeys(sql, keyDays),
  (sql) => forgetOldPendingDocuments(sql, pendingDays),
  (sql) => forgetOldOutcomes(sql, outcomeDays),
  (sql) => forgetOldInbox(sql, inboxDays),
  (sql) => forgetReleasedOrders(sql, orderDays),
  (sql) => forgetOldCrashes(sql, crashDays),
];

/** Removes everything that is past its keeping, piece by piece, until nothing is left of it or it is told to stop. */
export async function clean(sql: Database, signal: AbortSignal): Promise<void> {
  for (const forget of pieces) while (!signal.aborted && (await forget(sql)) > 0) await sleep(pauseMs);
}

/** Removes, a little at a time, what is past its keeping. */
export function startJanitor(sql: Database, log: Log): { stop(): Promise<void> } {
  const abort = new AbortController();
  async function cleanNowAndThen(): Promise<void> {
    while (!abort.signal.aborted) {
      await sleep(everyMs, undefined, { signal: abort.signal, ref: false }).catch(() => undefined);
      if (abort.signal.aborted) return;
      try {
        await clean(sql, abort.signal);
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
