import { setTimeout as sleep } from 'node:timers/promises';
import type { Publisher } from '../broker/publisher.ts';
import { type Database, isDatabaseFault, transaction } from '../database.ts';
import type { Log } from '../log.ts';
import { fallenLetter, lostCause, tellGivenUp } from './dead-letter.ts';
import { writeLetters } from './letter.store.ts';
import { markerPublication } from './marker.ts';
import { askQueues, forgetMarker, lockHopeless, notePassedRows, resolvePassed } from './marker.store.ts';
import { deleteMessages, insertDue } from './message.store.ts';

const lookMs = 2_000;
/** While a snapshot is held open a look meets all that was deleted since: what takes long rests so many times as long. */
const restTimes = 20;
const mostRestMs = 60_000;
/** After so many repeats, over half an hour apart in all, a message is given up. */
export const mostRepeats = 5;

export interface LostOptions {
  readonly sql: Database;
  readonly publisher: Publisher;
  readonly log: Log;
  /** Declares a queue that the broker does not have, with its bindings; false for one that this release does not know. */
  readonly declareQueue: (queue: string) => Promise<boolean>;
}

/**
 * Finds what the broker confirmed and lost with a queue. The queue itself says so: a marker sent into it is met after everything
 * that was handed over before. What is still there a minute later, and unknown to the inbox, is published again. So what is
 * repeated is lost, or held unacknowledged by some consumer: never a backlog, and never by anybody's clock but the database's.
 */
export function watchForLost({ sql, publisher, log, declareQueue }: LostOptions): { stop(): Promise<void> } {
  const abort = new AbortController();
  const { signal } = abort;

  let askAt = 0;
  async function ask(): Promise<void> {
    for (const marker of await askQueues(sql)) {
      const result = await publisher.publish(markerPublication(marker));
      if (result === 'confirmed') continue;
      if (result === 'failed' || (await declaredAgain(marker.queue))) await forgetMarker(sql, marker);
    }
  }

  /** One that cannot be declared keeps its marker, and is asked again in a minute; the others are not kept waiting. */
  async function declaredAgain(queue: string): Promise<boolean> {
    try {
      if (await declareQueue(queue)) {
        log.error({ queue }, 'the broker has lost a queue: it is declared again');
        return true;
      }
      log.error(
        { queue },
        `no queue of this release: patchbay purge ${queue} ends its messages and tells their senders`,
      );
    } catch (error) {
      log.error({ queue, error }, 'the broker has lost a queue, and it cannot be declared again');
    }
    return false;
  }

  async function resolve(): Promise<void> {
    while (!signal.aborted && (await notePassedRows(sql)));
    for (;;) {
      const { known, repeated } = await resolvePassed(sql, mostRepeats);
      if (repeated > 0) log.warn({ messages: repeated }, 'messages were lost with a queue: they are published again');
      if (signal.aborted || known + repeated === 0) return;
    }
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      try {
        if (performance.now() >= askAt) {
          const begun = performance.now();
          await ask();
          const now = performance.now();
          askAt = now + Math.min(restTimes * (now - begun), mostRestMs);
        }
        await resolve();
        const given = await giveUpHopeless(sql);
        if (given > 0) log.error({ messages: given }, 'messages that their queue loses each time are given up');
      } catch (error) {
        log.warn(
          { error },
          isDatabaseFault(error) ? 'cannot look for lost messages, database away' : 'cannot look for lost messages',
        );
      }
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
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

/** What a queue loses each time is a person's: a letter in place of the row, and the word to its sender. */
export const giveUpHopeless = (sql: Database): Promise<number> =>
  transaction(sql, async (tx) => {
    const hopeless = await lockHopeless(tx, mostRepeats);
    const cause = lostCause(mostRepeats);
    const letters = hopeless.map((row) =>
      fallenLetter(row, { queue: row.queue, worker: 'relay', cause, now: row.now }),
    );
    const told = hopeless.flatMap((row) => tellGivenUp(row, row.queue, cause, row.now) ?? []);
    await writeLetters(tx, letters);
    await insertDue(tx, told);
    await deleteMessages(
      tx,
      hopeless.map(({ id, queue, envelope: { attempt } }) => ({ id, queue, attempt })),
    );
    return hopeless.length;
  });
