import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { command, send } from '../../../contracts/messages/message.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import { publicationOf } from '../messaging/envelope.ts';
import { type BrokerConnection, connectBroker } from './connection.ts';
import { type Publisher, createPublisher } from './publisher.ts';

const add = command('test.add.v1', { body: z.object({ id: z.string() }), to: testQueue, whenGivenUp: 'warn' });

let bench: Workbench;
let connection: BrokerConnection;
let publisher: Publisher;
beforeAll(async () => {
  bench = await createWorkbench();
  connection = await connectBroker(bench.amqpUrl, 'test publishes more', bench.log);
  publisher = createPublisher(connection, bench.log);
  await vi.waitUntil(() => publisher.room() > 0, soon);
});
afterAll(async () => {
  await publisher.close();
  await connection.close();
  await bench.close();
});
afterEach(async () => void (await (await bench.channel()).purgeQueue(testQueue)));

const publish = () => publisher.publish(publicationOf(send(add, { id: 'a' }), { correlationId: 'test' }));

test('while the broker takes nothing, there is no room and nothing is written', async () => {
  connection.emit('blocked', 'low on memory');
  expect([publisher.room(), await publish()]).toEqual([0, 'failed']);
  connection.emit('unblocked');
  expect(publisher.room()).toBeGreaterThan(0);
  expect([await publish(), await bench.ready(testQueue)]).toEqual(['confirmed', 1]);
});

test('a connection that is made anew is not blocked by the alarm of the one before', async () => {
  connection.emit('blocked', 'low on memory');
  connection.emit('disconnect', new Error('gone'));
  expect(await publish()).toBe('confirmed');
});
