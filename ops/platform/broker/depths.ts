import { closeQuietly, openChannel } from './channels.ts';
import type { BrokerConnection } from './connection.ts';

/**
 * How many messages are ready in each of these queues: a passive declare each, which costs the broker next to nothing.
 * A queue that is not there is left out. The count is a hint: after a restart of the broker it can be 0 for a while.
 */
export async function readDepths(
  connection: BrokerConnection,
  queues: readonly string[],
): Promise<Map<string, number>> {
  const depths = new Map<string, number>();
  let { channel } = await openChannel(connection);
  for (const queue of queues) {
    try {
      depths.set(queue, (await channel.checkQueue(queue)).messageCount);
    } catch {
      // A passive declare of a queue that is not there closes its channel.
      ({ channel } = await openChannel(connection));
    }
  }
  await closeQuietly(channel);
  return depths;
}
