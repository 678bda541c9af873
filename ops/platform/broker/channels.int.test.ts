import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { command, send } from '../../../contracts/messages/message.ts';
import { type ClosingProxy, closingProxy } from '../../verify/testbed/closing-proxy.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import { publicationOf } from '../messaging/envelope.ts';
import { type BrokerConnection, connectBroker } from './connection.ts';
import { createPublisher } from './publisher.ts';
import { subscribe } from './subscription.ts';

const add = command('test.add.v1', { body: z.object({ id: z.string() }), to: testQueue, whenGivenUp: 'warn' });

let bench: Workbench;
let way: ClosingProxy;
let connection: BrokerConnection;
beforeAll(async () => {
  bench = await createWorkbench();
  way = await closingProxy(bench.amqpUrl);
  connection = await connectBroker(way.url, 'test is closed at once', bench.log);
});
afterAll(async () => {
  await connection.close();
  await way.close();
  await bench.close();
});
afterEach(async () => void (await (await bench.channel()).purgeQueue(testQueue)));

test.for([
  ['confirm.select-ok', 'connection'],
  ['confirm.select-ok', 'channel'],
  ['channel.open-ok', 'connection'],
  ['channel.open-ok', 'channel'],
] as const)('a %s with a close of the %s behind it in one packet: publishing goes on', async ([opening, what]) => {
  way.closeBehind(opening, what);
  const publisher = createPublisher(connection, bench.log);
  try {
    const publish = () => publisher.publish(publicationOf(send(add, { id: 'a' }), { correlationId: 'test' }));
    await vi.waitFor(async () => expect([way.left(), await publish()]).toEqual([0, 'confirmed']), soon);
  } finally {
    await publisher.close();
  }
});

test.for([
  ['consume-ok', 'connection'],
  ['consume-ok', 'channel'],
  ['channel.open-ok', 'connection'],
  ['channel.open-ok', 'channel'],
] as const)('a %s with a close of the %s behind it in one packet: consuming goes on', async ([opening, what]) => {
  way.closeBehind(opening, what);
  const ended: string[] = [];
  const subscription = subscribe(connection, {
    ...{ queue: testQueue, prefetch: 8, topology: bench.topology, log: bench.log },
    deliver(delivery) {
      ended.push(delivery.body.toString());
      subscription.ack([delivery]);
    },
    lost: () => undefined,
  });
  try {
    await vi.waitUntil(() => way.left() === 0, soon);
    await bench.publish(send(add, { id: 'heard' }));
    // Sooner than the watchdog would find it out.
    await vi.waitFor(() => expect(ended).toEqual(['{"id":"heard"}']), { timeout: 10_000, interval: 25 });
  } finally {
    await subscription.close();
  }
});
