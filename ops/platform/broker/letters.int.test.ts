import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deadLetterQueue, topology } from '../../../contracts/topology.ts';
import { createTestbed, type Testbed } from '../../verify/testbed/testbed.ts';
import { newId } from '../ids.ts';
import { createLog } from '../log.ts';
import { type BrokerConnection, connectBroker } from './connection.ts';
import { type Letters, openLetters } from './letters.ts';
import { assertTopology } from './topology.ts';

const queue = 'activator.fax';
const dead = deadLetterQueue(queue);
let testbed: Testbed;
let connection: BrokerConnection;
let letters: Letters;

beforeAll(async () => {
  testbed = await createTestbed();
  connection = await connectBroker(testbed.amqpUrl, 'test', createLog('test', 'silent'));
  letters = await openLetters(testbed.amqpUrl);
});
beforeEach(async () => {
  await assertTopology(testbed.amqpUrl, topology(['fax']));
  await using(async (channel) => {
    for (const name of [queue, dead]) await channel.purgeQueue(name);
  });
});
afterAll(async () => {
  await letters.close();
  await connection.close();
  await testbed.close();
});

async function using<Result>(
  work: (channel: Awaited<ReturnType<BrokerConnection['createConfirmChannel']>>) => Promise<Result>,
): Promise<Result> {
  const channel = await connection.createConfirmChannel();
  try {
    return await work(channel);
  } finally {
    await channel.close();
  }
}

const context = {
  ...{ queue, worker: 'fax', exchange: 'cmd', routingKey: queue, errorClass: 'Error', errorCode: 'jam' },
  ...{ errorMessage: 'paper jam', failures: 8, failedAt: '2026-01-01T00:00:00.000Z' },
};
/** Puts a letter there as a worker does; several copies, as the relay may. */
const fall = (id: string, { attempt = 2, copies = 1, body = '{}' } = {}): Promise<void> =>
  using(async (channel) => {
    const patchbay = JSON.stringify({ correlationId: 'order', attempt, failures: 0, deadLetter: context });
    for (let copy = 0; copy < copies; copy += 1)
      channel.sendToQueue(dead, Buffer.from(body), {
        ...{ messageId: id, type: 'fax.send.v1', persistent: true },
        headers: { patchbay, 'x-death': [{ queue, reason: 'rejected' }], 'error-code': 'jam' },
      });
    await channel.waitForConfirms();
  });
const taken = () => using((channel) => channel.get(queue, { noAck: true }));
const lying = async () => (await letters.read(queue)).map(({ id }) => id).toSorted();

test('a letter says where it fell out, how often it was tried and why', async () => {
  const id = newId();
  await fall(id);
  expect(await letters.read(queue)).toMatchObject([
    { id, queue, type: 'fax.send.v1', code: 'jam', reason: 'paper jam', worker: 'fax', attempts: 8 },
  ]);
});

test('replayed, it is back in its queue once with its next attempt and without its past; others stay', async () => {
  const [one, other] = [newId(), newId()];
  await fall(one, { attempt: 3, copies: 2, body: '{"newest":true}' });
  await fall(one, { attempt: 2 });
  await fall(other);
  expect(await letters.settle(queue, one, async () => ({ end: 'replayed' }))).toBe(true);
  const back = await taken();
  if (back === false) throw new Error('nothing came back');
  expect(back.properties).toMatchObject({ messageId: one, type: 'fax.send.v1', deliveryMode: 2 });
  expect(back.content.toString()).toBe('{"newest":true}');
  // Up to 3.x the broker says 0 on a first delivery, from 4.0 on nothing.
  const { 'x-delivery-count': returns = 0, ...headers } = back.properties.headers ?? {};
  expect(returns).toBe(0);
  expect(headers).toEqual({
    patchbay: JSON.stringify({ correlationId: 'order', attempt: 3, failures: 0 }),
    timestamp_in_ms: expect.any(Number),
  });
  expect([await taken(), await lying()]).toEqual([false, [other]]);
});

test('it leaves its dead-letter queue only when the broker has it elsewhere', async () => {
  const id = newId();
  await fall(id);
  const unwilling = letters.settle(queue, id, () => Promise.reject(new Error('not that one')));
  await expect(unwilling).rejects.toThrow('not that one');
  await using((channel) => channel.deleteQueue(queue));
  await expect(letters.settle(queue, id, async () => ({ end: 'replayed' }))).rejects.toThrow(/There is no queue/);
  expect(await lying()).toEqual([id]);
  expect(await letters.settle(queue, id, async () => ({ end: 'discarded' }))).toBe(true);
  expect(await lying()).toEqual([]);
});

test('what the broker itself gave up can be replayed too, and a queue that is not there has no letters', async () => {
  await using(async (channel) => {
    channel.publish('dlx', queue, Buffer.from('as it came'), { type: 'fax.send.v1' });
    await channel.waitForConfirms();
  });
  const [letter] = await letters.read(queue);
  expect(letter).toMatchObject({ reason: 'the broker gave it up', envelope: { attempt: 1 } });
  expect(await letters.settle(queue, letter?.id ?? '', async () => ({ end: 'replayed', body: '"edited"' }))).toBe(true);
  const back = await taken();
  expect(back === false ? '' : back.content.toString()).toBe('"edited"');
  expect(await letters.read('activator.telex')).toEqual([]);
  expect(await letters.settle('activator.telex', newId(), async () => ({ end: 'discarded' }))).toBe(false);
});
