/** What decision record 18 mends in the driver: statements on a connection that closes under them, or falls silent. */
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { cuttable } from '../verify/testbed/cuttable.ts';
import { createTestbed } from '../verify/testbed/testbed.ts';
import { connectDatabase } from './database.ts';

const testbed = await createTestbed();
afterAll(() => testbed.close());

/** A pool of one connection, and a way to have that end as the network and the server might end it. */
async function aPool() {
  const { hostname, port } = new URL(testbed.databaseUrl);
  const sockets: Socket[] = [];
  const options = {
    max: 1,
    connect_timeout: 20,
    async socket() {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      sockets.push(socket);
      return socket;
    },
  };
  const sql = postgres(testbed.databaseUrl, options as postgres.Options<Record<string, never>>);
  onTestFinished(async () => {
    await sql.end({ timeout: 1 });
    for (const socket of sockets) socket.destroy();
  });
  // The driver's own statements about types come first.
  await sql`select 1`;
  return {
    sql,
    breaks: () => sockets.at(-1)?.emit('error', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })),
    closes: (afterError = false) => sockets.at(-1)?.emit('close', afterError),
  };
}

/** The driver hands a statement to its connection in a microtask, and writes what is short when the event loop turns. */
async function sent<Rows>(
  statement: postgres.PendingQuery<Rows & postgres.Row[]>,
): Promise<{ answer: Promise<unknown> }> {
  const answer = statement.execute();
  answer.catch(() => undefined);
  for (let microtask = 0; microtask < 3; microtask += 1) await Promise.resolve();
  return { answer };
}

test('a statement between the error of a connection and its close is told, and none gets the answer of another', async () => {
  const { sql, breaks, closes } = await aPool();
  const underWay = await sent(sql`select pg_sleep(60)`);
  breaks();
  await expect(underWay.answer).rejects.toThrow('ECONNRESET');
  const between = await sent(sql`select 2 as two`);
  closes(true);
  await expect(between.answer).rejects.toThrow('CONNECTION_CLOSED');
  expect(await Promise.all([sql`select 3 as three`, sql`select 4 as four`])).toEqual([[{ three: 3 }], [{ four: 4 }]]);
});

test('a connection that closes before a write was made is opened anew, and writes', async () => {
  const { sql, closes } = await aPool();
  const unwritten = await sent(sql`select 2 as two`);
  closes();
  await expect(unwritten.answer).rejects.toThrow('CONNECTION_CLOSED');
  expect(await sql`select 3 as three`).toEqual([{ three: 3 }]);
});

test.each([
  ['short', 2],
  ['long', 2_000],
])('a transaction whose connection closed says nothing more (%s)', async (_, length) => {
  const { sql, closes } = await aPool();
  await sql`create table if not exists once (said text)`;
  let after: Promise<unknown> = Promise.resolve();
  const lost = sql.begin(async (tx) => {
    await tx`select 1`;
    closes();
    await turn();
    const say = () => tx`insert into once ${sql({ said: 'x'.repeat(length) })}`;
    after = say().catch(say);
    await after;
  });
  await expect(lost).rejects.toThrow('CONNECTION_CLOSED');
  expect(await sql`select 3 as three`).toEqual([{ three: 3 }]);
  await expect(after).rejects.toThrow('CONNECTION_CLOSED');
  expect(await sql`select said from once`).toEqual([]);
});

test('what a transaction had yet to send when its connection closed is told (upstream 1186)', async () => {
  const { sql, closes } = await aPool();
  let queued: readonly PromiseSettledResult<unknown>[] = [];
  const lost = sql.begin(async (tx) => {
    // More than the driver sends ahead: the rest waits in the transaction.
    const statements = Array.from({ length: 150 }, () => tx`select pg_sleep(0.1)`);
    setTimeout(closes, 50);
    queued = await Promise.allSettled(statements);
  });
  await expect(lost).rejects.toThrow('CONNECTION_CLOSED');
  await vi.waitUntil(() => queued.length > 0);
  expect(new Set(queued.map(({ status }) => status))).toEqual(new Set(['rejected']));
});

test('the end of a connection is told to whom it met, not to the first on the next connection (upstream 1215)', async () => {
  const { sql } = await aPool();
  await expect(sql`select pg_terminate_backend(pg_backend_pid())`).rejects.toMatchObject({ code: '57P01' });
  expect(await sql`select 3 as three`).toEqual([{ three: 3 }]);
});

test('a transaction that the server ended for being idle runs nothing more', async () => {
  const { sql } = await aPool();
  let after: Promise<unknown> = Promise.resolve();
  let isOver = false;
  const idle = sql.begin(async (tx) => {
    await tx`set local idle_in_transaction_session_timeout = 20`;
    await vi.waitUntil(() => isOver);
    after = tx`create table outside (of_any text)`.execute();
    await after;
  });
  await expect(idle).rejects.toThrow('CONNECTION_CLOSED');
  await sql`select 1`;
  isOver = true;
  await vi.waitFor(() => expect(after).rejects.toThrow('CONNECTION_CLOSED'));
  expect(await sql`select to_regclass('outside') as found`).toEqual([{ found: null }]);
});

test('a connection that breaks while the driver asks for types is opened anew, and nothing is left unhandled', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const { hostname, port } = new URL(testbed.databaseUrl);
  const asks = Buffer.from('pg_catalog.pg_type');
  let asked = 0;
  const options = {
    max: 1,
    async socket() {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      const write = socket.write.bind(socket);
      socket.write = (chunk: Buffer, ...rest: []) => {
        if (chunk.includes(asks) && (asked += 1) === 1)
          return (socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })), true);
        return write(chunk, ...rest);
      };
      return socket;
    },
  };
  const sql = postgres(testbed.databaseUrl, options as postgres.Options<Record<string, never>>);
  onTestFinished(() => sql.end({ timeout: 1 }));
  await expect(sql`select 1`.execute()).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await sql`select ${['a', 'b']}::text[] as words`).toEqual([{ words: ['a', 'b'] }]);
  expect({ asked, unhandled }).toEqual({ asked: 2, unhandled: [] });
});

test('a connection that leaves a statement unanswered is destroyed; one that is idle for longer is not', async () => {
  const way = await cuttable(testbed.databaseUrl, 5432);
  // Five seconds later than the server would stop it.
  const sql = connectDatabase(way.url, { connections: 1, role: 'silent', statementMs: 100 });
  onTestFinished(async () => {
    await sql.end({ timeout: 1 });
    await way.close();
  });
  const pid = async () => (await sql<{ pid: number }[]>`select pg_backend_pid() as pid`)[0]?.pid;
  const first = await pid();
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  expect(await pid()).toBe(first);
  const [answered, silenced] = [await sent(sql`select 1`), await sent(sql`select pg_sleep(0.05)`)];
  await answered.answer;
  way.silence();
  await expect(silenced.answer).rejects.toMatchObject({ code: 'STATEMENT_DEADLINE' });
  // What is said before the socket is closed is lost with it.
  expect(await vi.waitFor(pid)).not.toBe(first);
});

test('who tries again after a silence does not wait for each idle connection of the pool in turn', async () => {
  const way = await cuttable(testbed.databaseUrl, 5432);
  const sql = connectDatabase(way.url, { connections: 4, role: 'silent', statementMs: 100 });
  onTestFinished(async () => {
    await sql.end({ timeout: 1 });
    await way.close();
  });
  const pids = await Promise.all(Array.from({ length: 4 }, () => sql`select pg_backend_pid(), pg_sleep(0.05)`));
  expect(new Set(pids.map(([row]) => row?.['pg_backend_pid'])).size).toBe(4);
  way.silence();
  const codes: unknown[] = [];
  await vi.waitUntil(async () => {
    try {
      return await sql`select 1`;
    } catch (error) {
      codes.push((error as { code?: string }).code);
      return undefined;
    }
  }, soon);
  expect(codes.filter((code) => code === 'STATEMENT_DEADLINE')).toHaveLength(1);
});

describe('a reserved connection', () => {
  const reserving = () => connectDatabase(testbed.databaseUrl, { connections: 1, role: 'reserving' });

  test('that is lost takes no further statement, and who waits for one gets another', async () => {
    const [pool, other] = [reserving(), reserving()];
    const first = await pool.reserve();
    const waiting = pool.reserve();
    const [own] = await first<{ pid: number }[]>`select pg_backend_pid() as pid`;
    await other`select pg_terminate_backend(${own?.pid ?? 0})`;
    const second = await waiting;
    expect(await second`select 1 as one`).toEqual([{ one: 1 }]);
    await expect(first`select 2`).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    first.release();
    second.release();
    expect(await pool`select 3 as three`).toEqual([{ three: 3 }]);
    await Promise.all([pool.end(), other.end()]);
  });

  test('that is released takes no further statement', async () => {
    const pool = reserving();
    const connection = await pool.reserve();
    connection.release();
    await expect(connection`select 1`).rejects.toMatchObject({ code: 'CONNECTION_RELEASED' });
    connection.release();
    await pool.end();
  });

  test('is closed when it is released and its pool has ended meanwhile', async () => {
    const pool = reserving();
    const connection = await pool.reserve();
    const ended = pool.end();
    expect(await connection`select 1 as one`).toEqual([{ one: 1 }]);
    connection.release();
    await ended;
    await expect(pool.reserve()).rejects.toMatchObject({ code: 'CONNECTION_ENDED' });
  });
});

test('the server looks after clients that are silent in the middle of a statement', async () => {
  const sql = connectDatabase(testbed.databaseUrl, { connections: 1, role: 'silent' });
  onTestFinished(() => sql.end());
  const settings = await sql`
    select name, setting from pg_settings where name like 'tcp_keepalives%' and source = 'client' order by name`;
  expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
    tcp_keepalives_count: '3',
    tcp_keepalives_idle: '10',
    tcp_keepalives_interval: '5',
  });
});

const soon = { timeout: 30_000, interval: 25 };
