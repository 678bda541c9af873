import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { command, event, send } from '../../../contracts/messages/message.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import type { Publisher, PublishResult } from '../broker/publisher.ts';
import { type Publication, publicationOf } from './envelope.ts';
import { deleteMessages, insertMessages, keysOf, leaseDue } from './message.store.ts';
import { startRelay } from './relay.ts';

const say = command('test.say.v1', { body: z.object({ word: z.string() }), to: testQueue, whenGivenUp: 'warn' });
const told = event('service-inventory.service-changed.v1', {
  body: z.object({ word: z.string() }),
  topics: { names: ['settled'], of: () => 'settled' },
});
const saying = (word: string, over: Partial<Publication> = {}): Publication => ({
  ...publicationOf(send(say, { word }), { correlationId: 'test' }),
  ...over,
});
const later = (publication: Publication, dueAt: Date) => insertMessages(bench.sql, [], [{ publication, dueAt }]);

let bench: Workbench;
beforeAll(async () => void (bench = await createWorkbench()));
afterAll(() => bench.close());
afterEach(async () => {
  await bench.sql`truncate platform.message, platform.outbox`;
  const channel = await bench.channel();
  await channel.purgeQueue(testQueue);
  await channel.close();
});

interface Left {
  id: string;
  attempt: number;
  due: boolean;
  handed: boolean;
  returned: boolean;
}
const left = () => bench.sql<Left[]>`
  select message_id as id, attempt, due_at is not null as due, handed_over_at is not null as handed,
         returned_at is not null as returned
  from platform.message order by message_id, queue, attempt`;
/** Makes rows as old as those that a process left behind. */
const age = () => bench.sql`update platform.message set due_at = now() - interval '1 second' where due_at is not null`;

/** Takes what is in the queue away, until it has been empty once; as words. */
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
  let outstanding = 0;
  const publisher: Publisher = {
    async publish(publication) {
      published.push(publication.id);
      outstanding += 1;
      await sleep(5);
      outstanding -= 1;
      return result;
    },
    open: () => true,
    room: () => Math.max(0, room - outstanding),
    close: async () => undefined,
  };
  return { publisher, published };
}

describe('what a commit wrote', () => {
  test('is published at once, and its row stays for its receiver', async () => {
    const publications = [saying('a'), saying('b')];
    await insertMessages(bench.sql, publications);
    bench.relay.committed(publications);
    expect(await heard(2)).toEqual(['a', 'b']);
    expect(await left()).toHaveLength(2);
  });

  test('is marked as handed over when nobody has received it, and published no more', async () => {
    const { publisher, published } = aPublisher();
    const relay = startRelay(bench.sql, publisher, bench.log);
    const [kept, gone] = [saying('kept'), saying('received')];
    await insertMessages(bench.sql, [kept, gone]);
    relay.committed([kept, gone]);
    await vi.waitUntil(() => published.length === 2, soon);
    await deleteMessages(bench.sql, keysOf(gone));
    await vi.waitFor(async () => expect(await left()).toMatchObject([{ id: kept.id, handed: true, due: false }]), soon);
    await age();
    expect((await leaseDue(bench.sql, 10)).rows).toBe(0);
    await relay.stop();
    expect(published).toEqual([kept.id, gone.id]);
  });

  test('waits in memory for room and goes out in order', async () => {
    const { publisher, published } = aPublisher('confirmed', 2);
    const relay = startRelay(bench.sql, publisher, bench.log);
    const publications = ['a', 'b', 'c', 'd', 'e'].map((word) => saying(word));
    await insertMessages(bench.sql, publications);
    relay.committed(publications);
    await vi.waitFor(() => expect(published).toEqual(publications.map(({ id }) => id)), soon);
    await relay.stop();
  });

  test('goes out when the broker is back', async () => {
    const replica = await bench.replica();
    replica.cut();
    const one = saying('patient');
    await insertMessages(bench.sql, [one]);
    replica.relay.committed([one]);
    await age();
    expect((await heard(1)).at(0)).toBe('patient');
  });
});

test('an event has a row for each queue that takes it and is published once', async () => {
  const { publisher, published } = aPublisher();
  await bench.relay.stop();
  const one = publicationOf(send(told, { word: 'both' }), { correlationId: 'test' });
  expect(keysOf(one).map(({ queue }) => queue)).toEqual(['product-inventory', 'gateway.projector']);
  await later(one, new Date(0));
  const relay = startRelay(bench.sql, publisher, bench.log);
  await vi.waitUntil(() => published.length > 0, soon);
  await relay.stop();
  expect(published).toEqual([one.id]);
  expect(await left()).toHaveLength(2);
  bench = await reopened(bench);
});

/** The bench's own relay is stopped where another must be the only one. */
async function reopened(old: Workbench): Promise<Workbench> {
  await old.close();
  return createWorkbench();
}

test('what no queue of ours takes ends with the confirm', async () => {
  const copy = saying('letter', { exchange: '', routingKey: `${testQueue}.dead` });
  const nobodys = saying('nobody', { exchange: 'evt', routingKey: 'test.nobody.v1' });
  const { publisher, published } = aPublisher();
  const relay = startRelay(bench.sql, publisher, bench.log);
  await insertMessages(bench.sql, [copy, nobodys]);
  relay.committed([copy, nobodys]);
  await vi.waitFor(async () => expect(await left()).toEqual([]), soon);
  expect(published).toEqual([copy.id, nobodys.id]);
  await relay.stop();
});

test('what a process left behind is swept, once its ten seconds are over and not before', async () => {
  await insertMessages(bench.sql, [saying('left')]);
  expect((await leaseDue(bench.sql, 10)).rows).toBe(0);
  await age();
  expect(await heard(1)).toEqual(['left']);
});

test('a retry is swept when its time has come', async () => {
  await later(saying('now'), new Date(Date.now() - 60_000));
  await later(saying('in an hour'), new Date(Date.now() + 3_600_000));
  expect(await heard(1)).toEqual(['now']);
});

test('a retry that is written while its message is still being published outlives it', async () => {
  const first = saying('again');
  await insertMessages(bench.sql, [first]);
  const retry = { ...first, exchange: '', routingKey: testQueue, envelope: { ...first.envelope, attempt: 2 } };
  await later(retry, new Date(Date.now() + 3_600_000));
  await deleteMessages(bench.sql, keysOf(first));
  expect(await left()).toMatchObject([{ id: first.id, attempt: 2 }]);
});

test('a message that no queue takes is kept, marked and said aloud; it goes out once somebody takes it', async () => {
  const lost = saying('lost', { routingKey: 'nobody' });
  await insertMessages(bench.sql, [lost]);
  bench.relay.committed([lost]);
  await vi.waitFor(async () => expect(await left()).toMatchObject([{ id: lost.id, returned: true }]), soon);
  expect(bench.logged).toContainEqual(
    expect.objectContaining({
      level: 50,
      messageId: lost.id,
      routingKey: 'nobody',
      msg: expect.stringContaining('unroutable'),
    }),
  );
  expect((await leaseDue(bench.sql, 10)).rows).toBe(0);

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
  await insertMessages(bench.sql, publications);
  bench.relay.committed(publications);
  expect(await heard(10)).toHaveLength(10);
  await vi.waitFor(async () => expect((await left()).filter(({ returned }) => returned)).toHaveLength(10), soon);
});

test('a row that was leased and not confirmed is due again later, not at once', async () => {
  const { publisher, published } = aPublisher('failed');
  await bench.relay.stop();
  const one = saying('unlucky');
  await later(one, new Date(0));
  const relay = startRelay(bench.sql, publisher, bench.log);
  await vi.waitFor(() => expect(published).toEqual([one.id]), soon);
  expect((await leaseDue(bench.sql, 10)).rows).toBe(0);
  await age();
  await vi.waitFor(() => expect(published).toEqual([one.id, one.id]), soon);
  await relay.stop();
  bench = await reopened(bench);
});

test('two sweepers never lease the same row, and neither waits for the other', async () => {
  await bench.relay.stop();
  await Promise.all(Array.from({ length: 30 }, (_, at) => later(saying(String(at)), new Date(0))));
  await bench.sql.begin(async (tx) => {
    const mine = await leaseDue(tx, 10);
    const theirs = await leaseDue(bench.sql, 100);
    expect([mine.rows, theirs.rows]).toEqual([10, 20]);
    expect(new Set([...mine.publications, ...theirs.publications].map(({ id }) => id)).size).toBe(30);
  });
  bench = await reopened(bench);
});

test('a row that cannot be read is marked and said, and keeps no other from being published', async () => {
  await insertMessages(bench.sql, [...Array.from({ length: 300 }, (_, at) => saying(`good-${at}`)), saying('bad')]);
  await bench.sql`
    update platform.message set headers = (headers::jsonb - 'attempt')::json, due_at = now() - interval '1 hour'
    where body = '{"word":"bad"}'`;
  await age();
  expect(await heard(300)).toHaveLength(300);
  await vi.waitFor(
    async () =>
      expect(
        await bench.sql`select body, returned_at, return_text from platform.message where body like '%bad%'`,
      ).toEqual([
        {
          body: '{"word":"bad"}',
          returned_at: expect.any(Date),
          return_text: expect.stringMatching(/^its envelope cannot be read: attempt: /),
        },
      ]),
    soon,
  );
  expect(bench.logged.some(({ msg }) => msg.startsWith('messages cannot be read'))).toBe(true);
  // A release that can read it, or whoever mends it, has it published.
  await bench.sql`
    update platform.message set headers = jsonb_set(headers::jsonb, '{attempt}', '1')::json, due_at = now()
    where body = '{"word":"bad"}'`;
  expect(await heard(1)).toEqual(['bad']);
});

test('what the release before left in its outbox is published', async () => {
  await bench.sql`
    insert into platform.outbox (id, message_id, exchange, routing_key, type, headers, body, available_at)
    values (gen_random_uuid(), gen_random_uuid(), 'cmd', ${testQueue}, 'test.say.v1',
            '{"correlationId":"old","attempt":1,"failures":0}', '{"word":"old"}', now())`;
  expect(await heard(1)).toEqual(['old']);
  expect((await bench.sql`select from platform.outbox`).count).toBe(0);
});
