import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Topology, topology } from '../../../contracts/topology.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import { type Home, claimHome, clone, homeAt, prepareHome } from '../../run/bootstrap/home.ts';
import { endLeftovers } from '../../run/bootstrap/leftovers.ts';
import { freePort, type Ports } from '../../run/bootstrap/ports.ts';
import { foldersOutside } from '../../run/bootstrap/postgres-place.ts';
import { type Services, startServices } from '../../run/bootstrap/services.ts';
import { type ProcessChange, type Supervised, supervise } from '../../run/fleet/supervised.ts';
import { type Fleet, standardRoles, startFleet } from '../../run/fleet/supervisor.ts';
import { migrate } from '../../run/migrations/migrate.ts';
import { assertTopology } from '../../platform/broker/topology.ts';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { loadSamples } from '../../samples/load.ts';
import { type Cuttable, cuttable } from '../testbed/cuttable.ts';
import { type NetworkControl, networkControl } from './network-control.ts';
import { installWitness } from './witness.store.ts';

export type Ended = Extract<ProcessChange, { kind: 'ended' }>;

/** A whole system of its own, two processes of each role, on which faults can be played. */
export interface Stage {
  readonly services: Services;
  readonly simulator: Supervised;
  readonly network: NetworkControl;
  readonly fleet: Fleet;
  /** Further environment of a process, by its name; from its next start on. */
  readonly environment: Map<string, Readonly<Record<string, string>>>;
  readonly ways: Ways;
  /** Where the stage's logs and process records are. */
  readonly folders: { readonly logs: string; readonly processes: string };
  /** For a second PostgreSQL; what still runs there when the stage closes is ended. */
  readonly standbyHome: Home;
  readonly simulatorPort: number;
  readonly topology: Topology;
  readonly sql: Database;
  /** Every process that ended so far, asked or not. */
  readonly ended: readonly Ended[];
  /** Drains and ends the fleet; its processes' last words are in `ended`. */
  stopFleet(): Promise<void>;
  close(): Promise<void>;
}

/** How the servers are reached: always over one of these. */
export interface Ways {
  /** From the fleet to RabbitMQ. */
  readonly broker: Cuttable;
  /** From the fleet to the PostgreSQL that has the address. */
  readonly database: Cuttable;
  /** From the stage itself to that PostgreSQL: leads where the fleet's does, and is never silent. */
  readonly stage: Cuttable;
}

/** What the simulated partner signs its callbacks with. */
const partnerSecret = 'the partner and we';

/** A queue that was declared less than this before a `kill -9` of a 3.10 broker can be lost with it. */
const settledTopologyMs = 3_000;

/**
 * Brings the stage up, with fresh data.
 *
 * @param root its folder; two stages at once need two
 * @param abandoned ends every process at once when it aborts
 */
export async function setStage(root: string, tell: (line: string) => void, abandoned: AbortSignal): Promise<Stage> {
  const home = homeAt(root, process.env);
  const standbyHome = homeAt(join(root, 'standby'));
  prepareHome(home);
  const release = claimHome(home);
  const undo: (() => unknown)[] = [release];
  const close = async (): Promise<void> => {
    for (const end of undo.splice(0).toReversed()) await end();
  };
  try {
    await endLeftovers(home.processes, 2_000);
    await endLeftovers(standbyHome.processes);
    for (const { postgres, rabbitmq, simulator, logs } of [home, standbyHome]) {
      for (const folder of [...foldersOutside(postgres), postgres, rabbitmq, simulator, logs])
        rmSync(folder, { recursive: true, force: true });
    }
    const ports = await ownPorts();
    const embedded = { postgres: 'embedded', rabbitmq: 'embedded' } as const;
    const services = await startServices(home, ports, embedded, process.env, tell);
    undo.push(() => stopServices(services));
    undo.push(() => endLeftovers(standbyHome.processes));
    const ways: Ways = {
      broker: await cuttable(services.rabbitmq.url, ports.amqp),
      database: await cuttable(services.postgres.url, ports.postgres),
      stage: await cuttable(services.postgres.url, ports.postgres),
    };
    undo.push(() => Promise.all([ways.broker.close(), ways.database.close(), ways.stage.close()]));
    await migrate(services.postgres.url);
    const sql = connectDatabase(ways.stage.url, { connections: 4, role: 'faults' });
    undo.push(() => sql.end({ timeout: 1 }));
    await installWitness(sql);
    const declared = topology(await activatorTypes());
    await assertTopology(services.rabbitmq.url, declared);
    const settled = sleep(settledTopologyMs);

    const ended: Ended[] = [];
    const onChange = (change: ProcessChange): void => void (change.kind === 'ended' && ended.push(change));
    const networkUrl = `http://127.0.0.1:${ports.simulator}`;
    const simulator = await supervise({
      name: 'simulator',
      args: [join(clone, 'ops/simulator/main.ts')],
      env: {
        ...{ ...process.env, PORT: String(ports.simulator), DATA_DIR: home.simulator, LOG_LEVEL: 'warn' },
        ...{ PLATFORM_PARTNER_SECRET: partnerSecret, DELIVER_AFTER_MS: '500' },
      },
      healthUrl: `${networkUrl}/health`,
      logFile: join(home.logs, 'simulator.log'),
      recordsFolder: home.processes,
      restart: 'always',
      onChange,
    });
    undo.push(() => simulator.stop());
    abandoned.addEventListener('abort', () => {
      for (const process of [simulator, ...fleet.processes]) process.setRestart('never');
      void endLeftovers(home.processes, 0);
      void endLeftovers(standbyHome.processes, 0);
    });
    const environment: Stage['environment'] = new Map();
    const fleet = await startFleet({
      databaseUrl: ways.database.url,
      amqpUrl: ways.broker.url,
      roles: standardRoles,
      replicas: 2,
      env: {
        NETWORK_URL: networkUrl,
        CALLBACK_URL: `http://127.0.0.1:${ports.gateway}`,
        PLATFORM_PARTNER_SECRET: partnerSecret,
        LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
      },
      gatewayPort: ports.gateway,
      envOf: (name) => environment.get(name) ?? {},
      logDir: home.logs,
      recordsFolder: home.processes,
      onChange,
    });
    let stopping: Promise<void> | undefined;
    const stopFleet = (): Promise<void> => (stopping ??= fleet.stop());
    undo.push(stopFleet);
    await Promise.all([simulator.whenReady(), fleet.whenReady(), settled]);
    await loadSamples(services.postgres.url);
    const network = networkControl(networkUrl);
    const folders = { logs: home.logs, processes: home.processes };
    const stage = { services, simulator, network, fleet, environment, ways, folders, sql, ended, stopFleet, close };
    return { ...stage, standbyHome, simulatorPort: ports.simulator, topology: declared };
  } catch (error) {
    await close();
    throw error;
  }
}

async function ownPorts(): Promise<Ports> {
  const base = await freePort(7);
  const [postgres, amqp, management, dist, epmd, simulator, gateway] = [0, 1, 2, 3, 4, 5, 6].map((at) => base + at) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { postgres, amqp, management, dist, epmd, simulator, gateway, health: 0 };
}

async function stopServices({ postgres, rabbitmq }: Services): Promise<void> {
  // Its data is thrown away: an orderly end would take six seconds.
  rabbitmq.kill('SIGKILL');
  await Promise.all([rabbitmq.stop(), postgres.stop()]);
}
