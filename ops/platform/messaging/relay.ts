import { setTimeout as sleep } from 'node:timers/promises';
import type { Publisher, PublishResult } from '../broker/publisher.ts';
import { type Database, isDatabaseFault } from '../database.ts';
import type { Log } from '../log.ts';
import * as metrics from '../metrics/metrics.ts';
import { isTracing, startSpan } from '../tracing/spans.ts';
import type { Publication } from './envelope.ts';
import {
  type MessageKey,
  deleteMessages,
  endsWithConfirm,
  keysOf,
  leaseDue,
  markHandedOver,
  markReturned,
  markUnreadable,
} from './message.store.ts';
import { moveOldOutbox } from './old-outbox.store.ts';

/**
 * Brings committed messages to the broker: right after the commit that wrote them, and by a sweep of what has come due (its
 * process died, the broker refused it, a retry's time has come). Any process may sweep any row.
 */
export interface Relay {
  /** Publishes what a commit just wrote. Never throws, never waits. */
  committed(publications: readonly Publication[]): void;
  /** False while there is no channel to publish on. */
  publishing(): boolean;
  /** Sweeps until stopped, then waits for what is outstanding. */
  stop(): Promise<void>;
}

/** How often a sweep looks; also how late a retry may be. */
const sweepMs = 400;
const sweepSize = 500;
/** A fresh row is its writer's for ten seconds: what has waited longer for room is left to the sweep. */
const ownMs = 8_000;
/** Bounds what waits in memory; the rest is in the table. */
const mostWaiting = 10_000;
/** A receiver commits well within this: a row that is still there then is marked as handed over. */
const handOverMs = 5_000;
const recordMs = 250;
const recordSize = 1_000;

export function startRelay(sql: Database, publisher: Publisher, log: Log): Relay {
  const waiting: { publication: Publication; since: number }[] = [];
  const confirmed: { keys: readonly MessageKey[]; at: number }[] = [];
  let ended: MessageKey[] = [];
  let returned: MessageKey[] = [];
  let outstanding = 0;
  const whenNoneOutstanding: (() => void)[] = [];
  const abort = new AbortController();
  const { signal } = abort;

  function pump(): void {
    for (let room = publisher.room(); room > 0 && waiting.length > 0;) {
      const next = waiting.shift();
      if (next === undefined || performance.now() - next.since > ownMs) continue;
      void publish(next.publication);
      room -= 1;
    }
  }

  async function publish(publication: Publication): Promise<void> {
    outstanding += 1;
    const result = await (isTracing() ? traced(publisher, publication) : publisher.publish(publication));
    settle(publication, result);
    outstanding -= 1;
    if (waiting.length > 0) pump();
    if (outstanding === 0) for (const resolve of whenNoneOutstanding.splice(0)) resolve();
  }

  function settle(publication: Publication, result: PublishResult): void {
    metrics.publishes.inc({ result });
    if (result === 'failed') return;
    const keys = keysOf(publication);
    if (result === 'returned') {
      const { exchange, routingKey, type, id } = publication;
      log.error(
        { messageId: id, exchange, routingKey, type },
        'unroutable: no queue is bound for this message; it is kept and tried again',
      );
      returned.push(...keys);
    } else if (keys.every(endsWithConfirm)) ended.push(...keys);
    else confirmed.push({ keys, at: performance.now() });
  }

  /** Writes down what the broker said: ends what nobody of ours receives, marks what has not been received yet. */
  async function record(handedOverBefore: number): Promise<void> {
    const due = confirmed.findIndex(({ at }) => at > handedOverBefore);
    const handedOver = confirmed.splice(0, due === -1 ? confirmed.length : due).flatMap(({ keys }) => keys);
    const [over, lost] = [ended, returned];
    ended = [];
    returned = [];
    for (let at = 0; at < over.length; at += recordSize) await deleteMessages(sql, over.slice(at, at + recordSize));
    if (lost.length > 0) await markReturned(sql, lost);
    for (let at = 0; at < handedOver.length; at += recordSize)
      await markHandedOver(sql, handedOver.slice(at, at + recordSize));
  }

  async function keepRecord(): Promise<void> {
    while (!signal.aborted) {
      // What is not recorded comes due and is published once more: the inboxes know it.
      await record(performance.now() - handOverMs).catch((error: unknown) =>
        log.warn({ error }, 'could not record what was published'),
      );
      await sleep(recordMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function sweepOnce(): Promise<number> {
    const room = Math.min(publisher.room(), sweepSize);
    if (room === 0) return 0;
    const { rows, publications, unreadable } = await leaseDue(sql, room);
    const publishing = publications.map(publish);
    if (unreadable.length > 0) {
      log.error({ unreadable }, 'messages cannot be read; they are kept and tried again');
      await markUnreadable(sql, unreadable);
    }
    if (rows === sweepSize) await Promise.all(publishing);
    return Math.max(rows, await moveOldOutbox(sql, sweepSize));
  }

  async function sweep(): Promise<void> {
    while (!signal.aborted) {
      const swept = await sweepOnce().catch((error: unknown) => {
        log.warn({ error }, isDatabaseFault(error) ? 'cannot sweep messages, database away' : 'cannot sweep messages');
        return 0;
      });
      if (swept < sweepSize) await sleep(sweepMs, undefined, { signal }).catch(() => undefined);
    }
  }
  const loops = [sweep(), keepRecord()];

  const noneOutstanding = (): Promise<void> =>
    outstanding === 0 ? Promise.resolve() : new Promise((resolve) => void whenNoneOutstanding.push(resolve));

  return {
    publishing: () => publisher.open(),
    committed(publications) {
      const since = performance.now();
      for (const publication of publications) {
        if (waiting.length >= mostWaiting) return;
        waiting.push({ publication, since });
      }
      pump();
    },
    async stop() {
      abort.abort();
      await Promise.all(loops);
      const last = noneOutstanding().then(() => record(Number.POSITIVE_INFINITY));
      await Promise.race([
        last.catch((error: unknown) => log.warn({ error }, 'could not record what was published')),
        sleep(5_000, undefined, { ref: false }),
      ]);
    },
  };
}

/** The message leaves with the span of its publishing, from which its handling follows. */
async function traced(publisher: Publisher, publication: Publication): Promise<PublishResult> {
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
  const carried = traceparent === undefined ? publication : { ...publication, envelope: { ...envelope, traceparent } };
  const result = await publisher.publish(carried);
  span?.end({ 'patchbay.outcome': result }, result === 'confirmed' ? undefined : result);
  return result;
}
