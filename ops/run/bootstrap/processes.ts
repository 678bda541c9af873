import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { watchLogs } from '../fleet/log-watch.ts';
import { supervise, type ProcessChange, type Supervised } from '../fleet/supervised.ts';
import { fewProcesses, startFleet } from '../fleet/supervisor.ts';
import { explain } from './explain.ts';
import { clone, type Home } from './home.ts';
import type { Ports } from './ports.ts';
import { writeRunFile, type RunFile } from './run-file.ts';
import type { Progress } from './service.ts';
import type { Services } from './services.ts';

export type ProcessesOptions = {
  home: Home;
  ports: Ports;
  services: Services;
  env: NodeJS.ProcessEnv;
  replicas: number;
  tell: Progress;
};

/** The roles and the simulator of one running system. */
export type Processes = {
  whenReady(): Promise<void>;
  /** Writes run.json as things are now, and from then on whenever a process changes. */
  writeRunFile(): RunFile;
  /** Drains the roles, then ends the simulator they may still be calling. */
  stop(): Promise<void>;
};

/** Starts every role, and the network simulator unless NETWORK_URL names real platforms; passes their warnings on. */
export async function startProcesses({
  home,
  ports,
  services,
  env,
  replicas,
  tell,
}: ProcessesOptions): Promise<Processes> {
  const { postgres, rabbitmq } = services;
  const gateway = `http://127.0.0.1:${ports.gateway}`;
  const networkUrl = env['NETWORK_URL'] || `http://127.0.0.1:${ports.simulator}`;
  // The simulator's partner and the gateway need the same one; nobody else needs it.
  const secret = env['PLATFORM_PARTNER_SECRET'] || (env['NETWORK_URL'] ? undefined : randomBytes(32).toString('hex'));
  const shared = secret === undefined ? {} : { PLATFORM_PARTNER_SECRET: secret };
  const simulator = env['NETWORK_URL'] ? undefined : await startSimulator(home, ports.simulator, shared, tell);
  const startedAt = new Date().toISOString();
  const endWatch = watchLogs(home.logs, ({ source, message, times }) => {
    tell(`${source}: ${message}${times > 1 ? ` (${times} times)` : ''}`);
  });
  let isWritten = false;

  const fleet = await startFleet({
    databaseUrl: postgres.url,
    amqpUrl: rabbitmq.url,
    ...(rabbitmq.managementUrl === undefined ? {} : { managementUrl: rabbitmq.managementUrl }),
    roles: fewProcesses,
    replicas,
    // HOST is somebody else's variable in many shells; the gateway listens on loopback unless ours says otherwise.
    env: {
      NETWORK_URL: networkUrl,
      PUBLIC_URL: env['PUBLIC_URL'] || gateway,
      CALLBACK_URL: env['CALLBACK_URL'] || gateway,
      ...shared,
      HOST: env['PATCHBAY_HOST'] || '127.0.0.1',
    },
    logDir: home.logs,
    recordsFolder: home.processes,
    gatewayPort: ports.gateway,
    healthPortBase: ports.health,
    onChange: (change) => {
      report(change, tell);
      if (isWritten) write();
    },
  });
  const processes = [...fleet.processes, ...(simulator === undefined ? [] : [simulator])];

  const write = (): RunFile => {
    isWritten = true;
    const run: RunFile = {
      urls: {
        gateway,
        docs: `${gateway}/docs`,
        rabbitmqManagement: rabbitmq.managementUrl,
        simulator: simulator && networkUrl,
        database: postgres.url,
        amqp: rabbitmq.url,
      },
      management: rabbitmq.login,
      roles: processes.map((process) => ({
        name: process.name,
        pid: process.pid,
        health: process.healthUrl,
        ...('url' in process && typeof process.url === 'string' ? { url: process.url } : {}),
      })),
      services: [postgres, rabbitmq].map(({ name, pid }) => ({ name, pid })),
      home: home.root,
      logs: home.logs,
      pid: process.pid,
      startedAt,
    };
    try {
      writeRunFile(home, run);
    } catch (error) {
      tell(`tools will not see what runs: ${explain(error)}`);
    }
    return run;
  };

  return {
    async whenReady() {
      await Promise.all([fleet.whenReady(), simulator?.whenReady()]);
    },
    writeRunFile: write,
    async stop() {
      isWritten = false;
      endWatch();
      await fleet.stop();
      await simulator?.stop();
    },
  };
}

function startSimulator(
  home: Home,
  port: number,
  shared: Readonly<Record<string, string>>,
  tell: Progress,
): Promise<Supervised> {
  return supervise({
    name: 'simulator',
    args: [join(clone, 'ops/simulator/main.ts')],
    env: { ...process.env, ...shared, PORT: String(port), DATA_DIR: home.simulator },
    healthUrl: `http://127.0.0.1:${port}/health`,
    logFile: join(home.logs, 'simulator.log'),
    recordsFolder: home.processes,
    restart: 'always',
    onChange: (change) => report(change, tell),
  });
}

function report(change: ProcessChange, tell: Progress): void {
  if (change.kind === 'started' || change.asked) return;
  const how = change.signal === null ? `with code ${change.code}` : `by ${change.signal}`;
  const soon =
    change.againInMs === 0 ? ': starting it again' : `: starting it again in ${(change.againInMs ?? 0) / 1000} s`;
  tell(`${change.name} ended ${how}${change.againInMs === undefined ? '' : soon}`);
}
