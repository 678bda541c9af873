import { once } from 'node:events';
import type { ConfirmChannel, Message as Returned } from 'amqplib';
import type { Sql } from 'postgres';
import { encode, queueOf, type Message } from './chain.ts';
import { deleteSent, leftovers } from './chain-store.ts';

export type Relay = { publish: (messages: readonly Message[]) => Promise<void>; settle: () => Promise<void> };

/** Beyond this many publishes without a confirm the publisher waits: amqplib's own buffer has no bound. */
const MOST_UNCONFIRMED = 1_024;
const DELETE_AT = 500;
const DELETE_AT_LEAST_EVERY_MS = 100;
const SWEEP_EVERY_MS = 2_000;

/**
 * Publishes outbox rows right after their commit, mandatory and confirmed, and deletes confirmed rows in batches.
 * A sweeper takes what a direct publish left behind. A returned message keeps its row.
 */
export function startRelay(sql: Sql, channel: ConfirmChannel): Relay {
  const inFlight = new Set<string>();
  const returned = new Set<string>();
  let confirmed: string[] = [];
  let deleting = Promise.resolve();
  let settled = false;
  channel.on('return', (message: Returned) => returned.add(String(message.properties.messageId)));

  const flush = () => {
    const ids = confirmed;
    if (ids.length === 0) return;
    confirmed = [];
    deleting = deleting.then(() => deleteSent(sql, ids)).then(() => ids.forEach((id) => inFlight.delete(id)));
  };
  const send = (message: Message) => {
    if (inFlight.has(message.id)) return;
    inFlight.add(message.id);
    const options = { mandatory: true, persistent: true, messageId: message.id, contentType: 'application/json' };
    channel.publish('', queueOf(message.stage), encode(message), options, (error: Error | null) => {
      if (error || returned.delete(message.id)) {
        inFlight.delete(message.id);
        return;
      }
      confirmed.push(message.id);
      if (confirmed.length >= DELETE_AT) flush();
    });
  };
  const publish = async (messages: readonly Message[]) => {
    for (const message of messages) {
      if (inFlight.size - confirmed.length >= MOST_UNCONFIRMED) await channel.waitForConfirms();
      send(message);
    }
  };
  const ticking = setInterval(flush, DELETE_AT_LEAST_EVERY_MS);
  const sweeping = setInterval(() => {
    leftovers(sql)
      .then((messages) => publish(messages))
      // On a machine too busy to sweep in time, the last sweep may find the run over and the channel closed.
      .catch((error: unknown) => settled || channel.emit('error', error));
  }, SWEEP_EVERY_MS);

  return {
    publish,
    /** Waits until every row is confirmed and gone, then stops. */
    async settle() {
      await channel.waitForConfirms();
      flush();
      await deleting;
      settled = true;
      clearInterval(ticking);
      clearInterval(sweeping);
      await Promise.race([once(channel, 'close'), channel.close()]);
    },
  };
}
