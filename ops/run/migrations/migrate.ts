import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { requireMendedDriver } from '../../platform/database.ts';
import { Sentence } from '../bootstrap/sentence.ts';

/** One numbered, forward-only step of the schema. */
export type Migration = { number: number; name: string; sql: string; checksum: string };

/** What stands between the database and this release; every message says what to do. */
export class MigrationError extends Sentence {
  override readonly name: string = 'MigrationError';
}

/** Serialises migrations of one database, however many processes start at once. Any constant will do. */
const lockKey = 7_286_224;

/**
 * Brings a database to this release's schema: every file `NNN-name.sql` of the folder that it has not seen, in order,
 * each in a transaction of its own. A file whose first line is `-- outside a transaction` (indexes that are built beside the
 * traffic) is run statement by statement, and again from its beginning when one of them failed. Safe to call from several processes at once. Migrations the database has and we do
 * not (a newer release is being rolled out) are left alone.
 *
 * @returns the names applied now; empty when the schema was up to date
 * @throws MigrationError when an applied file was edited afterwards, or a file fails
 * @throws DriverError when the driver is not mended
 */
export async function migrate(databaseUrl: string, folder = import.meta.dirname): Promise<string[]> {
  requireMendedDriver();
  const migrations = readMigrations(folder);
  const sql = postgres(databaseUrl, {
    max: 1,
    onnotice: () => {},
    connection: { application_name: 'patchbay migrations' },
  });
  const session = await sql.reserve();
  try {
    await refuseOldServer(session);
    await takeTurn(session);
    await session.unsafe(`
      create schema if not exists platform;
      create table if not exists platform.migration (
        number     integer primary key,
        name       text not null,
        checksum   text not null,
        applied_at timestamptz not null default now()
      );
      comment on table platform.migration is 'Schema steps applied to this database, with what their files said then.'`);
    const rows = await session<{ number: number; checksum: string }[]>`select number, checksum from platform.migration`;
    const applied = new Map(rows.map((row) => [row.number, row.checksum]));
    refuseEdited(migrations, applied);
    const missing = migrations.filter(({ number }) => !applied.has(number));
    for (const migration of missing) await apply(session, migration);
    return missing.map(({ name }) => name);
  } finally {
    await session`select pg_advisory_unlock(${lockKey})`.catch(() => undefined);
    session.release();
    await sql.end({ timeout: 5 });
  }
}

/** Asked for again and again, not waited for: an index that is built beside the traffic waits for every statement under way. */
async function takeTurn(session: postgres.ReservedSql): Promise<void> {
  for (;;) {
    const [row] = await session<{ ours: boolean }[]>`select pg_try_advisory_lock(${lockKey}) as ours`;
    if (row?.ours === true) return;
    await sleep(100);
  }
}

/** Filters on dates in documents need the jsonpath of this version. */
const oldestServer = 16;

async function refuseOldServer(session: postgres.ReservedSql): Promise<void> {
  const [row] = await session<{ version: string; major: number }[]>`
    select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major`;
  if (row !== undefined && row.major < oldestServer) {
    throw new MigrationError(
      `The database is PostgreSQL ${row.version}: Patchbay needs ${oldestServer} or later; upgrade it, or unset DATABASE_URL to get a private one.`,
    );
  }
}

/**
 * The migrations of a folder that a database still lacks. Changes nothing.
 *
 * @throws when the database cannot be reached
 */
export async function pendingMigrations(databaseUrl: string, folder = import.meta.dirname): Promise<string[]> {
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    const [known] = await sql<{ known: boolean }[]>`select to_regclass('platform.migration') is not null as known`;
    const rows = known?.known ? await sql<{ number: number }[]>`select number from platform.migration` : [];
    const applied = new Set(rows.map((row) => row.number));
    return readMigrations(folder)
      .filter(({ number }) => !applied.has(number))
      .map(({ name }) => name);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/**
 * Reads the numbered files of a folder.
 *
 * @throws MigrationError when a name has no number or two have the same
 */
export function readMigrations(folder: string): Migration[] {
  const migrations = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => {
      const number = Number(/^(\d{3,})-[\w-]+\.sql$/.exec(file)?.[1]);
      if (!Number.isInteger(number)) throw new MigrationError(`${file}: a migration is named NNN-what-it-does.sql.`);
      const sql = readFileSync(join(folder, file), 'utf8');
      return {
        number,
        name: file.slice(0, -'.sql'.length),
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      };
    })
    .toSorted((a, b) => a.number - b.number);
  for (const [index, { number, name }] of migrations.entries()) {
    const before = migrations[index - 1];
    if (before?.number === number)
      throw new MigrationError(`${before.name} and ${name} have the same number: give one the next free one.`);
  }
  return migrations;
}

const beside = /^-- outside a transaction\n/;

async function apply(session: postgres.ReservedSql, migration: Migration): Promise<void> {
  return beside.test(migration.sql) ? applyBeside(session, migration) : applyWhole(session, migration);
}

async function applyBeside(session: postgres.ReservedSql, { number, name, sql, checksum }: Migration): Promise<void> {
  try {
    for (const statement of sql.split(/;\s*$/m)) if (statement.trim() !== '') await session.unsafe(statement);
    await session`insert into platform.migration (number, name, checksum) values (${number}, ${name}, ${checksum})`;
  } catch (error) {
    throw new MigrationError(`${name} could not be applied to its end, start it again: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function applyWhole(session: postgres.ReservedSql, { number, name, sql, checksum }: Migration): Promise<void> {
  await session`begin`;
  try {
    await session.unsafe(sql);
    await session`insert into platform.migration (number, name, checksum) values (${number}, ${name}, ${checksum})`;
    await session`commit`;
  } catch (error) {
    await session`rollback`;
    throw new MigrationError(`${name} could not be applied, the database is as before: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function refuseEdited(migrations: readonly Migration[], applied: ReadonlyMap<number, string>): void {
  const edited = migrations.filter(({ number, checksum }) => applied.has(number) && applied.get(number) !== checksum);
  if (edited.length === 0) return;
  throw new MigrationError(
    `${edited.map(({ name }) => name).join(', ')} changed after being applied to this database: restore the file and write the ` +
      'change as a new migration, or forget the data of a development system with npm run reset.',
  );
}
