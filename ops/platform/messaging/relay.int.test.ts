import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { command, send } from '../../../contracts/messages/message.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import type { Publisher, PublishResult } from '../broker/publisher.ts';
import { type Publication, publicationOf } from './envelope.ts';
import { deletePublished, insertOutbox, leaseDue, scheduledInserts } from './outbox.store.ts';
import { startRelay } from './relay.ts';

const say = command('test.say.v1', { body: z.object({ word: z.string() }), to: testQueue });
const saying = (word: string, over: Partial<Publication> = {}): Publication => ({
  ...publicationOf(send(say, { word }), { correlationId: 'test' }),
  ...over,
});

let bench: Workbench;
beforeAll(async () => void (bench = await createWorkbench()));
afterAll(() => bench.close());
afterEach(async () => {
  await bench.sql`truncate platform.outbox`;
  const channel = await bench.channel();
  await channel.purgeQueue(testQueue);
  await channel.close();
});

const left = async () =>
  bench.sql<{ id: string; returned_at: Date | null }[]>`select id, returned_at from platform.outbox order by id`;
const schedule = (scheduled: Parameters<typeof scheduledInserts>[1]) =>
  Promise.all(scheduledInserts(bench.sql, scheduled));
/** Makes rows as old as those that a process left behind. */
const age = () => bench.sql`update platform.outbox set available_at = now() - interval '1 second'`;

/** Takes what is in the queue away, until it has been empty once; as `word id`. */
async function heard(atLeast: number): Promise<string[]> {
  const channel = await bench.channel();
  const words: string[] = [];
  await vi.waitUntil(
    async () => {
      const got = await channel.get(testQueue, { noAck: true });
      if (got !== false) words.push(JSON.parse(got.content.toString()).word);
      return got === false && words.length >= atLeast;
    },
    { ...soon, interval: 1 },
  );
  await channel.close();
  return words.toSorted();
}

/** A publisher that remembers, and answers what it is told to. */
function aPublisher(result: PublishResult = 'confirmed', room = 1_024) {
  const published: string[] = [];
  const publisher: Publisher = {
    async publish(publication) {
      published.push(publication.row);
      await sleep(5);
      return result;
    },
    open: () => true,
    room: () => room,
    close: async () => undefined,
  };
  return { publisher, published };
}

test('what a commit wrote is published at once and then forgotten', async () => {
  const publications = [saying('a'), saying('b')];
  await insertOutbox(bench.sql, publications);
  bench.relay.committed(publications);
  expect(await heard(2)).toEqual(['a', 'b']);
  await vi.waitFor(async () => expect(await left()).toEqual([]), soon);
});

test('what is kept until it is seen is published again, ever later, until its consumer forgets it', async () => {
  const kept = saying('kept', { untilSeen: true });
  const gone = saying('seen', { untilSeen: true });
  await insertOutbox(bench.sql, [kept, gone]);
  const { publisher, published } = aPublisher();
  const relay = startRelay(bench.sql, publisher, bench.log);
  relay.committed([kept, gone]);
  await deletePublished(bench.sql, [gone.row]);
  await relay.stop();
  const patience = async () =>
    (
      await bench.sql<{ waits: number }[]>`
        select extract(epoch from available_at - now())::float8 as waits from platform.outbox where id = ${kept.row}`
    )[0]?.waits ?? 0;
  const first = await patience();
  expect((await left()).map(({ id }) => id)).toEqual([kept.row]);
  await age();
  const later = startRelay(bench.sql, publisher, bench.log);
  await vi.waitUntil(() => published.length === 3, soon);
  await later.stop();
  expect(published).toEqual([kept.row, gone.row, kept.row]);
  expect(await patience()).toBeGreaterThan(first * 1.5);
  expect(await left()).toHaveLength(1);
});

test('what a process left behind is swept, once its two seconds are over and not before', async () => {
  await insertOutbox(bench.sql, [saying('left')]);
  expect((await leaseDue(bench.sql, 10)).due).toEqual([]);
  await age();
  expect(await heard(1)).toEqual(['left']);
  await vi.waitFor(async () => expect(await left()).toEqual([]), soon);
});

test('a retry is swept when its time has come', async () => {
  await schedule([
    { publication: saying('now'), availableAt: new Date(Date.now() - 60_000) },
    { publication: saying('in an hour'), availableAt: new Date(Date.now() + 3_600_000) },
  ]);
  expect(await heard(1)).toEqual(['now']);
  await vi.waitFor(async () => expect(await left()).toHaveLength(1), soon);
});

test('a message that no queue takes is kept, marked and said aloud; it goes out once somebody takes it', async () => {
  const lost = saying('lost', { routingKey: 'nobody' });
  await insertOutbox(bench.sql, [lost]);
  bench.relay.committed([lost]);
  await vi.waitFor(
    async () => expect(await left()).toMatchObject([{ id: lost.row, returned_at: expect.any(Date) }]),
    soon,
  );
  expect(bench.logged).toContainEqual(
    expect.objectContaining({
      level: 50,
      messageId: lost.id,
      routingKey: 'nobody',
      msg: expect.stringContaining('unroutable'),
    }),
  );
  expect((await leaseDue(bench.sql, 10)).due).toEqual([]);

  const channel = await bench.channel();
  await channel.bindQueue(testQueue, 'cmd', 'nobody');
  await age();
  expect(await heard(1)).toEqual(['lost']);
  await channel.unbindQueue(testQueue, 'cmd', 'nobody');
  await channel.close();
});

test('a routable message published beside an unroutable one is not taken for it', async () => {
  const publications = Array.from({ length: 20 }, (_, at) =>
    saying(String(at), at % 2 === 0 ? { routingKey: 'nobody' } : {}),
  );
  await insertOutbox(bench.sql, publications);
  bench.relay.committed(publications);
  expect(await heard(10)).toHaveLength(10);
  await vi.waitFor(async () => {
    const rows = await left();
    expect(rows).toHaveLength(10);
    expect(rows.every(({ returned_at }) => returned_at !== null)).toBe(true);
  }, soon);
});

test('a row that was leased and not confirmed is due again later, not at once', async () => {
  const { publisher, published } = aPublisher('failed');
  await bench.relay.stop();
  const relay = startRelay(bench.sql, publisher, bench.log);
  const one = saying('unlucky');
  await schedule([{ publication: one, availableAt: new Date(0) }]);
  await vi.waitFor(() => expect(published).toEqual([one.row]), soon);
  expect((await leaseDue(bench.sql, 10)).due).toEqual([]);
  expect((await left()).map(({ id }) => id)).toEqual([one.row]);
  await age();
  await vi.waitFor(() => expect(published).toEqual([one.row, one.row]), soon);
  await relay.stop();
});

test('two sweepers never lease the same row, and neither waits for the other', async () => {
  await bench.relay.stop();
  const publications = Array.from({ length: 30 }, (_, at) => saying(String(at)));
  await schedule(publications.map((publication) => ({ publication, availableAt: new Date(0) })));
  await bench.sql.begin(async (tx) => {
    const { due: mine } = await leaseDue(tx, 10);
    const { due: theirs } = await leaseDue(bench.sql, 100);
    expect([mine.length, theirs.length]).toEqual([10, 20]);
    expect(new Set([...mine, ...theirs].map(({ row }) => row)).size).toBe(30);
  });
});

test('a retry that is written while its message is still being published outlives it', async () => {
  const { publisher } = aPublisher();
  const relay = startRelay(bench.sql, publisher, bench.log);
  const first = saying('again');
  await insertOutbox(bench.sql, [first]);
  relay.committed([first]);
  const retry = saying('again', { id: first.id });
  await schedule([{ publication: retry, availableAt: new Date(Date.now() + 3_600_000) }]);
  await vi.waitFor(async () => expect((await left()).map(({ id }) => id)).toEqual([retry.row]), soon);
  await relay.stop();
});

test('what there is no room for is left to the sweep', async () => {
  const { publisher, published } = aPublisher('confirmed', 2);
  const relay = startRelay(bench.sql, publisher, bench.log);
  const publications = ['a', 'b', 'c', 'd'].map((word) => saying(word));
  await insertOutbox(bench.sql, publications);
  relay.committed(publications);
  await vi.waitFor(async () => expect(await left()).toHaveLength(2), soon);
  expect(published).toHaveLength(2);
  await age();
  await vi.waitFor(async () => expect(await left()).toEqual([]), soon);
  expect(published.toSorted()).toEqual(publications.map(({ row }) => row).toSorted());
  await relay.stop();
});

test('messages committed while the broker is away go out when it is back', async () => {
  const replica = await bench.replica();
  replica.cut();
  const one = saying('patient');
  await insertOutbox(bench.sql, [one]);
  replica.relay.committed([one]);
  await age();
  expect((await heard(1)).at(0)).toBe('patient');
  await vi.waitFor(async () => expect(await left()).toEqual([]), soon);
});

describe('what something else promises to be sent', () => {
  test('is published, and leaves nothing behind', async () => {
    bench.relay.promised([saying('a'), saying('b')]);
    expect(await heard(2)).toEqual(['a', 'b']);
    expect(await left()).toEqual([]);
  });

  test.each<{ why: string; result: PublishResult; room: number; kept: number }>([
    { why: 'the broker does not confirm', result: 'failed', room: 1_024, kept: 4 },
    { why: 'no queue is bound', result: 'returned', room: 1_024, kept: 4 },
    { why: 'there is no room', result: 'confirmed', room: 1, kept: 3 },
  ])('gets its row when $why', async ({ result, room, kept }) => {
    const { publisher } = aPublisher(result, room);
    const relay = startRelay(bench.sql, publisher, bench.log);
    const publications = ['a', 'b', 'c', 'd'].map((word) => saying(word));
    relay.promised(publications);
    await vi.waitFor(async () => expect(await left()).toHaveLength(kept), soon);
    const rows = publications.slice(4 - kept).map(({ row }) => row);
    expect((await left()).map(({ id }) => id)).toEqual(rows.toSorted());
    await relay.stop();
  });

  test('goes out when the broker is back', async () => {
    const replica = await bench.replica();
    replica.cut();
    replica.relay.promised([saying('patient')]);
    await vi.waitFor(async () => expect(await left()).toHaveLength(1), soon);
    await age();
    expect(await heard(1)).toEqual(['patient']);
    await vi.waitFor(async () => expect(await left()).toEqual([]), soon);
  });

  test('is kept before a relay that stops is done', async () => {
    const { publisher } = aPublisher('confirmed', 0);
    const relay = startRelay(bench.sql, publisher, bench.log);
    const holder = await bench.sql.reserve();
    await holder`begin`;
    await holder`lock table platform.outbox in share mode`;
    relay.promised([saying('last')]);
    const stopping = relay.stop();
    expect(await Promise.race([stopping, sleep(1_000, 'waits')])).toBe('waits');
    await holder`rollback`;
    holder.release();
    await stopping;
    expect(await left()).toHaveLength(1);
  });
});

test('a row that cannot be read is marked and said, and keeps no other from being published', async () => {
  const good = Array.from({ length: 300 }, (_, at) => saying(`good-${at}`));
  await insertOutbox(bench.sql, good);
  await insertOutbox(bench.sql, [saying('bad')]);
  await bench.sql`
    update platform.outbox set headers = (headers::jsonb - 'attempt')::json, created_at = now() - interval '1 hour'
    where body = '{"word":"bad"}'`;
  await age();
  await bench.sql`update platform.outbox set available_at = now() - interval '1 hour' where body = '{"word":"bad"}'`;
  expect(await heard(300)).toHaveLength(300);
  await vi.waitFor(
    async () =>
      expect(await bench.sql`select body, returned_at, return_text from platform.outbox`).toEqual([
        {
          body: '{"word":"bad"}',
          returned_at: expect.any(Date),
          return_text: expect.stringMatching(/^its envelope cannot be read: attempt: /),
        },
      ]),
    soon,
  );
  expect(bench.logged.some(({ msg }) => msg.startsWith('messages in the outbox cannot be read'))).toBe(true);
  // A release that can read it, or whoever mends it, has it published.
  await bench.sql`update platform.outbox set headers = jsonb_set(headers::jsonb, '{attempt}', '1')::json`;
  await age();
  expect(await heard(1)).toEqual(['bad']);
});
