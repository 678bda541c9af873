import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Logger } from 'pino';
import { simulatorApp } from './app.ts';
import type { Delivering } from './deliveries.ts';
import type { Manager } from './manager.ts';
import { everyManager } from './managers/index.ts';
import { openNetwork } from './network.ts';

/** A simulator that listens. `close` lets running answers out, cuts the rest, and leaves all state on record. */
export type Simulator = { url: string; close(): Promise<void> };

/** Nobody outside this machine has business with it: it has no authentication and breaks things on request. */
const LOOPBACK = '127.0.0.1';

/** Longer than callers keep idle connections, so that it is never the simulator that closes one under a new call. */
const KEEP_ALIVE_MS = 75_000;

/** What a running answer takes, several times over. Hanging calls are cut when it is over. */
const GRACE_MS = 250;

/**
 * Starts a network simulator on a port (0 for any), of loopback unless told, with its state in `dataDir`.
 * Throws when the port is taken, or when another simulator uses the folder.
 */
export async function startSimulator(options: {
  port: number;
  dataDir: string;
  /** Another address to listen on than loopback: a container's, on a network of its own. */
  host?: string;
  log?: Logger;
  /** Other managers than those of this house and of its activators' folders. */
  managers?: Readonly<Record<string, Manager>>;
  /** How outside operators behave. */
  delivering?: Delivering;
}): Promise<Simulator> {
  const host = options.host ?? LOOPBACK;
  const managers = options.managers ?? (await everyManager());
  const network = openNetwork({
    ...{ directory: options.dataDir, managers },
    ...(options.delivering === undefined ? {} : { delivering: options.delivering }),
  });
  const app = simulatorApp(network, options.log);
  // The process's own Request and Response stay what they are: tests run simulators next to other things.
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  try {
    server.listen(options.port, host);
    await once(server, 'listening');
  } catch (error) {
    network.close();
    throw error;
  }

  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    const grace = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    await closed;
    clearTimeout(grace);
    network.close();
  };
  let stopping: Promise<void> | undefined;
  const { port } = server.address() as AddressInfo;
  return { url: `http://${host}:${port}`, close: () => (stopping ??= stop()) };
}
