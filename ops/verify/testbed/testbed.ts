import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import postgres from 'postgres';
import { migrate, readMigrations } from '../../run/migrations/migrate.ts';

/** A database and a broker that nobody else touches. */
export type Testbed = {
  /** a fresh database, with every migration applied unless the test wants it empty */
  readonly databaseUrl: string;
  /** a fresh, empty virtual host; topology is the test's own to declare */
  readonly amqpUrl: string;
  /** the same virtual host in the management API: base address with the login apart, as fetch wants it */
  readonly management: { readonly url: string; readonly vhost: string; readonly headers: Record<string, string> };
  /** Drops both. Connections that are still open are closed by force. */
  close(): Promise<void>;
};

const migrationsFolder = join(import.meta.dirname, '../../run/migrations');
const lockKey = 7_286_225;

/**
 * Gives an integration test file a database and a virtual host of its own, on the servers that DATABASE_URL, AMQP_URL
 * and RABBITMQ_MANAGEMENT_URL name. The database is copied from a template that is migrated once per schema version,
 * which takes some 50 ms instead of every migration again.
 *
 * ```ts
 * const testbed = await createTestbed();
 * afterAll(() => testbed.close());
 * ```
 *
 * @param migrated false for an empty database
 * @throws when the environment does not name the servers: `npm test` sets it
 */
export async function createTestbed({ migrated = true } = {}): Promise<Testbed> {
  const { DATABASE_URL, AMQP_URL, RABBITMQ_MANAGEMENT_URL } = process.env;
  if (!DATABASE_URL || !AMQP_URL || !RABBITMQ_MANAGEMENT_URL) {
    throw new Error(
      'Integration tests need servers: run them with "npm test", or set DATABASE_URL, AMQP_URL and RABBITMQ_MANAGEMENT_URL.',
    );
  }
  const name = `test_${Date.now().toString(36)}_${randomBytes(4).toString('hex')}`;
  const broker = managementOf(RABBITMQ_MANAGEMENT_URL, AMQP_URL);
  const [dropDatabase] = await Promise.all([createDatabase(DATABASE_URL, name, migrated), createVhost(broker, name)]);
  return {
    databaseUrl: withPath(DATABASE_URL, name),
    amqpUrl: withPath(AMQP_URL, name),
    management: { url: broker.url, vhost: name, headers: broker.headers },
    async close() {
      await Promise.all([dropDatabase(), ask(broker, 'DELETE', `/api/vhosts/${name}`)]);
    },
  };
}

async function createDatabase(adminUrl: string, name: string, migrated: boolean): Promise<() => Promise<void>> {
  await withAdmin(adminUrl, async (sql) => {
    if (!migrated) return void (await sql`create database ${sql(name)}`);
    // One at a time: a template cannot be copied while somebody is connected to it.
    await sql`select pg_advisory_lock(${lockKey})`;
    const template = await ensureTemplate(sql, adminUrl);
    await sql`create database ${sql(name)} template ${sql(template)}`;
  });
  return () => withAdmin(adminUrl, async (sql) => void (await sql`drop database if exists ${sql(name)} with (force)`));
}

async function ensureTemplate(sql: postgres.Sql, adminUrl: string): Promise<string> {
  const schema = createHash('sha256');
  for (const { name, checksum } of readMigrations(migrationsFolder)) schema.update(`${name} ${checksum}\n`);
  const template = `template_${schema.digest('hex').slice(0, 12)}`;
  const [found] = await sql`select 1 from pg_database where datname = ${template}`;
  if (found !== undefined) return template;
  const draft = `${template}_draft`;
  await sql`drop database if exists ${sql(draft)} with (force)`;
  await sql`create database ${sql(draft)}`;
  await migrate(withPath(adminUrl, draft));
  await sql`alter database ${sql(draft)} rename to ${sql(template)}`;
  return template;
}

async function withAdmin<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

type Management = { url: string; user: string; headers: Record<string, string> };

// fetch refuses addresses with a login in them; the broker's own login is used when the address has none.
function managementOf(managementUrl: string, amqpUrl: string): Management {
  const address = new URL(managementUrl);
  const login = address.username === '' ? new URL(amqpUrl) : address;
  const [user, password] = [
    decodeURIComponent(login.username || 'guest'),
    decodeURIComponent(login.password || 'guest'),
  ];
  return {
    url: address.origin,
    user,
    headers: {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
  };
}

async function createVhost(broker: Management, name: string): Promise<void> {
  await ask(broker, 'PUT', `/api/vhosts/${name}`, {});
  const all = { configure: '.*', write: '.*', read: '.*' };
  await ask(broker, 'PUT', `/api/permissions/${name}/${encodeURIComponent(broker.user)}`, all);
}

async function ask(broker: Management, method: string, path: string, body?: unknown): Promise<void> {
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`${broker.url}${path}`, { method, headers: broker.headers, ...content });
  if (!answer.ok)
    throw new Error(`${method} ${path} on the broker's management API: ${answer.status} ${await answer.text()}`);
}

function withPath(url: string, path: string): string {
  const changed = new URL(url);
  changed.pathname = `/${path}`;
  return changed.href;
}
