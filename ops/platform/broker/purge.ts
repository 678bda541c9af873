import { connect } from 'amqplib';
import { answered, closeQuietly, isNotFound, openChannel } from './channels.ts';

/** A broker whose queues can be emptied. */
export interface Purging {
  /** Throws away what is ready in a queue. What is handed out to a consumer stays its. */
  purge(queue: string): Promise<number>;
  close(): Promise<void>;
}

/** @throws Error when the broker does not answer */
export async function openPurging(url: string): Promise<Purging> {
  const connection = await connect(url, { noDelay: true, timeout: 5_000 });
  connection.on('error', () => undefined);
  return {
    async purge(queue) {
      const { channel } = await openChannel(connection);
      try {
        return (await answered(channel.purgeQueue(queue))).messageCount;
      } catch (error) {
        // No such queue: nothing lies in it.
        if (isNotFound(error)) return 0;
        throw error;
      } finally {
        await closeQuietly(channel);
      }
    },
    close: () => connection.close(),
  };
}
