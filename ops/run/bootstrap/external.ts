import postgres from 'postgres';
import { releaseAt } from '../../platform/broker/release.ts';
import { refuseOld } from './rabbitmq.ts';
import { Sentence } from './sentence.ts';
import type { Broker, Service } from './service.ts';

const nothing = async () => {};
const notOurs = {
  pid: undefined,
  alive: () => true,
  kill: () => {},
  stop: nothing,
  restart: nothing,
  onLost: () => {},
};

/**
 * A PostgreSQL that somebody else runs, by its URL. We never stop it.
 *
 * @throws Sentence when it cannot be reached or refuses the login
 */
export async function givenPostgres(url: string): Promise<Service> {
  const sql = connectTo(url);
  try {
    await sql`select 1`;
  } catch (error) {
    const why = (error as Error).message || (error as { code?: string }).code;
    throw new Sentence(
      `The database at ${withoutPassword(url)} (DATABASE_URL) cannot be used (${why}): start it, put its address and login right, or unset DATABASE_URL to get a private one.`,
    );
  } finally {
    await sql.end({ timeout: 1 }).catch(() => undefined);
  }
  return { name: 'postgres', url, ...notOurs };
}

/**
 * A RabbitMQ that somebody else runs, by its URL. Its management interface is looked for on the same host at port
 * 15672 unless `managementUrl` says otherwise.
 *
 * @throws Sentence when it cannot be reached, refuses the login, or is too old
 */
export async function givenRabbitmq(url: string, managementUrl?: string): Promise<Broker> {
  const address = parse(url, 'AMQP_URL');
  if (!/^amqps?:$/.test(address.protocol))
    throw new Sentence(`AMQP_URL starts with "${address.protocol}": it must be an amqp:// or amqps:// URL.`);
  const shown = `The broker at ${withoutPassword(url)} (AMQP_URL)`;
  let release: string;
  try {
    release = await releaseAt(url);
  } catch (error) {
    const why = (error as Error).message || (error as { code?: string }).code;
    throw new Sentence(
      `${shown} cannot be used (${why}): start it, put its address, login and virtual host right, or unset AMQP_URL to get a private one.`,
    );
  }
  refuseOld(release);
  const guessed = `http://${address.hostname}:15672`;
  const login = {
    user: decodeURIComponent(address.username || 'guest'),
    password: decodeURIComponent(address.password || 'guest'),
  };
  return { name: 'rabbitmq', url, managementUrl: managementUrl || guessed, login, ...notOurs };
}

/** The URL as it may be shown: without its password. */
export function withoutPassword(url: string): string {
  try {
    const shown = new URL(url);
    if (shown.password !== '') shown.password = '***';
    return shown.href;
  } catch {
    return url;
  }
}

function connectTo(url: string) {
  const { protocol } = parse(url, 'DATABASE_URL');
  if (!/^postgres(ql)?:$/.test(protocol))
    throw new Sentence(`DATABASE_URL starts with "${protocol}": it must be a postgres:// URL.`);
  return postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
}

function parse(url: string, variable: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new Sentence(
      `${variable} is not a URL: give one such as ${variable === 'AMQP_URL' ? 'amqp' : 'postgres'}://user:password@host:port/name.`,
    );
  }
}
