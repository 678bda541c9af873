import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type GivenUp, messageGivenUp } from '../../../contracts/messages/given-up.ts';
import { event, send } from '../../../contracts/messages/message.ts';
import { deadLetterQueue, projectorQueue, serviceOrderingQueue } from '../../../contracts/topology.ts';
import { z } from 'zod';
import { type Envelope, type Publication, publicationOf } from '../../platform/messaging/envelope.ts';
import { insertMessages, keysOf, markHandedOver } from '../../platform/messaging/message.store.ts';
import { add } from '../../platform/messaging/tally.fixture.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';

vi.setConfig({ testTimeout: 120_000 });

let bench: Workbench;
let home: string;
beforeAll(async () => {
  bench = await createWorkbench();
  home = await mkdtemp(join(tmpdir(), 'patchbay-queues-'));
  // Nothing is published but what a test publishes.
  await bench.relay.stop();
});
afterAll(async () => {
  await bench?.close();
  await rm(home, { recursive: true, force: true });
});
afterEach(async () => {
  await bench.sql`truncate platform.message, platform.inbox, platform.audit`;
  const channel = await bench.channel();
  await channel.purgeQueue(testQueue);
  await channel.close();
});

/** Runs `patchbay …` as a person would whose input is no terminal. */
const patchbay = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const { databaseUrl: DATABASE_URL, amqpUrl: AMQP_URL } = bench;
    execFile(
      process.execPath,
      [join(import.meta.dirname, '../main.ts'), ...args],
      { env: { ...process.env, DATABASE_URL, AMQP_URL, PATCHBAY_HOME: home }, timeout: 60_000 },
      (error, out, err) =>
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err }),
    ).stdin?.end();
  });

const told = event('test.told.v1', { body: z.object({ id: z.string() }) });
const from = (envelope: Partial<Envelope>, definition: typeof add | typeof told = add): Publication => {
  const made = publicationOf(send(definition as typeof add, { id: 'a', mode: 'ok' }), {
    correlationId: 'order-1',
    ...envelope,
  });
  return { ...made, exchange: '', routingKey: testQueue };
};
/** Messages that lie in the test queue, and whose rows say so. */
async function lying(...publications: Publication[]): Promise<void> {
  await insertMessages(bench.sql, publications);
  for (const one of publications) await bench.publisher.publish(one);
  await markHandedOver(bench.sql, publications.flatMap(keysOf));
  await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(publications.length), soon);
}
const rows = () => bench.sql<{ id: string; queue: string; due: boolean; exchange: string }[]>`
  select message_id as id, queue, due_at <= now() as due, exchange from platform.message
  where queue = ${testQueue} order by message_id`;
const givenUp = async (): Promise<GivenUp[]> => {
  const sent = await bench.sql<{ queue: string; body: string }[]>`
    select queue, body from platform.message where type = ${messageGivenUp.name} order by queue`;
  return sent.map(({ queue, body }) => ({ ...messageGivenUp.schema.parse(JSON.parse(body)), at: queue }));
};
const audited = () => bench.sql`select verb, subject, reason from platform.audit`;

describe('patchbay purge', () => {
  test('ends all rows of a queue and its content, and tells the senders of its commands', async () => {
    const command = from({ sender: serviceOrderingQueue });
    await lying(command, from({}, told));
    const retry = {
      ...from({ sender: 'gateway', awaited: true }),
      id: command.id.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    };
    await insertMessages(bench.sql, [], [{ publication: retry, dueAt: new Date(Date.now() + 3_600_000) }]);

    const said = await patchbay('purge', testQueue, '--yes', '--reason', 'a test');
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toBe(`purge: 3 messages of ${testQueue} have ended, 2 senders are told; RabbitMQ threw 2 away\n`);
    expect(await rows()).toEqual([]);
    expect(await bench.ready(testQueue)).toBe(0);
    expect(await givenUp()).toEqual([
      expect.objectContaining({ messageId: command.id, sender: serviceOrderingQueue, at: projectorQueue }),
      expect.objectContaining({ messageId: retry.id, sender: 'gateway', awaited: true, at: projectorQueue }),
      expect.objectContaining({ messageId: command.id, subject: 'order-1', code: 'purged', at: serviceOrderingQueue }),
    ]);
    expect((await bench.sql`select from platform.letter`).count).toBe(0);
    expect(await audited()).toEqual([
      {
        verb: 'queue purge',
        subject: { queue: testQueue, messages: 3, told: 2, atBroker: 2 },
        reason: 'a test',
      },
    ]);
  });

  test('tells nobody of what its receiver knows, and leaves other queues alone', async () => {
    const known = from({ sender: serviceOrderingQueue });
    const elsewhere = { ...from({ sender: serviceOrderingQueue }), routingKey: 'service-inventory' };
    await insertMessages(bench.sql, [known, elsewhere]);
    await bench.sql`insert into platform.inbox (consumer, message_id, attempt) values (${testQueue}, ${known.id}, 1)`;
    expect(JSON.parse((await patchbay('purge', testQueue, '--yes', '--json')).out)).toEqual({
      ...{ queue: testQueue, messages: 1, told: 0, atBroker: 0, held: 0 },
    });
    expect(await givenUp()).toEqual([]);
    expect((await bench.sql`select from platform.message`).count).toBe(1);
  });

  test('waits for rows that a consumer is ending, and purges them when it does not', async () => {
    const one = from({ sender: serviceOrderingQueue });
    await insertMessages(bench.sql, [one]);
    let said: Promise<{ out: string }> | undefined;
    await bench.sql
      .begin(async (tx) => {
        await tx`delete from platform.message`;
        said = patchbay('purge', testQueue, '--yes');
        await vi.waitFor(async () => expect(await audited()).toHaveLength(1), soon);
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    expect((await said)?.out).toContain('1 messages');
    expect(await rows()).toEqual([]);
  });

  test('ends nothing unasked, and nothing when RabbitMQ does not answer', async () => {
    await insertMessages(bench.sql, [from({})]);
    const unasked = await patchbay('purge', testQueue);
    expect(unasked).toMatchObject({ code: 1, err: expect.stringContaining('say --yes') });
    const { amqpUrl } = bench;
    Object.assign(bench, { amqpUrl: 'amqp://127.0.0.1:1' });
    const alone = await patchbay('purge', testQueue, '--yes').finally(() => Object.assign(bench, { amqpUrl }));
    expect(alone).toMatchObject({ code: 1, err: expect.stringContaining('RabbitMQ does not answer') });
    expect(await rows()).toHaveLength(1);
    expect(await audited()).toEqual([]);
  });
});

test('patchbay redrive makes due, straight to the queue, what was handed over to it', async () => {
  const [lost, event] = [from({}), { ...from({}, told), exchange: 'evt', routingKey: 'test.told.v1' }];
  await insertMessages(bench.sql, [lost, event]);
  await bench.sql`
    update platform.message set queue = ${testQueue}, handed_over_at = now(), due_at = null, passed_at = now()`;
  const retry = from({});
  await insertMessages(bench.sql, [], [{ publication: retry, dueAt: new Date(Date.now() + 3_600_000) }]);

  const said = await patchbay('redrive', testQueue, '--reason', 'it was deleted');
  expect(said).toMatchObject({ code: 0, out: `redrive: 2 messages are sent to ${testQueue} again\n` });
  expect(await rows()).toEqual(
    [lost, event, retry]
      .map(({ id }) => ({ id, queue: testQueue, due: id !== retry.id, exchange: '' }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  );
  expect(await audited()).toEqual([
    { verb: 'queue redrive', subject: { queue: testQueue, messages: 2 }, reason: 'it was deleted' },
  ]);
});

test.each(['purge', 'redrive'])('patchbay %s wants a work queue', async (verb) => {
  expect(await patchbay(verb, 'nowhere')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^There is no queue nowhere; there are service-ordering, /),
  });
  expect(await patchbay(verb, deadLetterQueue(serviceOrderingQueue))).toMatchObject({
    code: 1,
    err: expect.stringContaining('holds dead letters'),
  });
});
