import { freePort } from '../../run/bootstrap/ports.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import type { Image } from './build.ts';
import type { ComposeFile, ComposeService } from './compose-file.ts';

/** The servers that stand for the services `postgres` and `rabbitmq`. */
export type GivenServers = { databaseUrl: string; amqpUrl: string; managementUrl: string };

/** What a service is started with and asked by, as it is here. */
export type Addresses = {
  environment(name: string): Record<string, string>;
  command(name: string): readonly string[];
  /** undefined for a service without a health check */
  healthCheck(name: string): readonly string[] | undefined;
  /** where people reach a service that publishes a port */
  published(name: string): string;
};

/**
 * Containers have a network and a file system each; the services that are played share this machine's loopback and one
 * folder. What differs for that reason is changed here and nowhere else: PORT and HEALTH_PORT become free ports, 0.0.0.0 the loopback,
 * URLs of services where those listen, the image's paths the folder's, and the two servers those that are given.
 *
 * @throws Sentence when a URL leads to nobody: a name, port, login or listening address that does not fit the rest of the file
 */
export async function addressesOf(compose: ComposeFile, image: Image, given: GivenServers): Promise<Addresses> {
  const listening = Object.entries(compose.services).flatMap(([name, { environment }]) =>
    portVariables.flatMap((variable) => (variable in environment ? [keyOf(name, environment[variable]!)] : [])),
  );
  const base = await freePort(listening.length);
  const ports = new Map(listening.map((key, index) => [key, base + index]));
  const serviceOf = (name: string): ComposeService => {
    const service = compose.services[name];
    if (service === undefined) throw new Sentence(`docker-compose.yml has no service ${name}.`);
    return service;
  };
  const servers = new Map(serversOf(serviceOf('postgres'), serviceOf('rabbitmq'), given));

  /** Where a port of a service is reached from outside of its container. */
  const reach = (name: string, port: string, who: string): string => {
    const { environment } = serviceOf(name);
    if (environment['PORT'] !== port || environment['HOST'] !== '0.0.0.0') {
      throw new Sentence(`${who} leads to port ${port} of ${name}, which does not listen there for others.`);
    }
    return `http://127.0.0.1:${ports.get(keyOf(name, port))}`;
  };
  /** The container's port that a service publishes as this one of the host's. */
  const publishedAs = (name: string, port: string, who: string): string => {
    const found = serviceOf(name).ports.find((one) => one.split(':').at(-2) === port);
    if (found === undefined) throw new Sentence(`${who} leads to port ${port}, which ${name} does not publish.`);
    return found.split(':').at(-1)!;
  };
  const urls = (text: string, translate: (url: URL, who: string) => string, where: string): string =>
    text.replaceAll(/\b(?:https?|postgres|amqp):\/\/[^\s'"]+/g, (url) => {
      const { origin, hostname, href } = new URL(url);
      if (servers.has(url)) return servers.get(url)!;
      if (hostname === 'postgres' || hostname === 'rabbitmq')
        throw new Sentence(`${where}: ${url} is not how ${hostname} is reached: ${[...servers.keys()].join(', ')}.`);
      return url.replace(origin, translate(new URL(href), `${where}: ${url}`));
    });

  return {
    environment: (name) => {
      const entries = Object.entries(serviceOf(name).environment).map(([variable, value]): [string, string] => {
        if (portVariables.includes(variable)) return [variable, String(ports.get(keyOf(name, value)))];
        if (value === '0.0.0.0') return [variable, '127.0.0.1'];
        const translate = ({ hostname, port }: URL, who: string) =>
          hostname === '127.0.0.1' ? reach(name, publishedAs(name, port, who), who) : reach(hostname, port, who);
        return [variable, image.here(urls(value, translate, `${variable} of ${name}`))];
      });
      return Object.fromEntries(entries);
    },
    command: (name) => (serviceOf(name).command ?? image.command).map(image.here),
    healthCheck: (name) => {
      const test = serviceOf(name).healthcheck?.test;
      if (test === undefined) return undefined;
      const [kind, ...words] = test;
      // In a health check the loopback is the container's own.
      const own = ({ port }: URL, who: string): string => {
        const here = ports.get(keyOf(name, port));
        if (here === undefined) throw new Sentence(`${who} asks port ${port}, where the service does not listen.`);
        return `http://127.0.0.1:${here}`;
      };
      const command = words.map((word) => image.here(urls(word, own, `The health check of ${name}`)));
      return kind === 'CMD' ? command : ['/bin/sh', '-c', ...command];
    },
    published: (name) => {
      const [port] = serviceOf(name).ports;
      if (port === undefined) throw new Sentence(`${name} publishes no port.`);
      return reach(name, port.split(':').at(-1)!, `The port ${port}`);
    },
  };
}

const portVariables: readonly string[] = ['PORT', 'HEALTH_PORT'];
const keyOf = (service: string, port: string): string => `${service}:${port}`;

/** How the file's own PostgreSQL and RabbitMQ are reached, by what it sets them up with, and what stands for that here. */
function serversOf(postgres: ComposeService, rabbitmq: ComposeService, given: GivenServers): [string, string][] {
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = postgres.environment;
  const { RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_PASS } = rabbitmq.environment;
  return [
    [`postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@postgres:5432/${POSTGRES_DB}`, given.databaseUrl],
    [`amqp://${RABBITMQ_DEFAULT_USER}:${RABBITMQ_DEFAULT_PASS}@rabbitmq:5672/`, given.amqpUrl],
    ['http://rabbitmq:15672', given.managementUrl],
  ];
}
