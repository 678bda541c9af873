import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topology } from '../../../contracts/topology.ts';
import { gatewayApp, startGateway } from '../../../gateway/server.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import type { RunningRole } from '../../platform/messaging/role.ts';
import { freePort } from '../../run/bootstrap/ports.ts';
import { type FalloutVerb, readFallout, settleFallout } from '../../cli/fallout/fallout.store.ts';
import { rebuildViews } from '../../cli/views/rebuild.ts';
import { type NetworkControl, networkControl } from '../faults/network-control.ts';
import { roles } from '../../run/fleet/roles.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { connectBroker } from '../../platform/broker/connection.ts';
import { createPublisher } from '../../platform/broker/publisher.ts';
import { assertTopology, declareQueue } from '../../platform/broker/topology.ts';
import { parseConfiguration } from '../../platform/configuration.ts';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';
import { watchForLost } from '../../platform/messaging/lost.ts';
import { type Relay, startRelay } from '../../platform/messaging/relay.ts';
import { loadSamples } from '../../samples/load.ts';
import type { Testbed } from './testbed.ts';

/** Asks a gateway without a socket in between: a path with its query string, or a whole URL. */
export type Ask = (url: string, init?: RequestInit) => Promise<Response>;

/** What the simulated partner signs its callbacks with. They come to the gateway's port: a test that wants them listens. */
export const partnerSecret = 'the partner and we';

/** Everything but the gateway, which a test asks rather than starts. */
export const workerRoles = [
  'projector',
  'service-ordering',
  'service-inventory',
  'product-inventory',
  'order-management',
  'outside-ordering',
  'activator',
] as const;
export type WorkerRole = (typeof workerRoles)[number];

/** The whole of Patchbay in this process, on a testbed. */
export interface System {
  readonly sql: Database;
  /** Another database, such as that of a gateway with a database of its own. */
  database(url: string): Database;
  /** The network simulator behind the activators: faults and what is really held. */
  readonly network: NetworkControl;
  readonly request: Ask;
  /**
   * Another replica of the gateway, with settings of its own on top of the system's: less patience (`COMMAND_WAIT_MS`),
   * another database, a broker that is not there.
   */
  gateway(settings: Readonly<Record<string, string>>): Promise<Ask>;
  /** The gateway on the system's own port, for what only a socket can show, and where outside systems call back. Once. */
  listen(): Promise<string>;
  /** Stops roles as a drain does; what they own waits in queues and tables until they are started again. */
  stop(...names: readonly WorkerRole[]): Promise<void>;
  start(...names: readonly WorkerRole[]): Promise<void>;
  /** An operator's word on the order's item that is held. */
  settleFallout(orderId: string, verb: FalloutVerb): Promise<void>;
  rebuildViews(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the fleet with every activator, the network simulator and the sample specifications. About three seconds.
 *
 * @param settings environment variables on top of the tests' own
 */
export async function startSystem(testbed: Testbed, settings: Readonly<Record<string, string>> = {}): Promise<System> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of undo.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await assemble(testbed, settings, undo)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  testbed: Testbed,
  settings: Readonly<Record<string, string>>,
  undo: (() => Promise<unknown>)[],
): Promise<Omit<System, 'close'>> {
  const declared = topology(await activatorTypes());
  const dataDir = await mkdtemp(join(tmpdir(), 'system-'));
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  const [simulator] = await Promise.all([
    startSimulator({ port: 0, dataDir, delivering: { afterMs: 50, retryMs: 100, secret: partnerSecret } }),
    assertTopology(testbed.amqpUrl, declared),
  ]);
  undo.push(() => simulator.close());

  const port = await freePort();
  const environment = {
    DATABASE_URL: testbed.databaseUrl,
    AMQP_URL: testbed.amqpUrl,
    NETWORK_URL: simulator.url,
    CALLBACK_URL: `http://127.0.0.1:${port}`,
    PLATFORM_PARTNER_SECRET: partnerSecret,
    PORT: String(port),
    LOG_LEVEL: 'silent',
    DATABASE_CONNECTIONS: '12',
    // A busy machine is no reason for a 503: tests that want one say so.
    COMMAND_WAIT_MS: '20000',
    ...settings,
  };
  const configuration = parseConfiguration(environment);
  const log = createLog('test', configuration.LOG_LEVEL);
  const open = (url: string): Database => {
    const opened = connectDatabase(url, { connections: configuration.DATABASE_CONNECTIONS, role: 'test' });
    undo.push(() => opened.end({ timeout: 1 }));
    return opened;
  };
  const relayTo = async (database: Database, amqpUrl: string): Promise<Relay> => {
    const publishing = await connectBroker(amqpUrl, 'test publishes', log);
    const publisher = createPublisher(publishing, log);
    const started = startRelay(database, publisher, log);
    const lost = watchForLost({
      ...{ sql: database, publisher, log },
      declareQueue: (queue) => declareQueue(publishing, declared, queue),
    });
    undo.push(async () => {
      await lost.stop();
      await started.stop();
      await publisher.close();
      await publishing.close().catch(() => undefined);
    });
    return started;
  };
  const sql = open(testbed.databaseUrl);
  const relay = await relayTo(sql, testbed.amqpUrl);
  const consuming = await connectBroker(testbed.amqpUrl, 'test consumes', log);
  undo.push(() => consuming.close().catch(() => undefined));

  const running = new Map<string, RunningRole>();
  const start = async (...names: readonly WorkerRole[]): Promise<void> => {
    for (const name of names) {
      const role = await roles[name]?.({
        sql,
        relay,
        consuming,
        topology: declared,
        log,
        batchSize: configuration.BATCH_SIZE,
        retry: { attempts: 3, baseMs: 20, capMs: 100 },
        configuration,
      });
      if (role !== undefined) running.set(name, role);
    }
  };
  const stop = async (...names: readonly string[]): Promise<void> => {
    await Promise.all(
      names.map(async (name) => {
        await running.get(name)?.stop();
        running.delete(name);
      }),
    );
  };
  undo.push(() => stop(...running.keys()));
  await start(...workerRoles);
  await loadSamples(testbed.databaseUrl);

  const gateway = async (own: Readonly<Record<string, string>>): Promise<Ask> => {
    const replica = parseConfiguration({ ...environment, ...own });
    const database = replica.DATABASE_URL === testbed.databaseUrl ? sql : open(replica.DATABASE_URL);
    const ownRelay = replica.AMQP_URL === testbed.amqpUrl ? relay : await relayTo(database, replica.AMQP_URL);
    const app = gatewayApp({
      sql: database,
      accepting: database,
      ...{ listing: database, searching: database },
      relay: ownRelay,
      log,
      topology: declared,
      configuration: replica,
    });
    return async (url, init) => app.request(url, init);
  };
  return {
    sql,
    database: open,
    network: networkControl(simulator.url),
    request: await gateway({}),
    gateway,
    async listen() {
      const listening = await startGateway({ sql, relay, log, topology: declared, configuration });
      undo.push(listening.stop);
      return `http://127.0.0.1:${listening.port}`;
    },
    stop,
    start,
    async settleFallout(orderId, verb) {
      const [held, ...others] = await readFallout(sql, orderId);
      if (held === undefined || others.length > 0)
        throw new Error(`order ${orderId} has ${others.length + (held === undefined ? 0 : 1)} held items, not one`);
      await settleFallout(sql, held, { verb, actor: 'test', reason: undefined });
    },
    rebuildViews: async () => void (await rebuildViews(testbed.databaseUrl, () => undefined)),
  };
}

/** A sample order, such as `business-internet`, as a client would send it. */
export async function sampleOrder(name: string): Promise<Record<string, unknown>> {
  const file = join(import.meta.dirname, '../../samples', `${name}.json`);
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
}
