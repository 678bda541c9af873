import type { ConsumeMessage } from 'amqplib';
import type { ReservedSql, Sql } from 'postgres';
import { decide, decodeMessage, queueOf, type Order, type Decision, type Message, type Stage } from './chain.ts';
import { runFloor, type Consume } from './chain-run.ts';

/**
 * The usual way: one transaction per message. Claim the inbox, load under lock, decide, save, outbox, commit; then ack
 * and publish. Written as well as it can be, two round trips a transaction, so that beating it says something.
 */
const consume: Consume = async ({ sql, channel, stage, relay, completed }) => {
  const handle = async (delivery: ConsumeMessage) => {
    const decision = await inTransaction(sql, stage, decodeMessage(delivery.content));
    channel.ack(delivery);
    if (!decision) return;
    if (decision.save.state === 'completed') completed(1);
    await relay.publish(decision.send);
  };
  await channel.consume(queueOf(stage), (delivery) => {
    if (delivery) handle(delivery).catch(failRun);
  });
};

/** Undefined when the message was handled before. */
async function inTransaction(sql: Sql, stage: Stage, message: Message): Promise<Decision | undefined> {
  const tx = await sql.reserve();
  try {
    const [, claimed, [current]] = await Promise.all([
      tx`begin`,
      tx`insert into floor.inbox (consumer, message_id) values (${stage}, ${message.id}) on conflict do nothing returning 1`,
      tx<Order[]>`select id, revision, state, open, payload from floor.orders where id = ${message.orderId} for update`,
    ]);
    const decided = claimed.length > 0 ? decide(current, message) : undefined;
    // A statement that fails makes the server answer `commit` with a rollback, and rejects here.
    await Promise.all([...(decided ? saveAndSend(tx, decided) : []), tx`commit`]);
    return decided;
  } finally {
    tx.release();
  }
}

function saveAndSend(
  tx: ReservedSql,
  { save: { id, revision, state, open, payload }, send }: Decision,
): Promise<unknown>[] {
  const saved = tx`
    insert into floor.orders (id, revision, state, open, payload)
    values (${id}, ${revision}, ${state}, ${open}, ${payload})
    on conflict (id) do update
    set revision = excluded.revision, state = excluded.state, open = excluded.open, payload = excluded.payload`;
  if (send.length === 0) return [saved];
  const rows = send.map((one) => ({ id: one.id, body: JSON.stringify(one) }));
  return [saved, tx`insert into floor.outbox ${tx(rows)}`];
}

/** A floor has no retries: an error means that the figure would be wrong. */
function failRun(error: unknown): void {
  console.error(error);
  process.exit(1);
}

// Ten connections is where one transaction per message stops gaining on two cores.
await runFloor(consume, { connections: 10, prefetch: 32 });
