import { setTimeout as sleep } from 'node:timers/promises';
import { projectorQueue, serviceInventoryQueue } from '../../../../contracts/topology.ts';
import type { Drill } from '../drill.ts';
import { countRepeated } from '../logged.ts';
import { countMessages, deleteQueues } from '../queues.ts';
import type { Scenario } from './scenario.ts';

/** Messages that gather for each order that is asked for: 500 orders, 5,000 messages. */
const messagesOfAnOrder = 10;
const gatherWithinMs = 300_000;
const healsWithinMs = 180_000;
/** Asked for after 30 s, declared again, asked again. */
const declaredWithinMs = 120_000;

/** Plays a loss; what was lost is sent again, and everything ends. */
const losing = (name: string, title: string, lose: (drill: Drill, orders: number) => Promise<void>): Scenario => ({
  name,
  title,
  paceMs: 0,
  async play(drill, orders) {
    const repeated = countRepeated(drill.stage.folders.logs);
    await lose(drill, orders);
    await drill.pace(0);
    const since = performance.now();
    const restless = await drill.quiet(healsWithinMs);
    if (restless !== undefined) throw new Error(restless);
    drill.note(
      `${repeated()} messages were sent again; all is quiet ${Math.round((performance.now() - since) / 1000)} s later`,
    );
    if (repeated() === 0) throw new Error('Nothing was sent again: this proves nothing.');
  },
});

/** Waits until so many messages are in a queue. */
async function gathered(drill: Drill, queue: string, wanted: number): Promise<number> {
  for (const deadline = Date.now() + gatherWithinMs; ; await sleep(500)) {
    const messages = (await countMessages(drill.stage.services.rabbitmq)).get(queue) ?? 0;
    if (messages >= wanted) return messages;
    if (Date.now() > deadline) throw new Error(`Only ${messages} of ${wanted} messages are in ${queue}.`);
    await drill.flowing();
  }
}

/** A long queue is deleted while its consumers are away and everything else goes on. */
export const longQueueDeleted = losing(
  'long-queue',
  'a long queue is deleted under steady load',
  async (drill, orders) => {
    const { fleet, services } = drill.stage;
    const consumers = fleet.of('projector');
    await drill.blow('a long queue is deleted', async () => {
      await Promise.all(consumers.map((process) => process.stop()));
      try {
        const lost = await gathered(drill, projectorQueue, orders * messagesOfAnOrder);
        await deleteQueues(services.rabbitmq, [projectorQueue]);
        drill.note(`deleted ${projectorQueue} with ${lost}`);
      } finally {
        await Promise.all(consumers.map((process) => process.start()));
      }
      await Promise.all(consumers.map((process) => process.whenReady()));
    });
    await drill.flowing();
  },
);

/** Nobody consumes a queue that is deleted: whoever has messages for it declares it again. */
export const roleAtZero = losing('zero', 'a role is scaled to zero and its queue is deleted', async (drill) => {
  const { fleet, services } = drill.stage;
  const consumers = fleet.of('service-inventory');
  await drill.pace(300);
  await drill.blow('a role is scaled to zero and its queue is deleted', async () => {
    await Promise.all(consumers.map((process) => process.stop()));
    try {
      await gathered(drill, serviceInventoryQueue, 1);
      // Marked as handed over after five seconds.
      await sleep(6_000);
      await deleteQueues(services.rabbitmq, [serviceInventoryQueue]);
      for (const deadline = Date.now() + declaredWithinMs; ; await sleep(1_000)) {
        if ((await countMessages(services.rabbitmq)).has(serviceInventoryQueue)) break;
        if (Date.now() > deadline) throw new Error(`Nobody has declared ${serviceInventoryQueue} again.`);
      }
    } finally {
      await Promise.all(consumers.map((process) => process.start()));
    }
    await Promise.all(consumers.map((process) => process.whenReady()));
  });
  await drill.flowing();
});

/** Not a queue is left, no exchange, no binding. */
export const brokerEmptied = losing(
  'emptied',
  "all of RabbitMQ's data is gone with orders in flight",
  async (drill) => {
    const { control } = drill.stage.services.rabbitmq;
    if (control === undefined) throw new Error('This broker cannot be emptied.');
    await drill.pace(500);
    await drill.blow("all of RabbitMQ's data is gone", async () => {
      // Messages that are marked as handed over are among those that are lost.
      await sleep(6_000);
      await control('stop_app');
      await control('reset');
      await control('start_app');
    });
    await drill.flowing();
  },
);
