import { setTimeout as sleep } from 'node:timers/promises';
import type { Publisher, PublishResult } from '../broker/publisher.ts';
import { type Database, isDatabaseFault } from '../database.ts';
import type { Publication } from './envelope.ts';
import type { Log } from '../log.ts';
import * as metrics from '../metrics/metrics.ts';
import { isTracing, startSpan } from '../tracing/spans.ts';
import { awaitSeen, deletePublished, insertOutbox, leaseDue, markReturned, markUnreadable } from './outbox.store.ts';

/**
 * Brings committed messages to the broker: at once after the commit that wrote them, and by a sweep of what was left
 * over (a crash, a broker that was away, retries whose time has come). Any process may sweep any row.
 */
export interface Relay {
  /** Publishes what a commit just wrote. What there is no room for now, the sweep takes. Never throws, never waits. */
  committed(publications: readonly Publication[]): void;
  /**
   * Publishes what has no row in the outbox, because something else that was committed is the promise that it is sent. What
   * cannot be brought to the broker now gets its row, for the sweep. Never throws, never waits.
   */
  promised(publications: readonly Publication[]): void;
  /** False while there is no channel to publish on. */
  publishing(): boolean;
  /** Sweeps until stopped, then waits for what is outstanding. */
  stop(): Promise<void>;
}

/** How often a sweep looks; also how late a retry may be. */
const sweepMs = 400;
const sweepSize = 500;
/**
 * Confirmed rows are forgotten together: when so many wait, or after so long. Each forgetting is a transaction, which
 * costs the database more than the rows it deletes. What a crash leaves in between is published twice.
 */
const recordSize = 250;
const recordMs = 50;
const nothing: Awaited<ReturnType<typeof leaseDue>> = { due: [], unreadable: [] };
/** By then nearly all that is kept until it is seen has been, and forgetting it was its consumer's. */
const seenMs = 1_000;

export function startRelay(sql: Database, publisher: Publisher, log: Log): Relay {
  let outstanding = 0;
  const awaitNone: (() => void)[] = [];
  const settled: Record<Exclude<PublishResult, 'failed'>, string[]> = { confirmed: [], returned: [] };
  let recording: Promise<void> | undefined;
  let recordLater: NodeJS.Timeout | undefined;
  let unseen: string[] = [];
  let unseenLater: NodeJS.Timeout | undefined;
  let unkept: Publication[] = [];
  let keeping: Promise<void> | undefined;
  let stopped = false;

  function settle(publication: Publication, hasRow: boolean, result: PublishResult): void {
    metrics.publishes.inc({ result });
    if (!hasRow) {
      if (result !== 'confirmed') keep([publication]);
      return;
    }
    if (result === 'failed') return;
    if (result === 'returned') {
      const { exchange, routingKey, type, id } = publication;
      log.error(
        { messageId: id, exchange, routingKey, type },
        'unroutable: no queue is bound for this message; it is kept and tried again',
      );
    }
    if (result === 'confirmed' && publication.untilSeen === true) {
      unseen.push(publication.row);
      unseenLater ??= setTimeout(() => void leaveToBeSeen(), seenMs);
      return;
    }
    settled[result].push(publication.row);
    if (unrecorded() >= recordSize) void record();
    else recordLater ??= setTimeout(() => void record(), recordMs);
  }

  /** The message leaves with the span of its publishing, from which its handling follows. */
  async function traced(publication: Publication): Promise<PublishResult> {
    const { envelope, exchange, routingKey, type, id } = publication;
    const { correlationId, traceparent: parent } = envelope;
    const span = startSpan({
      name: `publish ${type}`,
      kind: 'producer',
      ...{ parent, correlationId },
      attributes: {
        'messaging.system': 'rabbitmq',
        'messaging.operation.type': 'send',
        'messaging.operation.name': 'publish',
        'messaging.destination.name': `${exchange}:${routingKey}`,
        'messaging.message.id': id,
        'messaging.message.conversation_id': correlationId,
      },
    });
    const traceparent = span?.traceparent ?? parent;
    const carried =
      traceparent === undefined ? publication : { ...publication, envelope: { ...envelope, traceparent } };
    const result = await publisher.publish(carried);
    span?.end({ 'patchbay.outcome': result }, result === 'confirmed' ? undefined : result);
    return result;
  }

  const unrecorded = (): number => settled.confirmed.length + settled.returned.length;

  /** One at a time: what is settled while it runs has its own turn. */
  function record(): Promise<void> {
    clearTimeout(recordLater);
    recordLater = undefined;
    return (recording ??= recordSettled().finally(() => {
      recording = undefined;
      if (unrecorded() > 0) recordLater ??= setTimeout(() => void record(), recordMs);
    }));
  }

  async function recordSettled(): Promise<void> {
    try {
      do {
        const confirmed = settled.confirmed.splice(0);
        const returned = settled.returned.splice(0);
        if (confirmed.length > 0) await deletePublished(sql, confirmed);
        if (returned.length > 0) await markReturned(sql, returned);
      } while (unrecorded() >= recordSize);
    } catch (error) {
      // Not recorded: the sweep publishes them a second time and the inboxes know them.
      log.warn({ error }, 'could not record what was published');
    }
  }

  async function leaveToBeSeen(): Promise<void> {
    clearTimeout(unseenLater);
    unseenLater = undefined;
    const rows = unseen;
    unseen = [];
    try {
      if (rows.length > 0) await awaitSeen(sql, rows);
    } catch (error) {
      // The sweep publishes them once more; the inbox knows them.
      log.warn({ error }, 'could not leave messages to be seen');
    }
  }

  /** Writes rows of what could not be published without: all of a turn together, one statement at a time. */
  function keep(publications: readonly Publication[]): void {
    unkept.push(...publications);
    keeping ??= keepUnkept();
  }

  async function keepUnkept(): Promise<void> {
    await sleep(0);
    while (unkept.length > 0) {
      const publications = unkept;
      unkept = [];
      try {
        await insertOutbox(sql, publications);
      } catch (error) {
        // What promises that it is sent is committed, and sends it again.
        log.warn({ error, messages: publications.length }, 'could not keep what could not be published');
      }
    }
    keeping = undefined;
  }

  function publish(publication: Publication, hasRow: boolean): Promise<void> {
    outstanding += 1;
    const published = isTracing() ? traced(publication) : publisher.publish(publication);
    return published.then((result) => {
      settle(publication, hasRow, result);
      outstanding -= 1;
      if (outstanding === 0) for (const resolve of awaitNone.splice(0)) resolve();
    });
  }

  const noneOutstanding = (): Promise<void> =>
    outstanding === 0 ? Promise.resolve() : new Promise((resolve) => void awaitNone.push(resolve));

  async function sweep(): Promise<void> {
    while (!stopped) {
      let swept = 0;
      try {
        const room = Math.min(publisher.room(), sweepSize);
        const { due, unreadable } = room > 0 ? await leaseDue(sql, room) : nothing;
        const publishing = due.map((publication) => publish(publication, true));
        swept = due.length + unreadable.length;
        if (unreadable.length > 0) {
          log.error({ unreadable }, 'messages in the outbox cannot be read; they are kept and tried again');
          await markUnreadable(sql, unreadable);
        }
        if (swept === sweepSize) await Promise.all(publishing);
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
    publishing: () => publisher.open(),
    committed(publications) {
      for (const publication of publications.slice(0, publisher.room())) void publish(publication, true);
    },
    promised(publications) {
      const room = publisher.room();
      for (const publication of publications.slice(0, room)) void publish(publication, false);
      if (publications.length > room) keep(publications.slice(room));
    },
    async stop() {
      stopped = true;
      await sweeping;
      await Promise.race([
        noneOutstanding()
          .then(() => keeping)
          .then(() => recording)
          .then(record)
          .then(leaveToBeSeen),
        sleep(5_000, undefined, { ref: false }),
      ]);
    },
  };
}
