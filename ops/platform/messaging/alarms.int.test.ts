import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { deadLetterQueue } from '../../../contracts/topology.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import { openLetters } from '../broker/letters.ts';
import { leaseDueRows } from './alarm.store.ts';
import { alarmsOf } from './alarms.ts';
import { type Aggregate, done } from './handler.ts';
import { type Worker, type WorkerDependencies, startWorker } from './worker.ts';

interface Bell {
  readonly id: string;
  readonly dueAt: Date | null;
}

let bench: Workbench;
const running: Worker[] = [];
/** Ids of rows that no release of the test can read. */
const unreadable = new Set<string>();

beforeAll(async () => {
  bench = await createWorkbench();
  await bench.sql`
    create table bell (id text primary key, due_at timestamptz, alarm_for timestamptz, alarm_until timestamptz,
      rung int not null default 0)`;
});
afterAll(() => bench.close());
beforeEach(() => unreadable.clear());
afterEach(async () => {
  for (const worker of running.splice(0)) await worker.stop();
  await bench.sql`truncate bell, platform.crash, platform.inbox, platform.message, platform.letter`;
  const channel = await bench.channel();
  for (const queue of [testQueue, deadLetterQueue(testQueue)]) await channel.purgeQueue(queue);
  await channel.close();
});

const bells: Aggregate<Bell> = {
  name: 'bell',
  key: (bell) => bell.id,
  async load(tx, ids) {
    const rows = await tx<{ id: string; due_at: Date | null }[]>`
      select id, due_at from bell where id = any(${ids as string[]}) order by id for update`;
    for (const { id } of rows) if (unreadable.has(id)) throw new Error(`row ${id} has a phase that nobody knows`);
    return new Map(rows.map(({ id, due_at }) => [id, { id, dueAt: due_at }]));
  },
  save: (tx, all) =>
    all.map(({ id, dueAt }) => tx`update bell set due_at = ${dueAt}, rung = rung + 1 where id = ${id}`),
};
const rows = { table: 'public.bell' };

/** Looks at so many at once. */
function watch(atMost: number, on: WorkerDependencies = bench): void {
  const alarms = alarmsOf({
    ...{ of: bells, rows, atMost: () => atMost },
    decide: (bell, { now }) =>
      bell === undefined || bell.dueAt === null || bell.dueAt > now
        ? done<Bell>()
        : done<Bell>({ save: [{ ...bell, dueAt: null }] }),
  });
  running.push(startWorker(on, { queue: testQueue, worker: 'bells', handlers: [], alarms }));
}
/** Due since so many seconds. */
const hang = (ids: readonly string[], seconds: number) =>
  bench.sql`insert into bell (id, due_at) select id, now() - make_interval(secs => ${seconds}) from unnest(${ids as string[]}::text[]) id`;
const rung = async (id: string) =>
  (await bench.sql<{ rung: number }[]>`select rung from bell where id = ${id}`)[0]?.rung;

test.for([
  { limit: 32, bad: 32 },
  { limit: 1, bad: 1 },
  { limit: 1, bad: 5 },
])(
  '$bad rows that cannot be handled, $limit looked at at once: a row that is due for a minute is looked at',
  async ({ limit, bad }) => {
    const ids = Array.from({ length: bad }, (_, at) => `bad-${at}`);
    for (const id of ids) unreadable.add(id);
    await hang(ids, 3_600);
    await hang(['good'], 60);
    watch(limit);
    await vi.waitFor(async () => expect(await rung('good')).toBe(1), soon);
  },
);

test('an alarm that fails again and again becomes one letter, whoever tries it; the row stays as it is, and a later release can take it', async () => {
  unreadable.add('bad');
  await hang(['bad'], 60);
  const before = await bench.sql`select id, due_at, rung from bell`;
  watch(8);
  watch(8, await bench.replica());
  const [letter] = await bench.letters(1);
  expect(letter).toMatchObject({
    type: 'runtime.due.v1',
    body: '{"id":"bad"}',
    envelope: {
      deadLetter: {
        ...{ queue: testQueue, worker: 'bells', errorClass: 'Error', errorCode: 'alarmFailed' },
        errorMessage: expect.stringMatching(/^Its alarm failed 3 times .* row bad has a phase that nobody knows$/),
      },
    },
  });
  // It goes on being tried; once more it is not said.
  await bench.sql`update bell set alarm_until = now()`;
  await vi.waitFor(
    async () => expect(await bench.sql`select crashes from platform.crash`).toEqual([{ crashes: 4 }]),
    soon,
  );
  expect(await bench.ready(deadLetterQueue(testQueue))).toBe(0);
  // The row of its copy ends with the broker's confirm.
  await vi.waitFor(async () => expect(await bench.sql`select from platform.message`).toHaveLength(0), soon);
  expect(await bench.sql`select id, due_at, rung from bell`).toEqual(before);
  unreadable.clear();
  await bench.sql`update bell set alarm_until = now()`;
  await vi.waitFor(async () => expect(await rung('bad')).toBe(1), soon);
});

test('its letter, replayed, has the row looked at at once', async () => {
  unreadable.add('bad');
  await hang(['bad'], 60);
  watch(8);
  const letters = await openLetters(bench.amqpUrl);
  const [letter] = await vi.waitUntil(async () => {
    const found = await letters.read(testQueue);
    return found.length > 0 ? found : undefined;
  }, soon);
  unreadable.clear();
  expect(await rung('bad')).toBe(0);
  await letters.settle(testQueue, letter?.id ?? '', async () => ({ end: 'replayed' }));
  await letters.close();
  await vi.waitFor(async () => expect(await rung('bad')).toBe(1), soon);
});

test('what is taken is nobody else’s until its lease is over; a row that was saved since is due when it says', async () => {
  await hang(['a'], 20);
  await hang(['b'], 10);
  await hang(['later'], -3_600);
  const taken = async (limit: number) => (await leaseDueRows(bench.sql, rows, limit)).map(({ id }) => id);
  expect([await taken(1), await taken(8), await taken(8)]).toEqual([['a'], ['b'], []]);
  await bench.sql`update bell set due_at = now() - interval '1 second' where id = 'a'`;
  await bench.sql`update bell set rung = 7 where id = 'b'`;
  expect([await taken(8), await taken(8)]).toEqual([['a'], []]);
  await bench.sql`update bell set alarm_until = now()`;
  expect((await taken(8)).toSorted()).toEqual(['a', 'b']);
});
