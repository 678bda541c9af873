import { join } from 'node:path';
import { topology } from '../../../contracts/topology.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import { clone } from '../../run/bootstrap/home.ts';
import { freePort } from '../../run/bootstrap/ports.ts';
import { supervise } from '../../run/fleet/supervised.ts';
import { fewProcesses, startFleet } from '../../run/fleet/supervisor.ts';
import { assertTopology } from '../../platform/broker/topology.ts';
import { loadSamples } from '../../samples/load.ts';
import { createTestbed } from '../testbed/testbed.ts';
import type { BenchServices } from './services.ts';

/** A Patchbay of its own, on a fresh database and virtual host: nothing else is touched, nothing is left. */
export type System = {
  gateway: string;
  /** Where the gateway's process tells its metrics. */
  gatewayMetrics: string;
  databaseUrl: string;
  /** Ends every role but the gateway. */
  stopWorkers: () => Promise<void>;
  stop: () => Promise<void>;
};

/** As `npm start` groups them. */
export const everyRole: readonly string[] = fewProcesses;

/**
 * Starts these processes (`role,role` in one), with the network simulator, and waits until all are ready. The environment must
 * name the servers (`bench.ts` sets it), because that is where a testbed looks for them.
 *
 * @param via puts something between the processes and their database
 */
export async function startSystem(
  { home }: BenchServices,
  roles: readonly string[],
  via?: (databaseUrl: string) => Promise<{ readonly url: string; close(): Promise<void> }>,
): Promise<System> {
  const testbed = await createTestbed();
  const undo: (() => Promise<void>)[] = [testbed.close];
  const stop = async () => {
    for (const end of undo.toReversed()) await end();
  };
  try {
    await assertTopology(testbed.amqpUrl, topology(await activatorTypes()));
    const port = await freePort();
    const networkUrl = `http://127.0.0.1:${port}`;
    const simulator = await supervise({
      name: 'bench-simulator',
      args: [join(clone, 'ops/simulator/main.ts')],
      env: { ...process.env, PORT: String(port), DATA_DIR: join(home.simulator, String(port)) },
      healthUrl: `${networkUrl}/health`,
      logFile: join(home.logs, 'simulator.log'),
      recordsFolder: home.processes,
      restart: 'never',
    });
    undo.push(() => simulator.stop());
    const between = await via?.(testbed.databaseUrl);
    if (between !== undefined) undo.push(() => between.close());
    const fleet = await startFleet({
      databaseUrl: between?.url ?? testbed.databaseUrl,
      amqpUrl: testbed.amqpUrl,
      roles,
      env: { NETWORK_URL: networkUrl, LOG_LEVEL: 'warn' },
      logDir: home.logs,
      recordsFolder: home.processes,
      restart: 'never',
    });
    undo.push(() => fleet.stop());
    await Promise.all([fleet.whenReady(), simulator.whenReady()]);
    await loadSamples(
      testbed.databaseUrl,
      roles.flatMap((process) => process.split(',')),
    );
    const [{ url: gateway, healthUrl } = { url: undefined, healthUrl: '' }] = fleet.of('gateway');
    if (gateway === undefined) throw new Error(`no gateway among the roles ${roles.join(', ')}`);
    return {
      gateway,
      gatewayMetrics: new URL('/metrics', healthUrl).href,
      databaseUrl: testbed.databaseUrl,
      async stopWorkers() {
        await Promise.all(fleet.processes.filter(({ url }) => url === undefined).map((worker) => worker.stop()));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
