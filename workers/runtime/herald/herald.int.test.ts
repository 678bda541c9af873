import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { transaction } from '../../../ops/platform/database.ts';
import { type Workbench, createWorkbench, soon } from '../../../ops/testing/workbench.ts';
import { send } from '../../../contracts/messages/message.ts';
import type { Aggregate } from '../handler.ts';
import { add } from '../tally.fixture.ts';
import { startHerald } from './herald.ts';
import { noteStanding, takeUnseen } from './herald.store.ts';

let bench: Workbench;
beforeAll(async () => {
  bench = await createWorkbench();
  await bench.sql`create table public.thing (id text primary key, revision bigint not null, updated_at timestamptz not null)`;
});
afterAll(() => bench.close());
beforeEach(
  async () =>
    void (await bench.sql`insert into platform.herald (resource, through) values ('thing', now() - interval '1 hour')`),
);
afterEach(
  async () =>
    void (await bench.sql`truncate thing, platform.herald, platform.standing, platform.unseen, platform.outbox`),
);

interface Thing {
  readonly id: string;
  readonly revision: number;
}
const things: Aggregate<Thing> = {
  name: 'thing',
  key: ({ id }) => id,
  async load(tx, ids) {
    const rows = await tx<
      Thing[]
    >`select id, revision from thing where id = any(${ids as string[]}) order by id for update`;
    return new Map(rows.map((row) => [row.id, row]));
  },
  save: () => Promise.resolve(),
};
const changed = (id: string, revision: number, secondsAgo: number) => bench.sql`
  insert into thing values (${id}, ${revision}, now() - make_interval(secs => ${secondsAgo}))
  on conflict (id) do update set revision = excluded.revision, updated_at = excluded.updated_at`;
const note = () => transaction(bench.sql, (tx) => noteStanding(tx, 'thing', 'public.thing'));
const standing = async () =>
  (
    await bench.sql<{ ids: string[]; revisions: number[] }[]>`select ids, revisions from platform.standing order by seq`
  ).map(({ ids, revisions }) => Object.fromEntries(ids.map((id, at) => [id, Number(revisions[at])])));

describe('what stands', () => {
  test('is noted once it has settled, and once', async () => {
    await changed('settled', 3, 30);
    await changed('moving', 1, 1);
    expect(await note()).toEqual({ noted: 1, isFull: false });
    expect(await note()).toEqual({ noted: 0, isFull: false });
    expect(await standing()).toEqual([{ settled: 3 }]);
  });

  test('is noted again when it changed again', async () => {
    await changed('thing', 1, 40);
    await note();
    // What is noted up to is behind us: the change is dated after it.
    await bench.sql`update platform.herald set through = now() - interval '35 seconds'`;
    await changed('thing', 2, 30);
    await note();
    expect(await standing()).toEqual([{ thing: 1 }, { thing: 2 }]);
  });

  test('is noted in pages that never part what one transaction changed', async () => {
    await bench.sql`insert into thing select 'early-' || n, 1, now() - interval '60 seconds' from generate_series(1, 999) n`;
    await bench.sql`insert into thing select 'late-' || n, 1, now() - interval '50 seconds' from generate_series(1, 20) n`;
    expect(await note()).toEqual({ noted: 1_019, isFull: true });
    expect(await note()).toEqual({ noted: 0, isFull: false });
  });

  test('is not passed over when the transaction that changes it takes long to commit', async () => {
    const open = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const slow = bench.sql.begin(async (tx) => {
      await tx`insert into thing values ('slow', 1, now())`;
      began.resolve();
      await open.promise;
    });
    await began.promise;
    await note();
    const [row] = await bench.sql<{ isBehind: boolean }[]>`
      select through <= (select min(xact_start) from pg_stat_activity where backend_xid is not null) as "isBehind" from platform.herald`;
    expect(row?.isBehind).toBe(true);
    open.resolve();
    await slow;
  });

  test('is noted by one process at a time', async () => {
    await changed('thing', 1, 30);
    await transaction(bench.sql, async (tx) => {
      await noteStanding(tx, 'thing', 'public.thing');
      expect(await note()).toBeUndefined();
    });
    expect(await standing()).toEqual([{ thing: 1 }]);
  });
});

describe('what is not seen', () => {
  test('is taken when it is due, and is due again later, ever later', async () => {
    await bench.sql`insert into platform.unseen (resource, id, revision) values ('thing', 'a', 1), ('other', 'b', 1)`;
    const take = () => transaction(bench.sql, (tx) => takeUnseen(tx, 'thing', 10));
    const pause = async () =>
      (
        await bench.sql<
          { s: number }[]
        >`select extract(epoch from ask_at - now())::float8 as s from platform.unseen where id = 'a'`
      )[0]?.s ?? 0;
    expect(await take()).toEqual(['a']);
    expect(await take()).toEqual([]);
    const first = await pause();
    await bench.sql`update platform.unseen set ask_at = now()`;
    expect(await take()).toEqual(['a']);
    expect(await pause()).toBeGreaterThan(first * 1.5);
  });

  test('is said again by its owner, as it is now', async () => {
    await changed('a', 7, 1);
    await bench.sql`insert into platform.unseen (resource, id, revision) values ('thing', 'a', 6), ('thing', 'gone', 1)`;
    const herald = startHerald(bench, {
      resource: 'thing',
      table: 'public.thing',
      of: things,
      changed: ({ id, revision }) => send(add, { id: `${id} ${revision}`, mode: 'ok' }),
    });
    const channel = await bench.channel();
    const said = await vi.waitUntil(
      () => channel.get('activator.test', { noAck: true }).then((got) => got || undefined),
      soon,
    );
    await herald.stop();
    expect(JSON.parse(said.content.toString())).toEqual({ id: 'a 7', mode: 'ok' });
    expect(await channel.get('activator.test', { noAck: true })).toBe(false);
  });
});
