/** The release before keeps messages in platform.outbox; this one in platform.message. Both are at work during an upgrade. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { send } from '../../../contracts/messages/message.ts';
import { deadLetterQueue } from '../../../contracts/topology.ts';
import type { Publisher } from '../../platform/broker/publisher.ts';
import { declareQueue } from '../../platform/broker/topology.ts';
import { type Publication, publicationOf } from '../../platform/messaging/envelope.ts';
import { watchForLost } from '../../platform/messaging/lost.ts';
import { insertMessages } from '../../platform/messaging/message.store.ts';
import { startRelay } from '../../platform/messaging/relay.ts';
import { add, createTally, tallies, tallyHandlers } from '../../platform/messaging/tally.fixture.ts';
import { startWorker } from '../../platform/messaging/worker.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../testbed/workbench.ts';

let bench: Workbench;
beforeAll(async () => {
  bench = await createWorkbench();
  await createTally(bench.sql);
  // The bench's own relay would publish what this test counts.
  await bench.relay.stop();
});
afterAll(() => bench.close());

const one = (id: string): Publication => publicationOf(send(add, { id, mode: 'ok' }), { correlationId: 'test' });
const count = async (table: string): Promise<number> => (await bench.sql`select from ${bench.sql(table)}`).count;

/** Tells how often each message was published: all beyond once are copies. */
function counting(): { publisher: Publisher; copies: () => number; published: () => number } {
  const times = new Map<string, number>();
  const publisher: Publisher = {
    ...bench.publisher,
    publish(publication) {
      if (publication.type === add.name) times.set(publication.id, (times.get(publication.id) ?? 0) + 1);
      return bench.publisher.publish(publication);
    },
  };
  return {
    publisher,
    copies: () => [...times.values()].reduce((sum, n) => sum + n - 1, 0),
    published: () => times.size,
  };
}

/** A sender of the release before: its row is its own for a while, published at once, and kept until its consumer has seen it. */
async function sentBefore(publisher: Publisher, messages: readonly Publication[]): Promise<void> {
  for (const { id, exchange, routingKey, type, envelope, body } of messages)
    await bench.sql`
      insert into platform.outbox (id, message_id, exchange, routing_key, type, headers, body, available_at, patience_s)
      values (${id}, ${id}, ${exchange}, ${routingKey}, ${type}, ${bench.sql.json(envelope)}, ${body},
              now() + interval '20 seconds', 20)`;
  await Promise.all(messages.map((message) => publisher.publish(message)));
}

/** A consumer of the release before: it claims what it handles, and knows its own rows only. */
async function consumeBefore(): Promise<{ stop(): Promise<void> }> {
  const channel = await bench.channel();
  const { consumerTag } = await channel.consume(testQueue, (got) => {
    if (got === null) return;
    const { messageId, type } = got.properties;
    const { id } = JSON.parse(got.content.toString()) as { id: string };
    void bench.sql
      .begin(async (tx) => {
        await tx`
          insert into platform.inbox (consumer, message_id, attempt, type) values (${testQueue}, ${messageId}, 1, ${type})`;
        await tx`insert into tally (id, messages) values (${id}, '["before"]')`;
        await tx`delete from platform.outbox where id = ${messageId}`;
      })
      .then(() => channel.ack(got));
  });
  return {
    async stop() {
      await channel.cancel(consumerTag);
      await channel.close();
    },
  };
}

test('old and new senders and consumers side by side: nothing is lost, and nothing is sent twice', async () => {
  const { publisher, copies, published } = counting();
  const relay = startRelay(bench.sql, publisher, bench.log);
  const before = await consumeBefore();
  const worker = startWorker(
    { ...bench, relay, versions: 'previous' },
    { queue: testQueue, worker: 'tally', handlers: tallyHandlers() },
  );
  const names = Array.from({ length: 60 }, (_, at) => `side-${at}`);
  const old = names.slice(0, 30).map(one);
  const fresh = names.slice(30).map(one);
  await Promise.all([sentBefore(publisher, old), insertMessages(bench.sql, fresh).then(() => relay.committed(fresh))]);
  const all = Object.fromEntries(names.map((name) => [name, 1]));
  await vi.waitFor(async () => expect(await tallies(bench.sql)).toEqual(all), soon);

  // The last process of the release before ends, and this release's begin to look for what is lost.
  await before.stop();
  await worker.stop();
  const after = startWorker({ ...bench, relay }, { queue: testQueue, worker: 'tally', handlers: tallyHandlers() });
  const lost = watchForLost({
    ...{ sql: bench.sql, publisher, log: bench.log },
    declareQueue: (queue) => declareQueue(bench.consuming, bench.topology, queue),
  });
  const handed = () => bench.sql`select from platform.message where handed_over_at is null`;
  await vi.waitFor(async () => expect((await handed()).count).toBe(0), soon);
  await bench.sql`update platform.message set handed_over_at = now() - interval '31 seconds'`;
  await vi.waitFor(async () => {
    await bench.sql`
      update platform.message set passed_at = passed_at - interval '61 seconds'
      where passed_at > now() - interval '60 seconds'`;
    expect(await count('platform.message')).toBe(0);
  }, soon);
  expect(await count('platform.outbox')).toBe(0);
  expect([published(), copies()]).toEqual([60, 0]);
  expect(await tallies(bench.sql)).toEqual(all);
  expect(await bench.ready(deadLetterQueue(testQueue))).toBe(0);
  await lost.stop();
  await after.stop();
  await relay.stop();
});
