import type { Channel, ConsumeMessage } from 'amqplib';
import type { Sql } from 'postgres';
import { decide, decodeMessage, queueOf, type Message, type Order, type Stage } from './chain.ts';
import { runFloor, type Consume } from './chain-run.ts';

/**
 * The same guarantees with one transaction per batch: whatever the window holds when the lane is free. Nothing waits
 * for a batch to fill, so an idle system still answers at once.
 */
const consume: Consume = async ({ sql, channel, stage, relay, completed }) => {
  const waiting: ConsumeMessage[] = [];
  let running = false;
  const lane = async () => {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0);
      const { send, finished } = await handleBatch(
        sql,
        stage,
        batch.map((delivery) => decodeMessage(delivery.content)),
      );
      ackThrough(channel, batch);
      completed(finished);
      await relay.publish(send);
    }
    running = false;
  };
  await channel.consume(queueOf(stage), (delivery) => {
    if (!delivery) return;
    waiting.push(delivery);
    // The frames of one read arrive in one turn of the loop: begin after it, with all of them.
    if (!running) {
      running = true;
      setImmediate(() => void lane().catch(failRun));
    }
  });
};

/** Deliveries are handled in the order they came, so the last tag of a batch settles all before it. */
function ackThrough(channel: Channel, batch: readonly ConsumeMessage[]): void {
  const last = batch.at(-1);
  if (last) channel.ack(last, true);
}

async function handleBatch(
  sql: Sql,
  stage: Stage,
  batch: readonly Message[],
): Promise<{ send: Message[]; finished: number }> {
  // Sorted, because two batches that claim the same ids in different orders deadlock; and one id can be there twice.
  const byId = new Map(batch.map((message) => [message.id, message]));
  const ids = [...byId.keys()].toSorted();
  const send: Message[] = [];
  let finished = 0;
  await sql.begin(async (tx) => {
    const claimed = await tx<{ messageId: string }[]>`
      insert into floor.inbox (consumer, message_id) select ${stage}, id from unnest(${ids}::uuid[]) as id
      on conflict do nothing returning message_id as "messageId"`;
    const fresh = new Set(claimed.map((row) => row.messageId));
    const messages = [...byId.values()].filter((message) => fresh.has(message.id));
    if (messages.length === 0) return;

    const orderIds = [...new Set(messages.map((message) => message.orderId))].toSorted();
    const found = await tx<Order[]>`
      select id, revision, state, open, payload from floor.orders where id = any(${orderIds}::uuid[]) order by id for update`;
    const orders = new Map(found.map((order) => [order.id, order]));
    for (const message of messages) {
      const decided = decide(orders.get(message.orderId), message);
      orders.set(decided.save.id, decided.save);
      send.push(...decided.send);
      if (decided.save.state === 'completed') finished += 1;
    }

    const save = [...orders.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    await tx`
      insert into floor.orders (id, revision, state, open, payload)
      select * from unnest(${save.map((one) => one.id)}::uuid[], ${save.map((one) => one.revision)}::int[],
        ${save.map((one) => one.state)}::text[], ${save.map((one) => one.open)}::int[], ${save.map((one) => one.payload)}::text[])
      on conflict (id) do update set revision = excluded.revision, state = excluded.state, open = excluded.open, payload = excluded.payload`;
    if (send.length === 0) return;
    await tx`
      insert into floor.outbox (id, body)
      select * from unnest(${send.map((one) => one.id)}::uuid[], ${send.map((one) => JSON.stringify(one))}::text[])`;
  });
  return { send, finished };
}

/** A floor has no halving: an error means that the figure would be wrong. */
function failRun(error: unknown): void {
  console.error(error);
  process.exit(1);
}

// One lane per queue, hence a connection each and one for the relay; the window is the largest batch.
await runFloor(consume, { connections: 4, prefetch: 256 });
