import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import { type Database, type Transaction, connectDatabase, isDatabaseFault } from '../database.ts';
import { claimInbox } from './inbox.store.ts';
import { type Statement, pipelined } from './pipelined.ts';

let testbed: Testbed;
let sql: Database;
beforeAll(async () => {
  testbed = await createTestbed();
  sql = connectDatabase(testbed.databaseUrl, { connections: 2, role: 'pipelined' });
  await sql`create table kept (word text primary key)`;
  await sql`create table counted (times integer not null)`;
});
afterAll(async () => {
  await sql?.end({ timeout: 1 });
  await testbed?.close();
});
beforeEach(async () => {
  await sql`truncate kept, counted, platform.inbox`;
  await sql`insert into counted values (0)`;
});

const keep = (tx: Transaction, word: string): Statement => tx`insert into kept values (${word})`;
const kept = async () => (await sql<{ word: string }[]>`select word from kept order by word`).map(({ word }) => word);
const read = (tx: Transaction) => tx<{ times: number }[]>`select times from counted for update`;
const keeping = (pool: Database, ...words: string[]) =>
  pipelined(pool, read, (tx) => ({ statements: words.map((word) => keep(tx, word)), result: words.length }));

describe('a pipelined transaction', () => {
  test('keeps all its statements, and answers when they are committed', async () => {
    expect(await keeping(sql, 'a', 'b')).toBe(2);
    expect(await kept()).toEqual(['a', 'b']);
  });

  test('that fails at one of them keeps none, tells of the first failure, and leaves a connection that works', async () => {
    await keeping(sql, 'b');
    for (let again = 0; again < 3; again += 1)
      await expect(keeping(sql, 'a', 'b', 'c')).rejects.toMatchObject({ code: '23505' });
    expect(await kept()).toEqual(['b']);
    expect(await keeping(sql, 'a', 'c')).toBe(2);
  });

  test('is rolled back when what it reads fails, or what is made of it throws', async () => {
    const wrong = new Error('nothing can be made of it');
    const failing = pipelined(
      sql,
      (tx) => Promise.all([keep(tx, 'a'), tx`select 1 / 0`]),
      () => ({ statements: [], result: undefined }),
    );
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    const throwing = pipelined(
      sql,
      (tx) => keep(tx, 'a'),
      () => {
        throw wrong;
      },
    );
    await expect(throwing).rejects.toBe(wrong);
    expect(await kept()).toEqual([]);
  });

  test('that failed unseen is not taken for committed', async () => {
    const blind = pipelined(
      sql,
      (tx) => Promise.all([keep(tx, 'a'), tx`select 1 / 0`]).catch(() => undefined),
      () => ({ statements: [], result: undefined }),
    );
    await expect(blind).rejects.toThrow('failed before it was committed');
    expect(await kept()).toEqual([]);
  });

  test('is one among many on connections of which each statement is the first of its kind', async () => {
    const fresh = connectDatabase(testbed.databaseUrl, { connections: 2, role: 'fresh' });
    await Promise.all(
      Array.from({ length: 50 }, () =>
        pipelined(fresh, read, (tx, [row]) => ({
          statements: [tx`update counted set times = ${(row?.times ?? 0) + 1}`],
          result: undefined,
        })),
      ),
    );
    expect(await sql`select times from counted`).toEqual([{ times: 50 }]);
    await fresh.end();
  });
});

describe('a connection that is lost', () => {
  let pool: Database;
  beforeEach(() => void (pool = connectDatabase(testbed.databaseUrl, { connections: 1, role: 'lost' })));
  afterEach(() => pool.end({ timeout: 1 }));
  const ending = (tx: Transaction) => tx`select pg_terminate_backend(pg_backend_pid())`;
  const notAtFault = (failing: Promise<unknown>) =>
    expect(failing.catch((error: unknown) => isDatabaseFault(error))).resolves.toBe(true);
  /** The driver holds the end of a connection against the first that is asked of the one in its place. */
  const next = () => vi.waitFor(() => keeping(pool, 'next'));

  test('while the transaction reads keeps nothing, and the next one has another', async () => {
    const reading = pipelined(
      pool,
      (tx) => Promise.all([keep(tx, 'a'), ending(tx)]),
      () => ({ statements: [], result: undefined }),
    );
    await notAtFault(reading);
    await next();
    expect(await kept()).toEqual(['next']);
  });

  test('while it writes keeps nothing either', async () => {
    await notAtFault(pipelined(pool, read, (tx) => ({ statements: [keep(tx, 'a'), ending(tx)], result: undefined })));
    await next();
    expect(await kept()).toEqual(['next']);
  });

  test('between the two is noticed: nothing is written on another in its place', async () => {
    const losing = pipelined(
      pool,
      async (tx) => {
        const [own] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
        await sql`select pg_terminate_backend(${own?.pid ?? 0})`;
        await vi.waitFor(next);
      },
      (tx) => ({ statements: [keep(tx, 'a')], result: undefined }),
    );
    await notAtFault(losing);
    expect(await kept()).toEqual(['next']);
  });
});

test('a statement whose plan the server has lost is not made up for behind the commit', async () => {
  const one = connectDatabase(testbed.databaseUrl, { connections: 1, role: 'one' });
  const word = (value: string) =>
    pipelined(
      one,
      (tx) => tx.unsafe(value === 'b' ? 'deallocate all' : 'select'),
      (tx) => ({ statements: [keep(tx, value)], result: undefined }),
    );
  await word('a');
  await expect(word('b')).rejects.toMatchObject({ code: '26000' });
  await one.end();
  expect(await kept()).toEqual(['a']);
});

/** Of its first transaction the server does not understand the begin. */
function beginningWrongly(pool: Database): Database {
  return new Proxy(pool, {
    get(target, name, receiver) {
      if (name !== 'reserve') return Reflect.get(target, name, receiver) as unknown;
      return async () => {
        const connection = await target.reserve();
        const { unsafe } = connection;
        connection.unsafe = ((text: string) => unsafe(text.replace('begin', 'begin never'))) as typeof unsafe;
        return connection;
      };
    },
  });
}

describe('a begin that fails', () => {
  const id = '019f0000-0000-7000-8000-000000000001';
  const claim = {
    ...{ messageId: id, attempt: 1, correlationId: id, causationId: undefined, type: 'test.word.v1' },
    ...{ about: undefined, publishedAt: undefined },
  };
  const claiming = (pool: Database) =>
    pipelined(
      pool,
      (tx) => claimInbox(tx, 'test', [claim]),
      (tx, { fresh }) => ({ statements: [keep(tx, 'claimed')], result: fresh.size }),
    );

  test('claims nothing for what follows it on the way, and says nothing in the transaction of the next', async () => {
    const pool = connectDatabase(testbed.databaseUrl, { connections: 1, role: 'begin' });
    await pool`select`;
    const failing = claiming(beginningWrongly(pool));
    const next = pipelined(
      pool,
      (tx) => keep(tx, 'next'),
      (tx) => ({ statements: [keep(tx, 'and more')], result: 'committed' }),
    );
    await expect(failing).rejects.toMatchObject({ code: '42601' });
    expect(await next).toBe('committed');
    expect(await kept()).toEqual(['and more', 'next']);
    expect(await sql`select 1 from platform.inbox`).toHaveLength(0);
    expect(await claiming(pool)).toBe(1);
    expect(await claiming(pool).catch((error: unknown) => error)).toMatchObject({ code: '23505' });
    await pool.end();
  });
});
