import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { send } from '../../../contracts/messages/message.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import { declareQueue } from '../broker/topology.ts';
import { type Publication, publicationOf } from './envelope.ts';
import { watchForLost } from './lost.ts';
import { askQueues, lookLock } from './marker.store.ts';
import { insertMessages, keysOf, markHandedOver } from './message.store.ts';
import { add, createTally, tallies, tallyHandlers } from './tally.fixture.ts';
import { type Worker, startWorker } from './worker.ts';

let bench: Workbench;
let watch: { stop(): Promise<void> };
const running: Worker[] = [];
beforeAll(async () => {
  bench = await createWorkbench();
  await createTally(bench.sql);
});
afterAll(() => bench.close());
beforeEach(() => {
  watch = watchForLost({
    sql: bench.sql,
    publisher: bench.publisher,
    log: bench.log,
    declareQueue: (queue) => declareQueue(bench.consuming, bench.topology, queue),
  });
});
afterEach(async () => {
  await watch.stop();
  for (const worker of running.splice(0)) await worker.stop();
  await bench.sql`truncate tally, platform.inbox, platform.message, platform.marker`;
  const channel = await bench.channel();
  await channel.purgeQueue(testQueue);
  await channel.close();
});

const work = (): Worker => {
  const worker = startWorker(bench, { queue: testQueue, worker: 'tally', handlers: tallyHandlers() });
  running.push(worker);
  return worker;
};
const handedOver = async (...ids: string[]): Promise<Publication[]> => {
  const publications = ids.map((id) => publicationOf(send(add, { id, mode: 'ok' }), { correlationId: 'test' }));
  await insertMessages(bench.sql, publications);
  await markHandedOver(bench.sql, publications.flatMap(keysOf));
  await bench.sql`update platform.message set handed_over_at = now() - interval '31 seconds'`;
  return publications;
};
const rows = () => bench.sql<{ repeats: number; handed: boolean; passed: boolean }[]>`
  select repeats, handed_over_at is not null as handed, passed_at is not null as passed from platform.message
  where queue = ${testQueue}`;
/** The minute, and its doubles, that a row may be held by some consumer. */
const waited = (minutes: number) => bench.sql`
  update platform.message set passed_at = passed_at - make_interval(secs => ${minutes * 60 + 1}) where passed_at is not null`;
const passed = () =>
  vi.waitFor(async () => expect((await rows()).every((row) => row.passed)).toBe(true), { ...soon, interval: 50 });
const until = (expected: Record<string, number>) =>
  vi.waitFor(async () => expect(await tallies(bench.sql)).toEqual(expected), soon);
const nothingLeft = () => vi.waitFor(async () => expect(await rows()).toEqual([]), soon);

describe('what a queue has lost', () => {
  test('is published again once the queue has delivered what came after it', async () => {
    await handedOver('a', 'b');
    work();
    await passed();
    expect(await tallies(bench.sql)).toEqual({});
    await waited(1);
    await until({ a: 1, b: 1 });
    await nothingLeft();
  });

  test('is published again although the queue itself is gone', async () => {
    await handedOver('a');
    const channel = await bench.channel();
    await channel.deleteQueue(testQueue);
    await channel.close();
    await vi.waitFor(
      () =>
        expect(bench.logged).toContainEqual(
          expect.objectContaining({ queue: testQueue, msg: expect.stringContaining('declared again') }),
        ),
      soon,
    );
    work();
    await passed();
    await waited(1);
    await until({ a: 1 });
  });

  test('is repeated ever later, for as long as some consumer may hold it', async () => {
    await handedOver('a');
    await bench.sql`update platform.message set repeats = 2`;
    work();
    await passed();
    await waited(3);
    await vi.waitFor(async () => expect((await bench.sql`select from platform.marker`).count).toBe(0), soon);
    expect(await rows()).toMatchObject([{ repeats: 2, passed: true }]);
    await waited(1);
    await until({ a: 1 });
  });
});

test('a queue that this release does not know is said once a minute, and keeps no other waiting', async () => {
  await handedOver('a');
  await bench.sql`
    insert into platform.message (message_id, queue, attempt, exchange, routing_key, type, headers, body, due_at, handed_over_at)
    values (gen_random_uuid(), 'activator.removed', 1, '', 'activator.removed', 'x', '{}', '{}', null, now() - interval '1 hour')`;
  const said = () => bench.logged.filter(({ msg }) => msg.includes('patchbay purge activator.removed'));
  work();
  await vi.waitFor(() => expect(said()).toHaveLength(1), soon);
  await passed();
  await waited(1);
  await until({ a: 1 });
  expect(said()).toHaveLength(1);
});

test('one process at a time looks which queue is to be asked', async () => {
  await watch.stop();
  await handedOver('a');
  await bench.sql.begin(async (other) => {
    await other`select pg_advisory_xact_lock(${lookLock})`;
    expect(await askQueues(bench.sql)).toEqual([]);
  });
  expect(await askQueues(bench.sql)).toEqual([expect.objectContaining({ queue: testQueue })]);
});

test('what its queue loses each time becomes a letter, and its sender is told', async () => {
  const [one] = await handedOver('a');
  await bench.sql`update platform.message set repeats = 5`;
  work();
  await passed();
  await waited(40);
  await vi.waitFor(async () => {
    const letters =
      await bench.sql`select queue, attempt, code from platform.letter where message_id = ${one?.id ?? ''}`;
    expect(letters).toEqual([{ queue: testQueue, attempt: 2, code: 'lost' }]);
  }, soon);
  const told = await bench.sql`select type from platform.message where message_id <> ${one?.id ?? ''}`;
  expect(told.map(({ type }) => String(type))).toEqual(['platform.message-given-up.v1']);
  expect((await bench.letters(1)).map(({ id }) => id)).toEqual([one?.id]);
  expect(await tallies(bench.sql)).toEqual({});
});

test('what a queue has lost is found behind a backlog that takes longer than a marker is waited for', async () => {
  await handedOver('lost');
  await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(1), soon);
  await bench.sql`update platform.marker set asked_at = asked_at - interval '61 seconds'`;
  await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(2), soon);
  // The consumer meets the first marker, and is then as far behind the second as it was behind the first.
  const channel = await bench.channel();
  const first = await channel.get(testQueue, { noAck: true });
  await channel.purgeQueue(testQueue);
  if (first === false) throw new Error('there is no marker');
  channel.sendToQueue(testQueue, first.content, first.properties);
  await channel.close();
  work();
  await passed();
  await waited(1);
  await until({ lost: 1 });
  await nothingLeft();
});

test.each(['{}', '{"askedAt":"then"}', '{"askedAt":"0"}', 'no JSON'])(
  'what only calls itself a marker is thrown away: %s',
  async (body) => {
    const channel = await bench.channel();
    channel.sendToQueue(testQueue, Buffer.from(body), { type: 'platform.marker.v1', persistent: true });
    await channel.close();
    await bench.publish(send(add, { id: 'next', mode: 'ok' }));
    work();
    await until({ next: 1 });
    expect(bench.logged).toContainEqual(expect.objectContaining({ msg: 'not a marker, thrown away' }));
  },
);

describe('what is not lost', () => {
  test('waits behind a paused consumer for as long as it likes', async () => {
    const publications = await handedOver('a');
    for (const one of publications) await bench.publisher.publish(one);
    await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(2), soon);
    await bench.sql`update platform.marker set asked_at = asked_at - interval '61 seconds'`;
    await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(3), soon);
    expect(await rows()).toEqual([{ repeats: 0, handed: true, passed: false }]);
    work();
    await until({ a: 1 });
    await nothingLeft();
  });

  test('and is known to its receiver is only forgotten', async () => {
    const [one] = await handedOver('a');
    await bench.sql`insert into platform.inbox (consumer, message_id, attempt) values (${testQueue}, ${one?.id ?? ''}, 1)`;
    work();
    await passed();
    await waited(1);
    await nothingLeft();
    expect(await tallies(bench.sql)).toEqual({});
  });

  test('and was handed over after the marker was asked for is left alone', async () => {
    await handedOver('a');
    await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(1), soon);
    await bench.sql`update platform.message set handed_over_at = now() + interval '1 second'`;
    work();
    await vi.waitFor(async () => expect((await bench.sql`select from platform.marker`).count).toBe(0), soon);
    expect(await rows()).toEqual([{ repeats: 0, handed: true, passed: false }]);
  });
});

describe('a process that dies between commit and publish', () => {
  const say = (id: string): Publication => publicationOf(send(add, { id, mode: 'ok' }), { correlationId: 'test' });

  test.each([0, 500])('leaves a message that is handled within 15 s, with %i others under way', async (others) => {
    const busy = Array.from({ length: others }, (_, n) => say(`other ${n}`));
    await insertMessages(bench.sql, [...busy, say('left')]);
    bench.relay.committed(busy);
    const since = performance.now();
    work();
    await vi.waitFor(async () => expect(await tallies(bench.sql)).toMatchObject({ left: 1 }), soon);
    expect(performance.now() - since).toBeLessThan(15_000);
    await nothingLeft();
  });
});

test('a copy of the first attempt that comes while the second waits ends nothing', async () => {
  const first = publicationOf(send(add, { id: 'a', mode: 'ok' }), { correlationId: 'test' });
  await bench.sql`insert into platform.inbox (consumer, message_id, attempt, outcome) values (${testQueue}, ${first.id}, 1, 'retry')`;
  const second = { ...first, exchange: '', routingKey: testQueue, envelope: { ...first.envelope, attempt: 2 } };
  await insertMessages(bench.sql, [], [{ publication: second, dueAt: new Date(Date.now() + 3_600_000) }]);
  work();
  await bench.publisher.publish(first);
  await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(0), soon);
  await bench.publish(send(add, { id: 'after', mode: 'ok' }));
  await until({ after: 1 });
  expect((await bench.sql`select attempt from platform.message`).map(({ attempt }) => Number(attempt))).toEqual([2]);
  await bench.sql`update platform.message set due_at = now()`;
  await until({ a: 1, after: 1 });
  await nothingLeft();
});

test.each([
  ['unreadable', 'badBody', '{"id": 1}'],
  ['too large', 'tooLarge', JSON.stringify({ id: 'a', mode: 'ok', filling: 'x'.repeat(2 ** 20) })],
])('what is %s is one letter, however often it comes, and its row ends', async (_, code, body) => {
  const message = { ...publicationOf(send(add, { id: 'a', mode: 'ok' }), { correlationId: 'test' }), body };
  await insertMessages(bench.sql, [message]);
  bench.relay.committed([message]);
  await bench.publisher.publish(message);
  work();
  await vi.waitFor(async () => {
    const letters = await bench.sql`select code from platform.letter where message_id = ${message.id}`;
    expect(letters.map((letter) => String(letter['code']))).toEqual([code]);
    expect((await bench.sql`select from platform.message where message_id = ${message.id}`).count).toBe(0);
    expect(await bench.ready(testQueue)).toBe(0);
  }, soon);
});
