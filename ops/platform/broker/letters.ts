import { connect } from 'amqplib';
import { deadLetterQueue } from '../../../contracts/topology.ts';

/** A dead letter as a person or a tool sees it. */
export interface Letter {
  readonly messageId: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

/** A dead-letter queue is looked through up to here: more letters than this want another tool. */
const mostLetters = 10_000;

/**
 * Looks through the dead letters of a queue and takes out those that match. The others stay, in another order: a
 * quorum queue puts what was held behind the rest.
 *
 * @returns how many were taken out
 */
export async function takeLetters(url: string, queue: string, matches: (letter: Letter) => boolean): Promise<number> {
  const connection = await connect(url, { noDelay: true, timeout: 5_000 });
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    let taken = 0;
    for (let seen = 0; seen < mostLetters; seen += 1) {
      const message = await channel.get(deadLetterQueue(queue));
      if (message === false) break;
      const { messageId, type } = message.properties as { messageId?: string; type?: string };
      if (!matches({ messageId, type, body: message.content.toString('utf8') })) continue;
      channel.ack(message);
      taken += 1;
    }
    await channel.close();
    return taken;
  } finally {
    await connection.close();
  }
}
