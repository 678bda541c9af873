/** The world's faults against a real lane: whatever the database is away for, nothing is given up for it. */
import { Socket } from 'node:net';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { send } from '../../../contracts/messages/message.ts';
import { deadLetterQueue } from '../../../contracts/topology.ts';
import { type Cuttable, cuttable } from '../../verify/testbed/cuttable.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import { type Database, connectDatabase } from '../database.ts';
import { add, createTally, tallies, tallyHandlers } from './tally.fixture.ts';
import { startRelay } from './relay.ts';
import { startWorker } from './worker.ts';

let bench: Workbench;
/** The worker's database, which nothing else uses: the broker's side of the bench must not suffer with it. */
let away: Testbed;
let admin: postgres.Sql;
let way: Cuttable;
const role = `blamed_${process.pid}_${Date.now()}`;
const databaseName = () => new URL(away.databaseUrl).pathname.slice(1);

beforeAll(async () => {
  [bench, away] = await Promise.all([createWorkbench(), createTestbed()]);
  const beside = new URL(away.databaseUrl);
  beside.pathname = '/postgres';
  admin = postgres(beside.href, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create role ${role} superuser login password 'right'`);
  const url = new URL(away.databaseUrl);
  url.username = role;
  url.password = 'right';
  way = await cuttable(url.href, 5432);
  await onAway((sql) => createTally(sql));
});
afterAll(async () => {
  await way?.close();
  await away?.close();
  await admin?.unsafe(`drop role if exists ${role}`);
  await admin?.end();
  await bench?.close();
});
afterEach(() => vi.restoreAllMocks());

async function onAway<Result>(work: (sql: Database) => Promise<Result>): Promise<Result> {
  const sql = connectDatabase(away.databaseUrl, { connections: 1, role: 'beside' });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function work(statementMs = 30_000): void {
  const sql = connectDatabase(way.url, { connections: 2, role: 'blame', statementMs });
  const relay = startRelay(sql, bench.publisher, bench.log);
  const worker = startWorker(
    { ...bench, sql, relay },
    { queue: testQueue, worker: 'tally', handlers: tallyHandlers() },
  );
  onTestFinished(async () => {
    await worker.stop();
    await relay.stop();
    await sql.end({ timeout: 1 });
  });
}

const seen = (code: string): boolean =>
  bench.logged.some(
    ({ msg, error }) =>
      msg.includes('trying the same batch again') && (error as { code?: string } | undefined)?.code === code,
  );
const onServer = (statement: string) => admin.unsafe(statement).then(() => undefined);
const endConnections = () =>
  onServer(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`);
const rename = (from: string, to: string) =>
  vi.waitFor(async () => {
    await onServer(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${from}'`);
    await onServer(`alter database ${from} rename to ${to}`);
  }, soon);
const tables = (statement: string) => onAway(async (sql) => void (await sql.unsafe(statement)));

/** The network's own failures, for whoever connects over the worker's way. */
function failing(code: string): void {
  const { connect } = Socket.prototype;
  const { port } = new URL(way.url);
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...to: unknown[]) {
    if (String(to[0]) !== port) return Reflect.apply(connect, this, to) as Socket;
    const error = Object.assign(new Error(`connect ${code}`), { code, errno: -1, syscall: 'connect' });
    return this.destroy(error);
  });
  way.cut();
}
const network = (code: string) => ({
  code,
  goes: async () => failing(code),
  returns: async () => void vi.restoreAllMocks(),
});

describe.each([
  {
    code: '25006',
    goes: () => onServer(`alter role ${role} set default_transaction_read_only = on`).then(endConnections),
    returns: () => onServer(`alter role ${role} reset default_transaction_read_only`).then(endConnections),
  },
  {
    code: '3D000',
    goes: () => rename(databaseName(), `${databaseName()}_restored`),
    returns: () => rename(`${databaseName()}_restored`, databaseName()),
  },
  {
    code: '28000',
    goes: () => onServer(`alter role ${role} nologin`).then(endConnections),
    returns: () => onServer(`alter role ${role} login`),
  },
  {
    code: '28P01',
    goes: () => onServer(`alter role ${role} password 'rotated'`).then(endConnections),
    returns: () => onServer(`alter role ${role} password 'right'`),
  },
  {
    code: '42P01',
    goes: () => tables('alter table platform.inbox rename to not_yet'),
    returns: () => tables('alter table platform.not_yet rename to inbox'),
  },
  network('EAI_AGAIN'),
  network('EHOSTUNREACH'),
  network('ENETUNREACH'),
])('while the database says $code', ({ code, goes, returns }) => {
  test('everything is waited for, nothing is rejected or dead-lettered, and all of it is handled afterwards', async () => {
    work();
    const ids = (when: string) => Array.from({ length: 5 }, (_, at) => `${code} ${when} ${at}`);
    const handled = (wanted: readonly string[]) =>
      vi.waitFor(async () => {
        const counts = await onAway(tallies);
        expect(wanted.map((id) => counts[id])).toEqual(wanted.map(() => 1));
      }, soon);
    const tell = async (wanted: readonly string[]) => {
      for (const id of wanted) await bench.publish(send(add, { id, mode: 'ok' }));
    };
    await tell(ids('before'));
    await handled(ids('before'));
    await goes();
    try {
      await tell(ids('while'));
      await vi.waitUntil(() => seen(code), soon);
    } finally {
      await returns();
    }
    await handled(ids('while'));
    expect(await bench.ready(deadLetterQueue(testQueue))).toBe(0);
    await onAway(async (sql) => {
      expect(await sql`select type from platform.inbox where outcome is not null or attempt > 1`).toEqual([]);
    });
  });
});

describe('a statement that always takes too long', () => {
  test('is found among its neighbours, tried as often as any failure, and dead-lettered', async () => {
    const slow = await bench.publish(send(add, { id: 'slow', mode: 'ok' }));
    const neighbours = Array.from({ length: 9 }, (_, at) => `beside ${at}`);
    for (const id of neighbours) await bench.publish(send(add, { id, mode: 'ok' }));
    work(1_000);
    const [letter] = await bench.letters(1);
    expect(letter).toMatchObject({ id: slow, headers: { 'error-code': '57014', attempts: 3 } });
    await vi.waitFor(async () => {
      const counts = await onAway(tallies);
      expect([...neighbours, 'slow'].map((id) => counts[id])).toEqual([...neighbours.map(() => 1), undefined]);
    }, soon);
  });
});

describe('what cannot be recorded', () => {
  test.each([
    ['a failure', 'unsavable', {}],
    ['an unreadable message', 'unreadable', { body: 'no JSON' }],
  ])('%s waits until it can be, and is never rejected', async (_, id, over) => {
    await tables('alter table platform.message add constraint full_up check (false) not valid');
    const message = await bench.publish(send(add, { id, mode: 'ok' }), over);
    work();
    try {
      await vi.waitUntil(() => seen('23514'), soon);
    } finally {
      await tables('alter table platform.message drop constraint full_up');
    }
    const [letter] = await bench.letters(1);
    expect(letter?.id).toBe(message);
    // Ours, with its context, not the broker's.
    expect(letter?.envelope.deadLetter).toMatchObject({ queue: testQueue, worker: 'tally' });
  });
});
