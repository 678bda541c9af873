import type { Channel, ConsumeMessage } from 'amqplib';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Topology, deadLetterQueue } from '../../../contracts/topology.ts';
import type { Log } from '../log.ts';
import { answered, closeQuietly, openChannel } from './channels.ts';
import type { BrokerConnection } from './connection.ts';
import { TopologyDriftError, declare } from './topology.ts';

/** A message as the broker handed it over. */
export interface Delivery {
  readonly messageId: string | undefined;
  readonly type: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  /** How often the broker has handed it out before: crashes, lost channels, restarts. */
  readonly returns: number;
  /** The channel it came on. Tags restart per channel: an ack goes to the one that delivered, or nowhere. */
  readonly session: object;
  readonly tag: number;
}

export interface SubscriptionOptions {
  readonly queue: string;
  readonly prefetch: number;
  readonly topology: Topology;
  readonly log: Log;
  deliver(delivery: Delivery): void;
  /** The channel is gone: what it delivered and was not acked comes again. */
  lost(session: object): void;
}

export interface Subscription {
  /** True while the broker delivers, or would if it had something. */
  consuming(): boolean;
  /** Acks all of them; of a channel that is gone, none: those come again and the inbox knows them. */
  ack(deliveries: readonly Delivery[]): void;
  /** Has the broker dead-letter it: for what is too large to carry through our own dead-lettering. */
  reject(delivery: Delivery): void;
  /** Stops taking; what was delivered can still be acked. */
  pause(): void;
  resume(): void;
  /** Ends it; what was delivered and not acked by now comes again, here or elsewhere. */
  close(): Promise<void>;
}

interface Session {
  readonly channel: Channel;
  /** Resolves when the channel is closed. */
  readonly gone: Promise<void>;
  consumerTag: string;
  readonly outstanding: Set<number>;
  lastDeliveryAt: number;
}

/** A consumer that is silent this long is checked for a backlog it does not get. */
const watchdogMs = 15_000;

/**
 * Consumes one queue, over a fresh channel with a fresh consumer tag each time one is lost (3.10 crashes on a reused
 * tag), declaring queue and bindings first, so that a deleted queue comes back.
 */
export function subscribe(connection: BrokerConnection, options: SubscriptionOptions): Subscription {
  const { queue, log } = options;
  let session: Session | undefined;
  let closed = false;
  let paused = false;
  let wake: () => void = () => undefined;

  async function open(): Promise<Session> {
    await declareQueue(connection, options);
    const { channel, gone } = await openChannel(connection, {
      prefetch: options.prefetch,
      closedBecause: (error) => log.warn({ queue, error }, 'consuming channel closed by the broker'),
    });
    const opened: Session = { channel, gone, consumerTag: '', outstanding: new Set(), lastDeliveryAt: Date.now() };
    const consumer = await channel.consume(queue, (message) => {
      if (message === null) return void discard(opened, 'the broker cancelled the consumer');
      opened.outstanding.add(message.fields.deliveryTag);
      opened.lastDeliveryAt = Date.now();
      options.deliver(deliveryOf(message, opened));
    });
    opened.consumerTag = consumer.consumerTag;
    return opened;
  }

  async function keepOpen(): Promise<void> {
    while (!closed) {
      if (paused) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      try {
        const opened = await answered(open(), (late) => void closeQuietly(late.channel));
        session = opened;
        await Promise.race([opened.gone, watch(opened)]);
        session = undefined;
        options.lost(opened);
        await closeQuietly(opened.channel);
      } catch (error) {
        if (closed) return;
        if (error instanceof TopologyDriftError) log.error({ queue, error }, error.message);
        else log.debug({ queue, error }, 'cannot consume yet');
        await sleep(error instanceof TopologyDriftError ? 10_000 : 300);
      }
    }
  }

  /** Ends when the session is not worth keeping: paused and drained, closed, or starved in front of a backlog. */
  async function watch(opened: Session): Promise<void> {
    while (session === opened) {
      // Told while it was still opening, nobody would wake it.
      if (closed || paused) return drained(opened, () => closed);
      const nap = new Promise<void>((resolve) => (wake = resolve));
      await Promise.race([nap, sleep(watchdogMs, undefined, { ref: false })]);
      if (closed || paused) continue;
      const silent = Date.now() - opened.lastDeliveryAt >= watchdogMs && opened.outstanding.size === 0;
      if (silent && (await backlog(connection, queue)) !== 0) {
        log.warn({ queue }, 'no deliveries although the queue has messages or is gone: consuming anew');
        return;
      }
    }
  }

  function discard(opened: Session, reason: string): void {
    log.warn({ queue, reason }, 'consumer ended, consuming anew');
    void closeQuietly(opened.channel);
  }

  const keeper = keepOpen();
  return {
    consuming: () => session !== undefined && !paused,
    ack: (deliveries) => ackAll(deliveries),
    reject,
    pause() {
      if (paused) return;
      paused = true;
      wake();
    },
    resume() {
      paused = false;
      wake();
    },
    async close() {
      closed = true;
      wake();
      await Promise.race([keeper, sleep(5_000, undefined, { ref: false })]);
    },
  };
}

function deliveryOf(message: ConsumeMessage, session: Session): Delivery {
  const headers = (message.properties.headers ?? {}) as Record<string, unknown>;
  return {
    messageId: message.properties.messageId as string | undefined,
    type: message.properties.type as string | undefined,
    headers,
    exchange: message.fields.exchange,
    routingKey: message.fields.routingKey,
    body: message.content,
    returns: Number(headers['x-delivery-count'] ?? 0),
    session,
    tag: message.fields.deliveryTag,
  };
}

/** One `multiple` ack where the deliveries are all the oldest outstanding ones, else one by one. */
function ackAll(deliveries: readonly Delivery[]): void {
  for (const [session, tags] of Map.groupBy(deliveries, (delivery) => delivery.session as Session)) {
    const settled = new Set(tags.map((delivery) => delivery.tag).filter((tag) => session.outstanding.has(tag)));
    const oldest = [...session.outstanding].slice(0, settled.size);
    const highest = oldest.at(-1);
    try {
      if (highest !== undefined && oldest.every((tag) => settled.has(tag))) session.channel.ack(tagged(highest), true);
      else for (const tag of settled) session.channel.ack(tagged(tag));
    } catch {
      // The channel is gone; so are its tags. The broker delivers again and the inbox knows what is done.
    }
    for (const tag of settled) session.outstanding.delete(tag);
  }
}

function reject({ session, tag }: Delivery): void {
  const { channel, outstanding } = session as Session;
  if (!outstanding.delete(tag)) return;
  try {
    channel.reject(tagged(tag), false);
  } catch {
    // The channel is gone: it comes again and is rejected then.
  }
}

/** amqplib acks by message, of which it reads the tag alone. */
const tagged = (deliveryTag: number) => ({ fields: { deliveryTag } }) as ConsumeMessage;

/** Nothing new comes after a cancel; the channel stays until what it delivered is settled, or nobody will settle it. */
async function drained(session: Session, abandoned: () => boolean): Promise<void> {
  await answered(session.channel.cancel(session.consumerTag));
  while (session.outstanding.size > 0 && !abandoned()) await sleep(20);
}

async function declareQueue(connection: BrokerConnection, { queue, topology }: SubscriptionOptions): Promise<void> {
  const names = new Set([queue, deadLetterQueue(queue)]);
  const { channel } = await openChannel(connection);
  try {
    await declare(
      channel,
      topology,
      topology.queues.filter((declared) => names.has(declared.name)),
    );
  } finally {
    await closeQuietly(channel);
  }
}

/** Messages ready in the queue; a queue that is gone counts as backlog, so that it is declared anew. */
async function backlog(connection: BrokerConnection, queue: string): Promise<number> {
  const { channel } = await openChannel(connection);
  try {
    return (await answered(channel.checkQueue(queue))).messageCount;
  } catch {
    return -1;
  } finally {
    await closeQuietly(channel);
  }
}
