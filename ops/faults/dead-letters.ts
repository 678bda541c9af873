import { type Topology, deadLetterQueue } from '../../contracts/topology.ts';
import { connectBroker } from '../platform/broker/connection.ts';
import { createLog } from '../platform/log.ts';

const patienceMs = 15_000;

/**
 * Takes every dead letter out of its queue, by consuming: after a restart the broker's counts can say 0 although
 * messages are there.
 *
 * @returns each in words
 */
export async function takeDeadLetters(url: string, { queues }: Topology): Promise<string[]> {
  const names = new Set(queues.map(({ name }) => name));
  const connection = await connectBroker(url, 'faults looks for dead letters', createLog('faults', 'silent'));
  try {
    const late = new Promise<never>((_, reject) =>
      setTimeout(reject, patienceMs, new Error('The dead-letter queues do not answer.')).unref(),
    );
    const letters: string[] = [];
    const take = async (): Promise<void> => {
      const channel = await connection.createChannel();
      for (const queue of [...names].map(deadLetterQueue).filter((name) => names.has(name))) {
        for (;;) {
          const letter = await channel.get(queue, { noAck: true });
          if (letter === false) break;
          const { type, headers = {} } = letter.properties as { type?: string; headers?: Record<string, unknown> };
          letters.push(
            `${queue}: ${type ?? 'untyped'}, ${String(headers['error-class'])}: ${String(headers['error-message'])}`,
          );
        }
      }
    };
    await Promise.race([take(), late]);
    return letters;
  } finally {
    await connection.close();
  }
}
