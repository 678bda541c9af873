import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clone, type Home } from './home.ts';
import { shortHash } from './plain-path.ts';
import type { Ports } from './ports.ts';
import { identityOf } from './rabbitmq-identity.ts';
import { Sentence } from './sentence.ts';
import type { Broker, Progress, Service } from './service.ts';
import { writeAtomically } from './write-atomically.ts';

const run = promisify(execFile);

/** True when a Docker engine with the compose plugin really runs here (an installed client alone does not count). */
export async function dockerRuns(): Promise<boolean> {
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: 5_000 });
    await run('docker', ['compose', 'version'], { timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * PostgreSQL and RabbitMQ of `docker-compose.yml`, published on loopback ports for roles that run outside of it. Each
 * home is a compose project of its own, so that its volumes are too.
 */
export async function startInDocker(
  home: Home,
  ports: Ports,
  progress: Progress,
): Promise<{ postgres: Service; rabbitmq: Broker }> {
  const { password, user } = identityOf(home.rabbitmq);
  const published = join(home.root, 'docker-ports.yml');
  writeAtomically(
    published,
    `services:
  postgres:
    ports: ["127.0.0.1:${ports.postgres}:5432"]
  rabbitmq:
    ports: ["127.0.0.1:${ports.amqp}:5672"]
`,
  );
  const env = {
    ...process.env,
    POSTGRES_PASSWORD: password,
    RABBITMQ_USER: user,
    RABBITMQ_PASSWORD: password,
    PATCHBAY_MANAGEMENT_PORT: String(ports.management),
  };
  const project = [
    'compose',
    '-p',
    `patchbay-${shortHash(home.root)}`,
    '-f',
    join(clone, 'docker-compose.yml'),
    '-f',
    published,
  ];
  const compose = (...args: string[]) =>
    run('docker', [...project, ...args], { env, cwd: clone, maxBuffer: 16 * 1024 * 1024 });

  progress('starting PostgreSQL and RabbitMQ in Docker (images are fetched the first time)');
  try {
    await compose('up', '--detach', '--wait', 'postgres', 'rabbitmq');
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Sentence(`Docker runs but could not start the services: ${(stderr ?? String(error)).trim()}`);
  }
  const container = (name: string) => ({
    pid: undefined,
    alive: () => true,
    kill: (signal: NodeJS.Signals) => void compose('kill', '--signal', signal, name).catch(() => undefined),
    stop: async () => void (await compose('stop', name)),
    restart: async () => void (await compose('up', '--detach', '--wait', '--force-recreate', name)),
    onLost: () => {}, // the engine restarts it
  });
  return {
    postgres: {
      name: 'postgres',
      url: `postgres://patchbay:${password}@127.0.0.1:${ports.postgres}/patchbay`,
      ...container('postgres'),
    },
    rabbitmq: {
      name: 'rabbitmq',
      url: `amqp://${user}:${password}@127.0.0.1:${ports.amqp}/`,
      managementUrl: `http://127.0.0.1:${ports.management}`,
      login: { user, password },
      ...container('rabbitmq'),
    },
  };
}

/** Removes the volumes of this home's compose project; nothing happens when there are none or Docker does not run. */
export async function forgetDockerData(home: Home): Promise<void> {
  if (!(await dockerRuns())) return;
  await run('docker', ['compose', '-p', `patchbay-${shortHash(home.root)}`, 'down', '--volumes']).catch(
    () => undefined,
  );
}
