import { setTimeout as sleep } from 'node:timers/promises';
import type { Publisher, PublishResult } from '../broker/publisher.ts';
import { type Database, isDatabaseFault } from '../database.ts';
import type { Publication } from '../envelope.ts';
import type { Log } from '../log.ts';
import { deletePublished, leaseDue, markReturned } from './outbox.store.ts';

/**
 * Brings committed messages to the broker: at once after the commit that wrote them, and by a sweep of what was left
 * over (a crash, a broker that was away, retries whose time has come). Any process may sweep any row.
 */
export interface Relay {
  /** Publishes what a commit just wrote. What there is no room for now, the sweep takes. Never throws, never waits. */
  committed(publications: readonly Publication[]): void;
  /** Sweeps until stopped, then waits for what is outstanding. */
  stop(): Promise<void>;
}

/** How often a sweep looks; also how late a retry may be. */
const sweepMs = 400;
const sweepSize = 500;

export function startRelay(sql: Database, publisher: Publisher, log: Log): Relay {
  const outstanding = new Set<Promise<void>>();
  const settled: Record<Exclude<PublishResult, 'failed'>, string[]> = { confirmed: [], returned: [] };
  let recording: Promise<void> | undefined;
  let stopped = false;

  async function publish(publication: Publication): Promise<void> {
    const result = await publisher.publish(publication);
    if (result === 'failed') return;
    if (result === 'returned') {
      const { exchange, routingKey, type, id } = publication;
      log.error(
        { messageId: id, exchange, routingKey, type },
        'unroutable: no queue is bound for this message; it is kept and tried again',
      );
    }
    settled[result].push(publication.row);
    recording ??= record();
    await recording;
  }

  /** One statement for all that was confirmed while the last one ran. */
  async function record(): Promise<void> {
    await Promise.resolve();
    try {
      while (settled.confirmed.length > 0 || settled.returned.length > 0) {
        const confirmed = settled.confirmed.splice(0);
        const returned = settled.returned.splice(0);
        if (confirmed.length > 0) await deletePublished(sql, confirmed);
        if (returned.length > 0) await markReturned(sql, returned);
      }
    } catch (error) {
      // Not recorded: the sweep publishes them a second time and the inboxes know them.
      log.warn({ error }, 'could not record what was published');
    } finally {
      recording = undefined;
    }
  }

  function track(publication: Publication): void {
    const done: Promise<void> = publish(publication).finally(() => outstanding.delete(done));
    outstanding.add(done);
  }

  async function sweep(): Promise<void> {
    while (!stopped) {
      let swept = 0;
      try {
        const room = Math.min(publisher.room(), sweepSize);
        const due = room > 0 ? await leaseDue(sql, room) : [];
        due.forEach(track);
        swept = due.length;
        if (swept === sweepSize) await Promise.all(outstanding);
      } catch (error) {
        log.warn(
          { error },
          isDatabaseFault(error) ? 'cannot sweep the outbox, database away' : 'cannot sweep the outbox',
        );
      }
      if (swept < sweepSize) await sleep(sweepMs);
    }
  }
  const sweeping = sweep();

  return {
    committed(publications) {
      for (const publication of publications.slice(0, publisher.room())) track(publication);
    },
    async stop() {
      stopped = true;
      await sweeping;
      await Promise.race([Promise.all(outstanding), sleep(5_000)]);
    },
  };
}
