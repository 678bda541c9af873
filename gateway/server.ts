import { serve } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
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
import { createViewStore } from './tmf630/views.store.ts';
import { callbackRoutes } from './callbacks/routes.ts';
import { createCommands } from './commands/commands.ts';
import { createOutcomes } from './commands/outcomes.ts';

export interface GatewayDependencies {
  readonly sql: Database;
  /** For accepting alone: one connection. Nobody's lists make a create wait, and its server process stays warm. */
  readonly accepting: Database;
  /** For lists that look into documents alone: however slow they are, they delay nothing but each other. */
  readonly listing: Database;
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
  const store = createViewStore(sql, listing);
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

const listingConnections = 3;

/** Starts the HTTP server of the TMF boundary, with its connections for accepting and for slow lists. */
export async function startGateway(
  dependencies: Omit<GatewayDependencies, 'accepting' | 'listing'> & {
    readonly configuration: Pick<Configuration, 'DATABASE_URL'>;
  },
): Promise<Gateway> {
  const { PORT: port, HOST: hostname, DATABASE_URL } = dependencies.configuration;
  const accepting = connectDatabase(DATABASE_URL, { connections: 1, role: 'gateway accepts' });
  const listing = connectDatabase(DATABASE_URL, { connections: listingConnections, role: 'gateway lists' });
  const app = gatewayApp({ ...dependencies, accepting, listing });
  const server = await new Promise<Server>((resolve, reject) => {
    const starting = serve({ fetch: app.fetch, port, hostname }, () => resolve(starting)) as Server;
    starting.once('error', reject);
    answerClientErrors(starting);
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
      await Promise.all([accepting.end({ timeout: 5 }), listing.end({ timeout: 5 })]);
    },
  };
}
