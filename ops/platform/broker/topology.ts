import { connect, type Channel } from 'amqplib';
import { type QueueDeclaration, type Topology, deadLetterQueue } from '../../../contracts/topology.ts';
import { closeQuietly, openChannel } from './channels.ts';
import type { BrokerConnection } from './connection.ts';

/** The broker holds a queue or exchange with other arguments than ours (406). */
export class TopologyDriftError extends Error {
  override name = 'TopologyDriftError';

  constructor(what: string, brokerSays: string) {
    super(
      `${what} exists in the broker with other arguments than this release declares (${brokerSays}). ` +
        'Arguments of a queue cannot be changed in place: stop the fleet, move its messages away (shovel), delete it, start again.',
    );
  }
}

const isPreconditionFailed = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && error.code === 406;

/** Declares exchanges, then the given queues with their bindings. Idempotent; a drift is an explained error. */
export async function declare(
  channel: Channel,
  topology: Topology,
  queues: readonly QueueDeclaration[],
): Promise<void> {
  for (const exchange of topology.exchanges) {
    await explained(
      `Exchange ${exchange.name}`,
      channel.assertExchange(exchange.name, exchange.type, { durable: true }),
    );
  }
  for (const queue of queues) {
    await explained(
      `Queue ${queue.name}`,
      channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments }),
    );
    for (const binding of queue.bindings) await channel.bindQueue(queue.name, binding.exchange, binding.pattern);
  }
}

async function explained(what: string, declaration: Promise<unknown>): Promise<void> {
  try {
    await declaration;
  } catch (error) {
    if (isPreconditionFailed(error)) throw new TopologyDriftError(what, error.message);
    throw error;
  }
}

/**
 * Declares one queue again, with its bindings and its dead letters.
 *
 * @returns false for a queue that is none of ours: nothing is declared
 */
export async function declareQueue(connection: BrokerConnection, topology: Topology, queue: string): Promise<boolean> {
  const wanted = topology.queues.filter(({ name }) => name === queue || name === deadLetterQueue(queue));
  if (wanted.length === 0) return false;
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  try {
    await declare(channel, topology, wanted);
    return true;
  } finally {
    await closeQuietly(channel);
  }
}

/** Declares everything once, over a connection of its own: what a start does before any role runs. */
export async function assertTopology(url: string, topology: Topology): Promise<void> {
  const connection = await connect(url, { noDelay: true, timeout: 5_000 });
  connection.on('error', () => undefined);
  try {
    const { channel } = await openChannel(connection);
    await declare(channel, topology, topology.queues);
  } finally {
    await connection.close();
  }
}
