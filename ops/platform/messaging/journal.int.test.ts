import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { send } from '../../../contracts/messages/message.ts';
import { newId } from '../ids.ts';
import { countCrash, numberTypes } from './inbox.store.ts';
import { registry } from '../metrics/metrics.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import { type Mode, add, createTally, tallies, tallyHandlers } from './tally.fixture.ts';
import { type Worker, startWorker } from './worker.ts';

let bench: Workbench;
let worker: Worker;

beforeAll(async () => {
  bench = await createWorkbench();
  await createTally(bench.sql);
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.sql`truncate tally, platform.inbox, platform.message`;
  registry.resetMetrics();
  worker = startWorker(bench, { queue: testQueue, worker: 'tally', handlers: tallyHandlers() });
});
afterEach(() => worker.stop());

const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const publish = (id: string, mode: Mode, correlationId = newId()) =>
  bench.publish(send(add, { id, mode }), { envelope: { correlationId, attempt: 1, failures: 0, traceparent: trace } });

interface Line {
  readonly message_id: string;
  readonly attempt: number;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly type: string;
  readonly published_at: Date | null;
  readonly received_at: Date;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly again_at: Date | null;
}
const journal = (): Promise<Line[]> => bench.sql<Line[]>`select * from platform.journal order by received_at, attempt`;
const lines = async (count: number): Promise<Line[]> => {
  await vi.waitFor(async () => expect(await journal()).toHaveLength(count), soon);
  return journal();
};

async function counted(): Promise<Record<string, number>> {
  const { values } = (await registry.getSingleMetric('patchbay_messages_total')?.get()) ?? { values: [] };
  return Object.fromEntries(values.map(({ labels, value }) => [`${labels['type']} ${labels['outcome']}`, value]));
}

test('a handled message leaves its line: what it was about, what caused it, when it was published', async () => {
  const order = newId();
  const id = await publish('a', 'echo', order);
  const [first, second] = await lines(2);
  expect(first).toMatchObject({
    message_id: id,
    correlation_id: order,
    causation_id: null,
    type: add.name,
    outcome: null,
  });
  expect(first?.published_at).toBeInstanceOf(Date);
  expect(second).toMatchObject({ correlation_id: order, causation_id: id, attempt: 1, outcome: null });
});

test('the inbox keeps the number of a type, and its name while it has none', async () => {
  const kept = () => bench.sql`select type, type_id is not null as numbered from platform.inbox order by received_at`;
  await worker.stop();
  await bench.sql`truncate platform.message_type`;
  await bench.sql`alter table platform.message_type add constraint nothing_yet check (false)`;
  worker = startWorker(bench, { queue: testQueue, worker: 'tally', handlers: tallyHandlers() });
  await publish('a', 'ok');
  await lines(1);
  await bench.sql`alter table platform.message_type drop constraint nothing_yet`;
  await numberTypes(bench.sql, [add.name]);
  await publish('b', 'ok');
  const named = { type: add.name, numbered: false };
  expect((await lines(2)).map(({ type }) => type)).toEqual([add.name, add.name]);
  expect(await kept()).toEqual([named, { type: null, numbered: true }]);
});

test('a worker numbers the types that it handles', async () => {
  const numbered = () => bench.sql<{ name: string }[]>`select name from platform.message_type`;
  await worker.stop();
  await bench.sql`truncate platform.message_type`;
  worker = startWorker(bench, { queue: testQueue, worker: 'tally', handlers: tallyHandlers() });
  await vi.waitFor(async () => expect((await numbered()).map(({ name }) => name)).toContain(add.name), soon);
});

test('a failure says in its line why, and when it is tried again; the last one that it was given up', async () => {
  await publish('a', 'throw');
  const [first, second, last] = await lines(3);
  expect(first).toMatchObject({ attempt: 1, outcome: 'retry', reason: 'a cannot be decided' });
  expect(first?.again_at?.getTime()).toBeGreaterThanOrEqual(first?.received_at.getTime() ?? Infinity);
  expect(second).toMatchObject({ attempt: 2, outcome: 'retry' });
  expect(last).toMatchObject({ attempt: 3, outcome: 'deadLettered', again_at: null });
  await bench.letters(1);
});

test('what was parked, or waits for its time, says so', async () => {
  await publish('a', 'park');
  await lines(1);
  await publish('b', 'later');
  const [parked, waits, done] = await lines(3);
  expect(parked).toMatchObject({ outcome: 'parked', reason: 'A person must look at this.' });
  expect(waits).toMatchObject({ outcome: 'later', reason: null });
  expect(waits?.again_at).toBeInstanceOf(Date);
  expect(done).toMatchObject({ attempt: 2, outcome: null });
  await bench.letters(1);
});

test('whatever outsiders call their messages, their neighbours keep their lines', async () => {
  await worker.stop();
  const [before, odd, behind] = [
    await publish('a', 'ok'),
    await bench.publish(send(add, { id: 'b', mode: 'ok' }), { type: 'two\nlines' }),
    await publish('c', 'ok'),
  ];
  worker = startWorker(bench, { queue: testQueue, worker: 'tally', handlers: tallyHandlers() });
  const byId = new Map((await lines(3)).map((line) => [line.message_id, line]));
  expect(byId.get(before)).toMatchObject({ type: add.name, outcome: null });
  expect(byId.get(odd)).toMatchObject({ type: 'two lines', outcome: 'unreadable' });
  expect(byId.get(behind)).toMatchObject({ type: add.name, outcome: null });
  await bench.letters(1);
});

test('what does not say which order it is about is told of the order its aggregate belongs to', async () => {
  await worker.stop();
  const order = newId();
  const handlers = tallyHandlers().map((one) => ({
    ...one,
    aggregate: { ...one.aggregate, origin: () => ({ correlationId: order, traceparent: trace }) },
  }));
  worker = startWorker(bench, { queue: testQueue, worker: 'tally', handlers });
  await publish('a', 'ok', order);
  await lines(1);
  const id = await publish('a', 'echo', 'an operation of somebody else');
  const all = await lines(3);
  expect(all.map((line) => line.correlation_id)).toEqual([order, order, order]);
  expect(all.find((line) => line.message_id === id)).toMatchObject({ outcome: null, type: add.name });
});

test('a message that is about no order leaves a line that belongs to none', async () => {
  await publish('a', 'ok', 'not an id');
  expect(await lines(1)).toMatchObject([{ correlation_id: null }]);
});

test('messages are counted once they are committed, by how they ended', async () => {
  const message = send(add, { id: 'a', mode: 'ok' });
  const id = await bench.publish(message);
  await lines(1);
  await bench.publish(message, { id });
  await bench.publish(send(add, { id: 'b', mode: 'throw' }));
  await bench.publish(message, { type: 'test.somebody-made-this-up.v7' });
  await bench.letters(2);
  await vi.waitFor(
    async () =>
      expect(await counted()).toEqual({
        'test.add.v1 done': 1,
        'test.add.v1 duplicate': 1,
        'test.add.v1 retry': 2,
        'test.add.v1 deadLettered': 1,
        'unreadable unreadable': 1,
      }),
    soon,
  );
  expect(await tallies(bench.sql)).toEqual({ a: 1 });
  const attempts = await registry.getSingleMetricAsString('patchbay_retried_message_attempts');
  expect(attempts).toContain(`_sum{queue="${testQueue}"} 3`);
  expect(attempts).toContain(`_count{queue="${testQueue}"} 1`);
});

test('what rolls back is not counted as handled', async () => {
  await bench.publish(send(add, { id: 'unsavable', mode: 'unsavable' }));
  await bench.letters(1);
  await vi.waitFor(
    async () => expect(await counted()).toEqual({ 'test.add.v1 retry': 2, 'test.add.v1 deadLettered': 1 }),
    soon,
  );
});

test("without anybody who records spans, the sender's trace is carried on as it came", async () => {
  await worker.stop();
  await publish('a', 'echo');
  worker = startWorker(bench, { queue: testQueue, worker: 'tally', handlers: tallyHandlers() });
  await lines(2);
  await bench.publish(send(add, { id: 'x', mode: 'fallOut' }), {
    envelope: { correlationId: newId(), attempt: 1, failures: 0, traceparent: trace },
  });
  const [letter] = await bench.letters(1);
  expect(letter?.envelope.traceparent).toBe(trace);
});

test('a copy of what is handled already is not counted as a handling that may crash', async () => {
  const messageId = await publish('known', 'ok');
  await lines(1);
  const counts = [1, 2, 2].map((attempt) => () => countCrash(bench.sql, testQueue, { messageId, attempt }));
  const counted: number[] = [];
  for (const count of counts) counted.push(await count());
  expect(counted).toEqual([0, 1, 2]);
  await bench.sql`truncate platform.crash`;
});
