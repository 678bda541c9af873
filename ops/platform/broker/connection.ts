import type { Writable } from 'node:stream';
import { type ChannelModel, connect, type RecoveringChannelModel } from 'amqplib';
import type { Log } from '../log.ts';
import { gatherWrites } from './gathered-writes.ts';

export type BrokerConnection = RecoveringChannelModel;

/** Seconds between heartbeats: a broker that hangs is noticed within two of them. */
const heartbeatSeconds = 10;

/**
 * Opens a connection that reconnects by itself, for ever. It answers at once, connected or not: a process starts, and
 * the gateway accepts, with the broker down.
 *
 * @param name shown in the management UI
 */
export async function connectBroker(url: string, name: string, log: Log): Promise<BrokerConnection> {
  const target = new URL(url);
  if (!target.searchParams.has('heartbeat')) target.searchParams.set('heartbeat', String(heartbeatSeconds));
  const connection = await connect(target.href, {
    // Nagle's algorithm costs 20 ms a message on an idle system.
    noDelay: true,
    timeout: 5_000,
    clientProperties: { connection_name: name },
    recovery: { initialDelay: 100, maxDelay: 3_000, waitForConnect: false },
  });
  connection.on('connect', (model: ChannelModel) => {
    // The types do not show the socket; each reconnection has one of its own.
    gatherWrites((model.connection as unknown as { stream: Writable }).stream);
    log.info({ connection: name }, 'broker connected');
  });
  connection.on('disconnect', (error: Error) =>
    log.warn({ connection: name, error }, 'broker connection lost, reconnecting'),
  );
  connection.on('connect-failed', (error: Error) => log.debug({ connection: name, error }, 'broker not reachable yet'));
  connection.on('blocked', (reason: string) => log.warn({ connection: name, reason }, 'broker blocks publishing'));
  connection.on('unblocked', () => log.info({ connection: name }, 'broker takes messages again'));
  connection.on('error', (error: Error) => log.warn({ connection: name, error }, 'broker connection error'));
  return connection;
}
