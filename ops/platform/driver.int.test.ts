/** What decision record 6 mends in the driver: statements on a connection that closes under them. */
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { createTestbed } from '../verify/testbed/testbed.ts';

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
