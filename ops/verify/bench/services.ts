import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimHome, homeAt, homeFromEnvironment, prepareHome, type Home } from '../../run/bootstrap/home.ts';
import { endLeftovers } from '../../run/bootstrap/leftovers.ts';
import { foldersOutside } from '../../run/bootstrap/postgres-place.ts';
import { freePort, type Ports } from '../../run/bootstrap/ports.ts';
import { chooseSources, startServices } from '../../run/bootstrap/services.ts';

/** `managementUrl` is needed to give each measured system a virtual host of its own; a given broker may come without. */
export type BenchServices = {
  home: Home;
  databaseUrl: string;
  amqpUrl: string;
  managementUrl: string | undefined;
  stop: () => Promise<void>;
};

/**
 * The PostgreSQL and RabbitMQ to measure on: those of `DATABASE_URL`, `AMQP_URL` and `RABBITMQ_MANAGEMENT_URL` where
 * given, else fresh ones of our own beside any running system, durable as in production. Ends what it started.
 */
export async function benchServices(env: NodeJS.ProcessEnv, tell: (line: string) => void): Promise<BenchServices> {
  const home = homeAt(join(homeFromEnvironment(env).root, 'bench'), env);
  prepareHome(home);
  const release = claimHome(home);
  try {
    await endLeftovers(home.processes, 2_000);
    for (const folder of [...foldersOutside(home.postgres), home.postgres, home.rabbitmq, home.simulator, home.logs]) {
      rmSync(folder, { recursive: true, force: true });
    }
    prepareHome(home);
    const { postgres, rabbitmq } = await startServices(home, await freePorts(), await chooseSources(env), env, tell);
    return {
      home,
      databaseUrl: postgres.url,
      amqpUrl: rabbitmq.url,
      managementUrl: rabbitmq.managementUrl,
      async stop() {
        await Promise.all([rabbitmq.stop(), postgres.stop()]);
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

async function freePorts(): Promise<Ports> {
  const base = await freePort(5);
  const [postgres, amqp, management, dist, epmd] = [base, base + 1, base + 2, base + 3, base + 4];
  return { postgres, amqp, management, dist, epmd, gateway: 0, simulator: 0, health: 0 };
}
