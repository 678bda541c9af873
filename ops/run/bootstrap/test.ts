import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { clone, claimHome, homeAt, ownerOf, prepareHome, testHome } from './home.ts';
import { endLeftovers } from './leftovers.ts';
import { freePort, type Ports } from './ports.ts';
import { foldersOutside } from './postgres-place.ts';
import { explain } from './explain.ts';
import { startServices, type Services } from './services.ts';

/** Where `faults.int.test.ts` sets its stage. */
const faultStage = join(clone, '.patchbay', 'test-faults');

/**
 * `npm test`: brings PostgreSQL and RabbitMQ up for itself, with fresh data and free ports, runs every test against
 * them and takes them down again. Never touches a running system. Arguments go to vitest.
 */
async function main(args: readonly string[]): Promise<number> {
  const home = testHome(process.env);
  prepareHome(home);
  const release = claimHome(home);
  try {
    await endLeftovers(home.processes, 2_000);
    // The fault tests are ended with vitest, which gives them no time to clean up; their stage is its own home.
    const stage = homeAt(faultStage, process.env);
    if (ownerOf(stage) === undefined) await endLeftovers(stage.processes, 2_000);
    for (const folder of [...foldersOutside(home.postgres), home.postgres, home.rabbitmq, home.logs]) {
      rmSync(folder, { recursive: true, force: true });
    }
    const services = await startServices(
      home,
      await ownPorts(),
      { postgres: 'embedded', rabbitmq: 'embedded' },
      process.env,
      tell,
    );
    try {
      return await runVitest(args, services);
    } finally {
      services.rabbitmq.kill('SIGKILL'); // its data is thrown away, an orderly end would take six seconds
      await Promise.all([services.rabbitmq.stop(), services.postgres.stop()]);
    }
  } finally {
    release();
  }
}

async function ownPorts(): Promise<Ports> {
  const base = await freePort(5);
  return {
    postgres: base,
    amqp: base + 1,
    management: base + 2,
    dist: base + 3,
    epmd: base + 4,
    gateway: 0,
    simulator: 0,
    health: 0,
  };
}

function runVitest(args: readonly string[], { postgres, rabbitmq }: Services): Promise<number> {
  const vitest = join(clone, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...args], {
    cwd: clone,
    stdio: 'inherit',
    env: {
      ...process.env,
      DATABASE_URL: postgres.url,
      AMQP_URL: rabbitmq.url,
      RABBITMQ_MANAGEMENT_URL: rabbitmq.managementUrl,
    },
  });
  // Ctrl-C ends vitest; the servers are then taken down in order by the code above.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  tell(explain(error));
  process.exitCode = 1;
}
