import { EventEmitter } from 'node:events';
import { type TestContext, expect, test, vi } from 'vitest';
import { pino } from 'pino';
import { deadLetterQueue, serviceOrderingQueue, topology } from '../../../contracts/topology.ts';
import type { BrokerConnection } from './connection.ts';
import { type Delivery, subscribe } from './subscription.ts';

const queue = serviceOrderingQueue;

/** A broker without sockets: channels that remember what was asked of them. */
function aBroker() {
  const channels: FakeChannel[] = [];
  let gate: Promise<void> = Promise.resolve();
  const connection = {
    async createChannel() {
      await gate;
      const channel = new FakeChannel();
      channels.push(channel);
      return channel;
    },
  };
  return {
    connection: connection as unknown as BrokerConnection,
    consuming: () => channels.filter(({ onMessage, closed }) => onMessage !== undefined && !closed),
    channels,
    /** Nothing can be opened until the returned function is called. */
    hold() {
      let open: () => void = () => undefined;
      gate = new Promise((resolve) => (open = resolve));
      return () => open();
    },
  };
}

class FakeChannel extends EventEmitter {
  readonly asked: string[] = [];
  onMessage: ((message: unknown) => void) | undefined;
  closed = false;
  readonly assertExchange = async (name: string) => void this.asked.push(`exchange ${name}`);
  readonly assertQueue = async (name: string) => void this.asked.push(`queue ${name}`);
  readonly bindQueue = async () => undefined;
  readonly prefetch = async (count: number) => void this.asked.push(`prefetch ${count}`);
  readonly checkQueue = async () => ({ messageCount: 0 });
  async consume(_name: string, onMessage: (message: unknown) => void) {
    this.onMessage = onMessage;
    return { consumerTag: 'tag' };
  }
  readonly cancel = async (tag: string) => void this.asked.push(`cancel ${tag}`);
  readonly ack = ({ fields }: { fields: { deliveryTag: number } }, multiple = false) =>
    void this.asked.push(`ack ${fields.deliveryTag}${multiple ? ' and before' : ''}`);
  readonly reject = ({ fields }: { fields: { deliveryTag: number } }, requeue: boolean) =>
    void this.asked.push(`reject ${fields.deliveryTag}${requeue ? ' to the queue' : ''}`);
  async close() {
    if (this.closed) throw new Error('closed already');
    this.closed = true;
    this.emit('close');
  }
  deliver(...tags: readonly number[]) {
    for (const deliveryTag of tags) {
      this.onMessage?.({
        content: Buffer.from('{}'),
        properties: { messageId: `m${deliveryTag}`, headers: { 'x-delivery-count': 2 } },
        fields: { deliveryTag, exchange: 'cmd', routingKey: queue },
      });
    }
  }
  answers = () => this.asked.filter((one) => /^(ack|reject)/.test(one));
}

const soon = { timeout: 3_000, interval: 5 };

async function aSubscription({ onTestFinished }: TestContext, broker = aBroker()) {
  const delivered: Delivery[] = [];
  const lost: object[] = [];
  const subscription = subscribe(broker.connection, {
    queue,
    prefetch: 7,
    topology: topology([]),
    log: pino({ level: 'silent' }),
    deliver: (delivery) => void delivered.push(delivery),
    lost: (session) => void lost.push(session),
  });
  onTestFinished(() => subscription.close());
  const channel = async (): Promise<FakeChannel> => {
    await vi.waitUntil(() => subscription.consuming() && broker.consuming().length === 1, soon);
    return broker.consuming()[0] as FakeChannel;
  };
  return { subscription, delivered, lost, channel, broker };
}

test('queue and dead letters are declared before anything is consumed, with the prefetch that was asked for', async (context) => {
  const { channel, broker } = await aSubscription(context);
  expect((await channel()).asked).toEqual(['prefetch 7']);
  expect(broker.channels[0]?.asked).toEqual(
    expect.arrayContaining([`queue ${queue}`, `queue ${deadLetterQueue(queue)}`]),
  );
});

test('a delivery says how often it was handed out before', async (context) => {
  const { channel, delivered } = await aSubscription(context);
  (await channel()).deliver(1);
  expect(delivered).toMatchObject([{ messageId: 'm1', returns: 2, tag: 1, routingKey: queue }]);
});

test('deliveries that are all the oldest are acked at once, others one by one', async (context) => {
  const { channel, delivered, subscription } = await aSubscription(context);
  const open = await channel();
  open.deliver(1, 2, 3, 4, 5);
  const [first, second, third, fourth, fifth] = delivered as [Delivery, Delivery, Delivery, Delivery, Delivery];
  subscription.ack([second, first]);
  subscription.ack([fourth]);
  subscription.ack([fifth, third]);
  expect(open.answers()).toEqual(['ack 2 and before', 'ack 4', 'ack 5 and before']);
});

test('acked twice, a delivery is acked once', async (context) => {
  const { channel, delivered, subscription } = await aSubscription(context);
  const open = await channel();
  open.deliver(1);
  subscription.ack(delivered);
  subscription.ack(delivered);
  subscription.reject(delivered[0] as Delivery);
  expect(open.answers()).toEqual(['ack 1 and before']);
});

test('a rejected delivery goes to the dead letters, not back to the queue', async (context) => {
  const { channel, delivered, subscription } = await aSubscription(context);
  const open = await channel();
  open.deliver(1, 2);
  subscription.reject(delivered[0] as Delivery);
  expect(open.answers()).toEqual(['reject 1']);
});

test('after a channel is lost, what it delivered is forgotten and never acked on the next', async (context) => {
  const { channel, delivered, lost, subscription, broker } = await aSubscription(context);
  const first = await channel();
  first.deliver(1, 2);
  await first.close();
  await vi.waitUntil(() => broker.consuming().length === 1, soon);
  const second = await channel();
  second.deliver(1);
  subscription.ack(delivered.slice(0, 2));
  expect(lost).toEqual([delivered[0]?.session]);
  expect(second.answers()).toEqual([]);
  subscription.ack(delivered.slice(2));
  expect(second.answers()).toEqual(['ack 1 and before']);
});

test('cancelled by the broker, it consumes anew over a fresh channel', async (context) => {
  const { channel } = await aSubscription(context);
  const first = await channel();
  first.onMessage?.(null);
  await vi.waitUntil(() => first.closed, soon);
  expect(await channel()).not.toBe(first);
});

test('paused, it takes nothing new, and keeps its channel until what was delivered is answered', async (context) => {
  const { channel, delivered, subscription } = await aSubscription(context);
  const open = await channel();
  open.deliver(1);
  subscription.pause();
  await vi.waitFor(() => expect(open.asked).toContain('cancel tag'), soon);
  expect([open.closed, subscription.consuming()]).toEqual([false, false]);
  subscription.ack(delivered);
  await vi.waitUntil(() => open.closed, soon);
  subscription.resume();
  expect(await channel()).not.toBe(open);
});

test('paused while it was still opening, it stops as soon as it is open', async (context) => {
  const broker = aBroker();
  const open = broker.hold();
  const { subscription } = await aSubscription(context, broker);
  subscription.pause();
  open();
  await vi.waitFor(() => expect(broker.channels.flatMap(({ asked }) => asked)).toContain('cancel tag'), soon);
});
