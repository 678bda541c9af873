import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Topology } from '../../../contracts/topology.ts';
import type { Broker } from '../../run/bootstrap/service.ts';
import { connectBroker } from '../../platform/broker/connection.ts';
import { createLog } from '../../platform/log.ts';

/** Delivers every message of the fleet more often than it was sent. */
export interface Duplicator {
  /** Copies published so far: at once, seconds later, and by `again`. */
  readonly copies: { readonly atOnce: number; readonly late: number; readonly again: number };
  /**
   * Publishes everything seen once more, shuffled, and waits until the queues are empty.
   *
   * @returns how many new messages the fleet sent meanwhile: in a quiet system, in answer to repeated ones
   */
  again(): Promise<number>;
  stop(): Promise<void>;
}

interface Seen {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: z.output<typeof properties>;
  readonly body: Buffer;
}

/** The header table of a traced message. */
const properties = z.object({
  message_id: z.string(),
  type: z.string(),
  correlation_id: z.string(),
  content_type: z.string(),
  headers: z.record(z.string(), z.unknown()),
});
const traced = z.object({ exchange_name: z.string(), routing_keys: z.tuple([z.string()], z.string()), properties });

const lateMs = { from: 2_000, to: 6_000 };

/**
 * Listens to the broker's own tracing, which copies what is published to any exchange, the default one too (retries go
 * through it), without adding a binding that would make unroutable messages routable. Each message is republished
 * unchanged to where it was sent: at once, and again after some seconds.
 */
export async function startDuplicator(broker: Broker, topology: Topology, random: () => number): Promise<Duplicator> {
  await trace(broker, true);
  const connection = await connectBroker(broker.url, 'faults duplicates', createLog('faults', 'silent'));
  const channel = await connection.createConfirmChannel();
  const queues = new Set(topology.queues.map(({ name }) => name));
  const seen = new Map<string, Seen>();
  const waiting = new Set<NodeJS.Timeout>();
  const copies = { atOnce: 0, late: 0, again: 0 };

  function publish({ exchange, routingKey, properties, body }: Seen, counter: keyof typeof copies): void {
    copies[counter] += 1;
    channel.publish(exchange, routingKey, body, {
      messageId: properties.message_id,
      type: properties.type,
      correlationId: properties.correlation_id,
      contentType: properties.content_type,
      headers: properties.headers,
      persistent: true,
    });
  }

  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
  await channel.bindQueue(queue, 'amq.rabbitmq.trace', 'publish.#');
  await channel.consume(
    queue,
    (copy) => {
      if (copy === null) return;
      const message = read(copy.properties.headers, copy.content);
      if (message === undefined || message.routingKey.endsWith('.dead')) return;
      const own = message.exchange === '' ? queues.has(message.routingKey) : ['cmd', 'evt'].includes(message.exchange);
      const { headers, message_id: id } = message.properties;
      const key = JSON.stringify([message.exchange, message.routingKey, id, headers]);
      if (!own || seen.has(key)) return;
      seen.set(key, message);
      publish(message, 'atOnce');
      const timer = setTimeout(
        () => {
          waiting.delete(timer);
          publish(message, 'late');
        },
        lateMs.from + (lateMs.to - lateMs.from) * random(),
      );
      waiting.add(timer);
    },
    { noAck: true },
  );

  async function emptied(): Promise<void> {
    for (let empty = 0; empty < 3; await sleep(200)) {
      const counts = await Promise.all([...queues].map((name) => channel.checkQueue(name)));
      empty = counts.every(({ messageCount }) => messageCount === 0) ? empty + 1 : 0;
    }
  }

  return {
    copies,
    async again() {
      while (waiting.size > 0) await sleep(100);
      const all = [...seen.values()]
        .map((message) => ({ message, at: random() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ message }) => message);
      for (const [at, message] of all.entries()) {
        publish(message, 'again');
        if (at % 500 === 499) await channel.waitForConfirms();
      }
      await channel.waitForConfirms();
      await emptied();
      return seen.size - all.length;
    },
    async stop() {
      for (const timer of waiting) clearTimeout(timer);
      await connection.close();
      await trace(broker, false);
    },
  };
}

/** What the tracer says of a message of ours; undefined for any other. */
function read(headers: unknown, body: Buffer): Seen | undefined {
  const parsed = traced.safeParse(headers);
  if (!parsed.success) return undefined;
  const {
    exchange_name: exchange,
    routing_keys: [routingKey],
    properties,
  } = parsed.data;
  return { exchange, routingKey, properties, body };
}

async function trace({ managementUrl, login }: Broker, tracing: boolean): Promise<void> {
  const answer = await fetch(`${managementUrl}/api/vhosts/%2F`, {
    method: 'PUT',
    headers: {
      authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ tracing }),
  });
  if (!answer.ok)
    throw new Error(`The broker's tracing could not be switched: ${answer.status} ${await answer.text()}`);
}
