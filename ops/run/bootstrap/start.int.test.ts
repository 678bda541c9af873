import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import postgres from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { mayMount, mountSmall } from '../../verify/testbed/small-partition.ts';
import { homeAt, prepareHome, type Home } from './home.ts';
import { endLeftovers } from './leftovers.ts';
import { identify } from './process-identity.ts';
import { noteRelease } from './rabbitmq-data.ts';
import { identityOf } from './rabbitmq-identity.ts';
import { unusedPort } from './unused-port.fixture.ts';

const isRoot = process.getuid?.() === 0;
const start = join(import.meta.dirname, 'start.ts');
/** The broker is given, of whichever release it is. */
const given = {
  ...{ DATABASE_URL: process.env['DATABASE_URL']!, AMQP_URL: process.env['AMQP_URL']! },
  PATCHBAY_RABBITMQ: undefined,
};
const nobody = 65_534;

/** A home that was started once, with nothing in it yet. */
function aHome(): Home {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'start-')));
  chmodSync(folder, 0o755); // the database server's account passes through
  const home = homeAt(join(folder, 'home'), process.env);
  prepareHome(home);
  return home;
}

type Env = Record<string, string | undefined>;

/** Starts Patchbay, with the servers of this test run unless told otherwise, until it ends. */
async function started(home: string, env: Env = {}, account: { uid?: number; gid?: number } = {}) {
  const ports = {
    PATCHBAY_GATEWAY_PORT: String(await unusedPort()),
    PATCHBAY_SIMULATOR_PORT: String(await unusedPort()),
  };
  const child = spawn(process.execPath, [start], {
    env: { ...process.env, PATCHBAY_HOME: home, PATCHBAY_DOCKER: 'off', ...ports, ...given, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...account,
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await endLeftovers(join(home, 'processes'), 0);
  });
  const [said, failure, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { said, failure, code: code as unknown };
}

const own = { DATABASE_URL: '' };
const ownBroker = { AMQP_URL: '' };
const putIn = (path: string, content = '') => writeFileSync(path, content);

/** A data folder as PostgreSQL `version` would have left it, as far as we look before it is started. */
function aDatabase(home: Home, version: string) {
  const data = join(home.postgres, 'data');
  mkdirSync(data);
  putIn(join(data, 'PG_VERSION'), `${version}\n`);
}

function aBroker(home: Home) {
  const identity = identityOf(home.rabbitmq);
  mkdirSync(join(home.rabbitmq, 'data', identity.node), { recursive: true });
}

/** What is wrong, how it came, and the one sentence that a start ends with. */
const troubles: readonly (readonly [what: string, break_: (home: Home) => Env | void | Promise<Env | void>, RegExp])[] =
  [
    // folders
    [
      'the home is a file',
      ({ root }) => (rmSync(root, { recursive: true }), putIn(root)),
      /^\S+\/home is a file where Patchbay keeps a folder: move it away, or set PATCHBAY_HOME\.$/,
    ],
    [
      'the home is below a file',
      ({ root }) => (rmSync(root, { recursive: true }), putIn(root), { PATCHBAY_HOME: `${root}/in/it` }),
      /\(lstat: ENOTDIR\): a part of the path is not a folder; move that file away/,
    ],
    [
      'the home is a link that leads nowhere',
      ({ root }) => (renameSync(root, `${root}2`), symlinkSync('/nowhere/at/all', root)),
      /^\S+\/home is a link that leads nowhere: mount or make what it leads to/,
    ],
    [
      'the home is a link in a circle',
      ({ root }) => (renameSync(root, `${root}2`), symlinkSync(root, root)),
      /\/home is a link that leads nowhere/,
    ],
    [
      'the log folder is a file',
      ({ logs }) => (rmSync(logs, { recursive: true }), putIn(logs)),
      /\/home\/logs is a file where Patchbay keeps a folder/,
    ],
    [
      'the log folder is a link that leads nowhere',
      ({ logs }) => (rmSync(logs, { recursive: true }), symlinkSync('/nowhere/at/all', logs)),
      /\/home\/logs is a link that leads nowhere/,
    ],
    [
      "PostgreSQL's data is a file",
      (home) => (putIn(join(home.postgres, 'data')), own),
      /\/home\/postgres\/data is a file where PostgreSQL keeps its data folder: move it away\.$/,
    ],
    [
      'a folder is where a file belongs',
      ({ portsFile }) => mkdirSync(portsFile),
      /\/home\/ports\.json cannot be used \(rename: E\w+\): .*; move it away, then try again\.$/,
    ],
    // ports
    [
      'the port of the gateway is taken',
      () => takenPort('PATCHBAY_GATEWAY_PORT'),
      /^Port \d+ \(gateway\) is taken by another program: set PATCHBAY_GATEWAY_PORT to a free port\.$/,
    ],
    [
      'a port is none',
      () => ({ PATCHBAY_AMQP_PORT: 'amqp' }),
      /^PATCHBAY_AMQP_PORT is "amqp", which is not a port: give a number between 1 and 65535\.$/,
    ],
    [
      'the block of health ports does not fit',
      () => ({ PATCHBAY_HEALTH_PORT_BASE: '65530' }),
      /^Port 65530 \(health\) begins a block of 40 that ends above 65535/,
    ],
    // versions
    [
      'the data is of an older PostgreSQL',
      (home) => (aDatabase(home, '17'), own),
      /\/postgres\/data is PostgreSQL 17's, and this release brings PostgreSQL 18: take it over with pg_dump of 17 and DATABASE_URL, or forget it with npm run reset\.$/,
    ],
    [
      'the data is of a newer RabbitMQ',
      (home) => (aBroker(home), noteRelease(home.rabbitmq, '99.1.0'), ownBroker),
      /\/rabbitmq is of release 99\.1\.0, and the RabbitMQ found here is \S+, which cannot read it: start with 99\.1\.0 again, or forget the data with npm run reset\.$/,
    ],
    // leftovers
    [
      "something else lies where PostgreSQL's data goes",
      (home) => (mkdirSync(join(home.postgres, 'data')), putIn(join(home.postgres, 'data', 'notes')), own),
      /\/postgres\/data holds files but no PostgreSQL data \(there is no PG_VERSION\): move them away/,
    ],
    [
      "the password of PostgreSQL's data is lost",
      (home) => (aDatabase(home, '18'), own),
      /\/postgres\/password is missing, the password of PostgreSQL's data in \S+: put it back, or forget the data with npm run reset\.$/,
    ],
    [
      "the identity of RabbitMQ's data is lost",
      (home) => (aBroker(home), rmSync(join(home.rabbitmq, 'identity.json')), ownBroker),
      /\/rabbitmq\/identity\.json is missing, the node name and login of RabbitMQ's data in \S+: put it back/,
    ],
    [
      "the identity of RabbitMQ's data is damaged",
      (home) => (putIn(join(home.rabbitmq, 'identity.json'), '{"node":'), ownBroker),
      /\/rabbitmq\/identity\.json is damaged/,
    ],
    [
      'PostgreSQL still runs on the data without a record',
      (home) => (
        aDatabase(home, '18'),
        putIn(join(home.postgres, 'password'), 'x'),
        holding('/usr/bin/postgres', join(home.postgres, 'data')),
        own
      ),
      /^Process \d+ \(postgres\) still works on the data in \S+: end it \(kill \d+\), then start again\.$/,
    ],
    [
      'RabbitMQ still runs on the data without a record',
      (home) => (aBroker(home), holding('/usr/lib/beam.smp', home.rabbitmq), ownBroker),
      /^Process \d+ \(beam\.smp\) still works on the data in/,
    ],
    [
      "RabbitMQ's data was written elsewhere",
      (home) => (movedBroker(home), ownBroker),
      /^RabbitMQ's data in \S+ was written in \/srv\/old\/rabbitmq and its queues still look for it there: run npx patchbay broker rebuild, which loses no message, then start again\.$/,
    ],
    // given servers
    [
      'DATABASE_URL is no URL',
      () => ({ DATABASE_URL: 'database' }),
      /^DATABASE_URL is not a URL: give one such as postgres:\/\/user:password@host:port\/name\.$/,
    ],
    [
      'DATABASE_URL is another kind of URL',
      () => ({ DATABASE_URL: 'mysql://h/d' }),
      /^DATABASE_URL starts with "mysql:": it must be a postgres:\/\/ URL\.$/,
    ],
    [
      'the password of the given database is wrong',
      () => ({ DATABASE_URL: changed(given.DATABASE_URL, { password: 'wrong' }) }),
      /^The database at postgres:\/\/patchbay:\*\*\*@\S+ \(DATABASE_URL\) cannot be used \(password authentication failed for user "patchbay"\): start it, put its address and login right, or unset DATABASE_URL to get a private one\.$/,
    ],
    [
      'the given database does not exist',
      () => ({ DATABASE_URL: changed(given.DATABASE_URL, { pathname: '/nothing' }) }),
      /cannot be used \(database "nothing" does not exist\)/,
    ],
    [
      'nothing answers at the given database',
      async () => ({ DATABASE_URL: `postgres://u:p@127.0.0.1:${await unusedPort()}/x` }),
      /cannot be used \(connect ECONNREFUSED \S+\)/,
    ],
    [
      'the given database may only be read',
      () => readOnlyLogin(),
      /^The database refuses to be prepared \(permission denied for database \w+\): the login needs the right to create schemas in a database that can be written\.$/,
    ],
    ['AMQP_URL is no URL', () => ({ AMQP_URL: 'broker' }), /^AMQP_URL is not a URL: give one such as amqp:\/\//],
    [
      'AMQP_URL is another kind of URL',
      () => ({ AMQP_URL: 'http://h' }),
      /^AMQP_URL starts with "http:": it must be an amqp:\/\/ or amqps:\/\/ URL\.$/,
    ],
    [
      'the password of the given broker is wrong',
      () => ({ AMQP_URL: changed(given.AMQP_URL, { password: 'wrong' }) }),
      /^The broker at amqp:\/\/patchbay:\*\*\*@\S+ \(AMQP_URL\) cannot be used \(.*403 \(ACCESS-REFUSED\).*\): start it, put its address, login and virtual host right, or unset AMQP_URL to get a private one\.$/,
    ],
    [
      'the given virtual host does not exist',
      () => ({ AMQP_URL: changed(given.AMQP_URL, { pathname: '/nothing' }) }),
      /\(AMQP_URL\) cannot be used \(.+\): start it, put its address, login and virtual host right, or unset AMQP_URL/,
    ],
    [
      'nothing answers at the given broker',
      async () => ({ AMQP_URL: `amqp://127.0.0.1:${await unusedPort()}` }),
      /\(AMQP_URL\) cannot be used \(connect ECONNREFUSED \S+\)/,
    ],
    // two at once
    [
      'another start has the home',
      ({ ownerFile }) => putIn(ownerFile, JSON.stringify(identify(process.pid))),
      /^Patchbay already runs in \S+ \(process \d+\): end it with Ctrl-C there, or set PATCHBAY_HOME to another folder\.$/,
    ],
  ];

const rootOnly: typeof troubles = [
  [
    'the home belongs to another account',
    ({ rabbitmq }) => chownSync(rabbitmq, 1_234, 1_234),
    /^The data in \S+ belongs to another account \(uid 1234\): start as that account, or set PATCHBAY_HOME to a folder of root's\.$/,
  ],
  [
    'the database cannot be entered any more',
    (home) => (aDatabase(home, '18'), chmodSync(join(home.root, '..'), 0o700), own),
    /\/postgres\/data, which the account it runs under \(uid \d+\) cannot enter any more: let it pass through every folder above/,
  ],
];

const partitions: typeof troubles = [
  [
    'the partition of the data is full',
    (home) => mounted(home.root, 'size=64m'),
    /^The partition of \S+ \(data\) has only \d+ MB and [\d,]+ inodes left, a start needs 200 MB and 2,000 inodes: make room there, or set PATCHBAY_HOME to a folder on another partition\.$/,
  ],
  [
    'the partition of the data has no inodes',
    (home) => mounted(home.root, 'size=1g,nr_inodes=500'),
    /^The partition of \S+ \(data\) has only \S+ \S+ and \d+ inodes left/,
  ],
  [
    'the partition of PostgreSQL is full',
    (home) => (mounted(home.postgres, 'size=64m'), own),
    /^The partition of \S+\/postgres \(data\) has only/,
  ],
  [
    'the file system of the data is read-only',
    (home) => mounted(home.root, 'size=1g,ro'),
    /cannot be used \(access: EROFS\): its file system is read-only; mount it writable, or set PATCHBAY_HOME/,
  ],
];

const rows = [...troubles, ...(isRoot ? rootOnly : []), ...(mayMount ? partitions : [])];

test.each(rows)('%s: a start ends with one sentence', async (_, break_, sentence) => {
  const home = aHome();
  const env = (await break_(home)) ?? {};
  const { failure, said, code } = await started(home.root, env);
  expect(failure).toMatch(/^[^\n]+\n$/);
  expect(failure.trimEnd()).toMatch(sentence);
  expect(said).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
});

test('an account without rights is told which folder', async () => {
  const home = aHome();
  if (!isRoot) chmodSync(home.root, 0o555);
  const account = isRoot ? { uid: nobody, gid: nobody } : {};
  const { failure, code } = await started(home.root, {}, account);
  expect(failure).toMatch(
    /^\S+\/home\S* cannot be used \(access: EACCES\): this account may not do that; give it the rights, use the account that owns it, or set PATCHBAY_HOME\.\n$/,
  );
  expect(code).toBe(1);
});

async function takenPort(variable: string): Promise<Env> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { [variable]: String((server.address() as AddressInfo).port) };
}

/** A process that looks like a server which works on a folder. */
function holding(program: string, folder: string): ChildProcess {
  const script = 'setInterval(() => {}, 1000)';
  const child = spawn(process.execPath, ['-e', script, folder], { argv0: program, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

function movedBroker(home: Home) {
  const { node } = identityOf(home.rabbitmq);
  const queue = join(home.rabbitmq, 'data', node, 'quorum', node, 'QUEUE');
  mkdirSync(queue, { recursive: true });
  putIn(join(queue, 'config'), `#{data_dir => "/srv/old/rabbitmq/data/${node}/quorum/${node}"}.`);
}

function changed(url: string, parts: Partial<Pick<URL, 'password' | 'pathname'>>): string {
  return Object.assign(new URL(url), parts).href;
}

async function readOnlyLogin(): Promise<Env> {
  const sql = postgres(given.DATABASE_URL, { max: 1, onnotice: () => {} });
  const name = `reader_${process.pid}`;
  await sql.unsafe(`create database ${name}`);
  await sql.unsafe(`create role ${name} login password 'reader'`);
  onTestFinished(async () => {
    await sql.unsafe(`drop database ${name}`);
    await sql.unsafe(`drop role ${name}`);
    await sql.end();
  });
  return {
    DATABASE_URL: Object.assign(new URL(given.DATABASE_URL), {
      username: name,
      password: 'reader',
      pathname: `/${name}`,
    }).href,
  };
}

function mounted(folder: string, options: string): void {
  onTestFinished(mountSmall(folder, options));
}
