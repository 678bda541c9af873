import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWorker } from '../../../platform/messaging/worker.ts';
import { connectBroker } from '../../../platform/broker/connection.ts';
import { createPublisher, type Publisher } from '../../../platform/broker/publisher.ts';
import { assertTopology } from '../../../platform/broker/topology.ts';
import { parseConfiguration } from '../../../platform/configuration.ts';
import { connectDatabase } from '../../../platform/database.ts';
import { publicationOf } from '../../../platform/messaging/envelope.ts';
import { createLog } from '../../../platform/log.ts';
import { startRelay } from '../../../platform/messaging/relay.ts';
import {
  type ChainOptions,
  type ChainResult,
  countCompleted,
  DUPLICATE_EVERY,
  ORDERS_IN_FLIGHT,
  type Progress,
} from '../floors/chain-run.ts';
import { MESSAGES_PER_ORDER, newOrder, stages } from '../floors/chain.ts';
import { endWithParent, programOptions } from '../program.ts';
import { chainTopology, handlerOf, messageOf, queueOf } from './chain.ts';
import { createTables, verify } from './chain.store.ts';

const SECONDS_AT_MOST = 180;

/** Publishes orders, confirmed, never more than the bound ahead of what is completed; ends when all are. */
async function feed(publisher: Publisher, orders: number, progress: Progress): Promise<void> {
  const before = progress.total();
  const publishing: Promise<unknown>[] = [];
  for (let sent = 1; sent <= orders; sent += 1) {
    await progress.reached(before + sent - ORDERS_IN_FLIGHT);
    const order = newOrder();
    const publication = publicationOf(messageOf(order), { correlationId: order.orderId });
    publishing.push(publisher.publish(publication));
    if (sent % DUPLICATE_EVERY === 0) publishing.push(publisher.publish(publication));
  }
  const failed = (await Promise.all(publishing)).filter((result) => result !== 'confirmed').length;
  if (failed > 0) throw new Error(`${failed} orders could not be published`);
  await progress.reached(before + orders);
}

/** Runs the chain on the engine as a role process does, with a role's own defaults, in one process as the floors do. */
async function run({ orders, warmup }: ChainOptions): Promise<ChainResult> {
  const configuration = parseConfiguration(process.env);
  const log = createLog('bench', 'warn');
  await assertTopology(configuration.AMQP_URL, chainTopology);
  const sql = connectDatabase(configuration.DATABASE_URL, {
    connections: configuration.DATABASE_CONNECTIONS,
    role: 'bench',
  });
  await createTables(sql);
  const publisher = createPublisher(await connectBroker(configuration.AMQP_URL, 'bench publishes', log), log);
  const relay = startRelay(sql, publisher, log);
  const progress = countCompleted();
  const dependencies = {
    ...{ sql, relay, log, topology: chainTopology, batchSize: configuration.BATCH_SIZE },
    consuming: await connectBroker(configuration.AMQP_URL, 'bench consumes', log),
    retry: { attempts: configuration.RETRY_ATTEMPTS, baseMs: 200, capMs: 30_000 },
  };
  const workers = stages.map((stage) =>
    startWorker(dependencies, { queue: queueOf(stage), worker: 'bench', handlers: [handlerOf(stage, progress.add)] }),
  );
  while (publisher.room() === 0 || !workers.every((worker) => worker.troubles().length === 0)) await sleep(20);

  await feed(publisher, warmup, progress);
  const began = performance.now();
  await feed(publisher, orders, progress);
  const seconds = (performance.now() - began) / 1000;

  await Promise.all(workers.map((worker) => worker.stop()));
  await relay.stop();
  await verify(sql, warmup + orders);
  const ordersPerSecond = orders / seconds;
  return { orders, seconds, ordersPerSecond, messagesPerSecond: ordersPerSecond * MESSAGES_PER_ORDER };
}

if (process.argv[2] !== undefined) endWithParent();
setTimeout(() => {
  console.error(`the engine did not end within ${SECONDS_AT_MOST} s`);
  process.exit(1);
}, SECONDS_AT_MOST * 1000);
console.log(JSON.stringify(await run(programOptions<ChainOptions>({ orders: 3_000, warmup: 300 }))));
process.exit(0);
