import type { Broker } from '../../run/bootstrap/service.ts';
import { connectBroker } from '../../platform/broker/connection.ts';
import { createLog } from '../../platform/log.ts';

/** A message that somebody else than the fleet puts into a queue, as wrong as one wants. */
export interface Alien {
  readonly queue: string;
  readonly messageId?: string;
  readonly type?: string;
  /** Of the fleet's own header. */
  readonly envelope?: string;
  readonly body: Buffer;
}

/** Puts messages straight into queues, and returns when the broker has them. */
export async function putInto(broker: Broker, aliens: readonly Alien[]): Promise<void> {
  const connection = await connectBroker(broker.url, 'faults put messages', createLog('faults', 'silent'));
  try {
    const channel = await connection.createConfirmChannel();
    for (const { queue, messageId, type, envelope, body } of aliens) {
      channel.publish('', queue, body, {
        persistent: true,
        contentType: 'application/json',
        ...(messageId === undefined ? {} : { messageId }),
        ...(type === undefined ? {} : { type }),
        headers: envelope === undefined ? {} : { patchbay: envelope },
      });
    }
    await channel.waitForConfirms();
  } finally {
    await connection.close();
  }
}

/** Deletes a queue with whatever is in it. */
export async function deleteQueues(broker: Broker, queues: readonly string[]): Promise<void> {
  const connection = await connectBroker(broker.url, 'faults delete queues', createLog('faults', 'silent'));
  try {
    const channel = await connection.createChannel();
    for (const queue of queues) await channel.deleteQueue(queue);
  } finally {
    await connection.close();
  }
}

/** Messages in each queue, ready or handed out. */
export const countMessages = (broker: Broker): Promise<Map<string, number>> => list(broker, 'messages');
export const countConsumers = (broker: Broker): Promise<Map<string, number>> => list(broker, 'consumers');

async function list({ control }: Broker, column: 'messages' | 'consumers'): Promise<Map<string, number>> {
  if (control === undefined) throw new Error('This broker cannot be asked.');
  const table = await control('list_queues', 'name', column, '--no-table-headers');
  return new Map(
    table
      .split('\n')
      .filter((line) => line.includes('\t'))
      .map((line) => line.split('\t'))
      .map(([name = '', n]) => [name, Number(n)]),
  );
}
