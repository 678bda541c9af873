import { performance } from 'node:perf_hooks';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import postgres, { type Sql } from 'postgres';
import { endWithParent, programOptions } from '../program.ts';
import { encode, MESSAGES_PER_ORDER, newOrder, queueOf, stages, type Message, type Stage } from './chain.ts';
import { startRelay, type Relay } from './chain-relay.ts';
import { createTables, dropTables, verify } from './chain-store.ts';

export type ChainOptions = { orders: number; warmup: number };
export type ChainResult = { orders: number; seconds: number; ordersPerSecond: number; messagesPerSecond: number };

/** What a floor brings of its own: how it consumes one stage's queue. `completed` is told how many orders a commit finished. */
export type Consume = (chain: {
  sql: Sql;
  channel: Channel;
  stage: Stage;
  relay: Relay;
  completed: (orders: number) => void;
}) => Promise<void>;

/** Orders under way at once: enough to fill every window, and a backlog that stays in memory on both sides. */
export const ORDERS_IN_FLIGHT = 1_000;
/** Every fiftieth order is published twice under the same id: a floor without a working inbox fails its own verification. */
export const DUPLICATE_EVERY = 50;
const SECONDS_AT_MOST = 180;

/** Runs one floor as a program of its own and prints its figures. `connections` is its pool, `prefetch` the window of each queue. */
export async function runFloor(consume: Consume, shape: { connections: number; prefetch: number }): Promise<void> {
  const { orders, warmup } = programOptions<ChainOptions>({ orders: 3_000, warmup: 300 });
  const { DATABASE_URL: databaseUrl, AMQP_URL: amqpUrl } = process.env;
  if (!databaseUrl || !amqpUrl) throw new Error('set DATABASE_URL and AMQP_URL');
  if (process.argv[2] !== undefined) endWithParent();

  const sql = postgres(databaseUrl, { max: shape.connections, onnotice: () => {} });
  const publishing = await connect(amqpUrl, { noDelay: true });
  const consuming = await connect(amqpUrl, { noDelay: true });
  const hung = setTimeout(() => {
    console.error(`the floor did not end within ${SECONDS_AT_MOST} s`);
    process.exit(1);
  }, SECONDS_AT_MOST * 1000);
  try {
    await createTables(sql);
    await declareQueues(publishing);
    const progress = countCompleted();
    const relay = startRelay(sql, await publishing.createConfirmChannel());
    for (const stage of stages) {
      const channel = await consuming.createChannel();
      await channel.prefetch(shape.prefetch);
      await consume({ sql, channel, stage, relay, completed: progress.add });
    }

    await feed(publishing, warmup, progress);
    const began = performance.now();
    await feed(publishing, orders, progress);
    const seconds = (performance.now() - began) / 1000;

    await relay.settle();
    await verify(sql, warmup + orders);
    const ordersPerSecond = orders / seconds;
    const result: ChainResult = {
      orders,
      seconds,
      ordersPerSecond,
      messagesPerSecond: ordersPerSecond * MESSAGES_PER_ORDER,
    };
    console.log(JSON.stringify(result));
  } finally {
    clearTimeout(hung);
    await consuming.close();
    await deleteQueues(publishing);
    await publishing.close();
    await dropTables(sql);
    await sql.end();
  }
  process.exit(0);
}

async function declareQueues(connection: ChannelModel): Promise<void> {
  await deleteQueues(connection);
  const channel = await connection.createChannel();
  for (const stage of stages) {
    await channel.assertQueue(queueOf(stage), { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  }
  await channel.close();
}

async function deleteQueues(connection: ChannelModel): Promise<void> {
  const channel = await connection.createChannel();
  for (const stage of stages) await channel.deleteQueue(queueOf(stage));
  await channel.close();
}

export type Progress = {
  add: (orders: number) => void;
  reached: (orders: number) => Promise<void>;
  total: () => number;
};

export function countCompleted(): Progress {
  let total = 0;
  let waiting: { orders: number; wake: () => void } | undefined;
  return {
    total: () => total,
    add(orders) {
      total += orders;
      if (waiting && total >= waiting.orders) {
        waiting.wake();
        waiting = undefined;
      }
    },
    reached(orders) {
      if (total >= orders) return Promise.resolve();
      return new Promise((wake) => (waiting = { orders, wake }));
    },
  };
}

/** Publishes orders, confirmed, never more than the bound ahead of what is completed; ends when all are. */
async function feed(connection: ChannelModel, orders: number, progress: Progress): Promise<void> {
  const channel = await connection.createConfirmChannel();
  const before = progress.total();
  const publish = (order: Message) =>
    channel.publish('', queueOf('order'), encode(order), { mandatory: true, persistent: true, messageId: order.id });
  for (let sent = 1; sent <= orders; sent += 1) {
    await progress.reached(before + sent - ORDERS_IN_FLIGHT);
    const order = newOrder();
    publish(order);
    if (sent % DUPLICATE_EVERY === 0) publish(order);
  }
  await channel.waitForConfirms();
  await progress.reached(before + orders);
  await channel.close();
}
