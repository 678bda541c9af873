import { chown, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { type Home, prepareHome } from '../../run/bootstrap/home.ts';
import { freePort } from '../../run/bootstrap/ports.ts';
import { placePostgres } from '../../run/bootstrap/postgres-place.ts';
import { startPostgres } from '../../run/bootstrap/postgres.ts';
import { type Account, serverAccount } from '../../run/bootstrap/server-account.ts';
import type { Service } from '../../run/bootstrap/service.ts';

/** The one replication slot of a primary: keeps what its standby has not read yet. */
const slot = 'standby';
/** Until it streams, or is promoted; on a machine that may be busy. */
const patienceMs = 60_000;
/** Of these the standby makes its own: https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP-DATA */
const ownFolders = new Set([
  ...['pg_wal', 'pg_replslot', 'pg_dynshmem', 'pg_notify', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans'],
]);
const ownFiles = new Set(['postmaster.pid', 'postmaster.opts', 'postgresql.auto.conf']);

/** Starts a second PostgreSQL, in a home of its own, that follows the primary and answers what only reads. */
export async function startStandby(primaryUrl: string, home: Home): Promise<Service> {
  prepareHome(home);
  const { data } = placePostgres(home.postgres, serverAccount(), () => undefined);
  await backUp(primaryUrl, data);
  await writeFile(join(home.postgres, 'password'), new URL(primaryUrl).password, { mode: 0o600 });
  return startPostgres({
    dir: home.postgres,
    port: await freePort(),
    logFile: join(home.logs, 'postgres.log'),
    recordsFolder: home.processes,
  });
}

/**
 * Fills a data folder with a standby of the running primary, which streams from it once it is started. What pg_basebackup does, which is not in
 * the packaged programs: a backup by the low-level API.
 */
export async function backUp(primaryUrl: string, data: string): Promise<void> {
  const account = serverAccount();
  await rm(data, { recursive: true, force: true });
  await withSession(primaryUrl, async (sql) => {
    await sql`select pg_create_physical_replication_slot(${slot}, true)`;
    const from = await dataFolder(sql);
    await sql`select pg_backup_start('standby', true)`;
    await copy(from, data, account);
    const [stopped] = await sql<{ label: string }[]>`select labelfile as label from pg_backup_stop(false)`;
    const { hostname: host, port, username: user, password } = new URL(primaryUrl);
    const written = {
      backup_label: stopped?.label ?? '',
      'standby.signal': '',
      'postgresql.auto.conf': `primary_conninfo = 'host=${host} port=${port} user=${user} password=${password}'\nprimary_slot_name = '${slot}'\n`,
    };
    for (const [name, content] of Object.entries(written)) {
      await writeFile(join(data, name), content, { mode: 0o600 });
      await give(join(data, name), account);
    }
  });
}

/** From now on no commit is acknowledged that the standby does not hold. Resolves when it holds all. */
export async function makeSynchronous(primaryUrl: string): Promise<void> {
  await withSession(primaryUrl, async (sql) => {
    await sql`alter system set synchronous_standby_names = '*'`;
    await sql`select pg_reload_conf()`;
    for (const deadline = Date.now() + patienceMs; ; await sleep(50)) {
      const [standby] = await sql`select 1 from pg_stat_replication where state = 'streaming' and sync_state = 'sync'`;
      if (standby !== undefined) return;
      if (Date.now() > deadline) throw new Error(`No standby streams after ${patienceMs / 1000} s.`);
    }
  });
}

/** Makes a primary of a standby. */
export async function promote(standbyUrl: string): Promise<void> {
  await withSession(standbyUrl, async (sql) => {
    const [answer] = await sql<{ done: boolean }[]>`select pg_promote(true, ${patienceMs / 1000}) as done`;
    if (answer?.done !== true) throw new Error(`The standby is not promoted after ${patienceMs / 1000} s.`);
  });
}

/** Where a running server keeps its data. */
export const dataFolderOf = (url: string): Promise<string> => withSession(url, dataFolder);

async function dataFolder(sql: postgres.Sql): Promise<string> {
  const [setting] = await sql<{ folder: string }[]>`select current_setting('data_directory') as folder`;
  if (setting === undefined) throw new Error('a setting has one value');
  return setting.folder;
}

async function withSession<Result>(url: string, work: (sql: postgres.Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Copies a folder that is written to meanwhile: the log says afterwards what was missed. */
async function copy(from: string, to: string, account: Account | undefined): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  await give(to, account);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory() && ownFolders.has(entry.name)) {
      await mkdir(target, { mode: 0o700 });
      await give(target, account);
    } else if (entry.isDirectory()) await copy(source, target, account);
    else if (!ownFiles.has(entry.name)) {
      const gone = await copyFile(source, target).catch(vanished);
      if (gone !== true) await give(target, account);
    }
  }
}

async function give(path: string, account: Account | undefined): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid);
}

/** A file may go while a backup is made; another failure is one. */
function vanished(error: NodeJS.ErrnoException): true {
  if (error.code === 'ENOENT') return true;
  throw error;
}
