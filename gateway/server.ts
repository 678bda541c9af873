import { getRequestListener } from '@hono/node-server';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Topology } from '../contracts/topology.ts';
import type { Configuration } from '../ops/platform/configuration.ts';
import { type Database, connectDatabase } from '../ops/platform/database.ts';
import type { Log } from '../ops/platform/log.ts';
import type { Relay } from '../ops/platform/messaging/relay.ts';
import { productOrderingApi } from './apis/tmf622/api.ts';
import { productInventoryApi } from './apis/tmf637/api.ts';
import { serviceInventoryApi } from './apis/tmf638/api.ts';
import { serviceOrderingApi } from './apis/tmf641/api.ts';
import { createApp } from './tmf630/app.ts';
import { answerClientErrors } from './tmf630/client-error.ts';
import type { BoundaryOptions } from './tmf630/boundary.ts';
import { takeTurns } from './tmf630/turns.ts';
import { createViewStore, listConnections } from './tmf630/views.store.ts';
import { callbackRoutes } from './callbacks/routes.ts';
import { createCommands } from './commands/commands.ts';
import { createOutcomes } from './commands/outcomes.ts';

export interface GatewayDependencies {
  readonly sql: Database;
  /** For accepting alone: one connection. Nobody's lists make a create wait, and its server process stays warm. */
  readonly accepting: Database;
  /** For lists alone. */
  readonly listing: Database;
  /** For lists that search documents: however slow they are, they delay nothing but each other. */
  readonly searching: Database;
  /** True when answers that clients have yet to take leave no memory for another list. */
  readonly full?: () => boolean;
  readonly relay: Relay;
  readonly log: Log;
  readonly topology: Topology;
  readonly configuration: Pick<
    Configuration,
    'PORT' | 'HOST' | 'PUBLIC_URL' | 'TRUST_PROXY' | 'COMMAND_WAIT_MS' | 'platformSecret'
  >;
}

export interface Gateway {
  readonly port: number;
  /** Answers what is under way, takes nothing new. */
  stop(): Promise<void>;
}

/** The TMF application over its dependencies; servers and tests use the same one. */
export function gatewayApp({
  sql,
  accepting,
  listing,
  searching,
  full,
  relay,
  log,
  topology,
  configuration,
}: GatewayDependencies): ReturnType<typeof createApp> {
  const options: BoundaryOptions = {
    publicUrl: configuration.PUBLIC_URL,
    trustForwarded: () => configuration.TRUST_PROXY,
    onFailure: (error, request) => log.error({ error, ...request }, 'request failed'),
  };
  const store = createViewStore(sql, listing, searching, full);
  const commands = createCommands({
    ...{ sql, accepting },
    store,
    relay,
    outcomes: createOutcomes(sql, log),
    waitMs: configuration.COMMAND_WAIT_MS,
  });
  const app = createApp({
    ...options,
    apis: [
      productOrderingApi(store, commands, options),
      productInventoryApi(store, commands, options),
      serviceOrderingApi(store, commands, options),
      serviceInventoryApi(store, commands, options),
    ],
  });
  const secretOf = configuration.platformSecret;
  return app.route('/callbacks', callbackRoutes({ sql, relay, log, topology, secretOf }));
}

/** Answers that clients have yet to take: beyond this no list is begun, and who takes nothing is cut off sooner. */
const UNTAKEN_BYTES = 64 * 1024 * 1024;
/** A page of 4 MiB within this is 1.1 Mbit/s. */
const TAKEN_WITHIN_MS = 30_000;
const PRESSED_MS = 5_000;

/** Lists are small pieces of work: a plan in parallel would take the other processors from everybody, and compiling it longer than running it. */
const oneProcessor = { max_parallel_workers_per_gather: 0, jit: 'off' };

/** Starts the HTTP server of the TMF boundary, with its connections for accepting and for lists. */
export async function startGateway(
  dependencies: Omit<GatewayDependencies, 'accepting' | 'listing' | 'searching' | 'full'> & {
    readonly configuration: Pick<Configuration, 'DATABASE_URL'>;
  },
): Promise<Gateway> {
  const { PORT: port, HOST: hostname, DATABASE_URL } = dependencies.configuration;
  const accepting = connectDatabase(DATABASE_URL, { connections: 1, role: 'gateway accepts' });
  const [listing, searching] = ['lists', 'searches'].map((what) =>
    connectDatabase(DATABASE_URL, { connections: listConnections, role: `gateway ${what}`, settings: oneProcessor }),
  ) as [Database, Database];
  const full = () => turns.untaken() > UNTAKEN_BYTES;
  const app = gatewayApp({ ...dependencies, accepting, listing, searching, full });
  const turns = takeTurns(getRequestListener(app.fetch, { hostname }), {
    takenWithinMs: TAKEN_WITHIN_MS,
    pressedMs: PRESSED_MS,
    roomyBytes: UNTAKEN_BYTES,
  });
  const server = createServer(turns.listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    answerClientErrors(server);
    server.listen(port, hostname, resolve);
  });
  dependencies.log.info({ port: (server.address() as AddressInfo).port }, 'gateway listens');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 5_000).unref();
      });
      turns.stop();
      await Promise.all([accepting, listing, searching].map((pool) => pool.end({ timeout: 5 })));
    },
  };
}
