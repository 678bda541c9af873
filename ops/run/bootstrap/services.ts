import { join } from 'node:path';
import { dockerRuns, startInDocker } from './docker.ts';
import { givenPostgres, givenRabbitmq } from './external.ts';
import type { Home } from './home.ts';
import type { Ports } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { dataOfRelease, rabbitmqRelease } from './rabbitmq-release.ts';
import { startRabbitmq } from './rabbitmq.ts';
import { Sentence } from './sentence.ts';
import type { Broker, Progress, Service } from './service.ts';

export type Services = { postgres: Service; rabbitmq: Broker };

/** Where the servers come from, decided before ports are chosen: a given server needs none. */
export type Sources = { postgres: 'given' | 'docker' | 'embedded'; rabbitmq: 'given' | 'docker' | 'embedded' };

/**
 * The URLs given in the environment; else a running Docker engine, unless PATCHBAY_RABBITMQ names an embedded broker; else
 * embedded servers.
 *
 * @throws Sentence when two brokers are named
 */
export async function chooseSources(env: NodeJS.ProcessEnv): Promise<Sources> {
  const release = rabbitmqRelease(env);
  if (release !== undefined && env['AMQP_URL']) {
    throw new Sentence(`AMQP_URL and PATCHBAY_RABBITMQ=${release} name two brokers: unset one of them.`);
  }
  const mayDocker = !(env['DATABASE_URL'] && env['AMQP_URL']) && !release && env['PATCHBAY_DOCKER'] !== 'off';
  const own = mayDocker && (await dockerRuns()) ? 'docker' : 'embedded';
  return { postgres: env['DATABASE_URL'] ? 'given' : own, rabbitmq: env['AMQP_URL'] ? 'given' : own };
}

/**
 * Brings PostgreSQL and RabbitMQ up, both at once. When one fails the other is stopped again.
 *
 * @throws Sentence of the one that failed
 */
export async function startServices(
  home: Home,
  ports: Ports,
  sources: Sources,
  env: NodeJS.ProcessEnv,
  progress: Progress,
): Promise<Services> {
  const release = rabbitmqRelease(env);
  const docker = Object.values(sources).includes('docker') ? startInDocker(home, ports, progress) : undefined;
  docker?.catch(() => undefined);
  const postgres = async (): Promise<Service> => {
    if (sources.postgres === 'given') return givenPostgres(env['DATABASE_URL']!);
    if (docker !== undefined) return (await docker).postgres;
    return startPostgres({
      dir: home.postgres,
      port: ports.postgres,
      logFile: join(home.logs, 'postgres.log'),
      recordsFolder: home.processes,
      progress,
    });
  };
  const rabbitmq = async (): Promise<Broker> => {
    if (sources.rabbitmq === 'given') return givenRabbitmq(env['AMQP_URL']!, env['RABBITMQ_MANAGEMENT_URL']);
    if (docker !== undefined) return (await docker).rabbitmq;
    if (release !== undefined) progress(`RabbitMQ is that of Debian ${release}; its data is kept apart`);
    return startRabbitmq({
      dir: release === undefined ? home.rabbitmq : dataOfRelease(home.rabbitmq, release),
      packages: home.packages,
      release,
      ports,
      logFile: join(home.logs, 'rabbitmq.log'),
      recordsFolder: home.processes,
      progress,
    });
  };
  const [database, broker] = await Promise.allSettled([postgres(), rabbitmq()]);
  if (database.status === 'fulfilled' && broker.status === 'fulfilled') {
    return { postgres: database.value, rabbitmq: broker.value };
  }
  if (database.status === 'fulfilled') await database.value.stop();
  if (broker.status === 'fulfilled') await broker.value.stop();
  throw database.status === 'rejected' ? database.reason : (broker as PromiseRejectedResult).reason;
}
