import { type Topology, deadLetterQueue } from '../../../contracts/topology.ts';
import { connectBroker } from '../../platform/broker/connection.ts';
import { createLog } from '../../platform/log.ts';

/** A dead letter as it lay in its queue. */
export interface Letter {
  readonly queue: string;
  readonly type: string;
  readonly body: Buffer;
  readonly errorClass: string | undefined;
  readonly errorCode: string | undefined;
  /** Why, in words. */
  readonly reason: string;
}

/** One letter after the other, on a machine that may be busy. */
const patienceMs = 60_000;

/**
 * Takes every dead letter out of its queue, by consuming: after a restart the broker's counts can say 0 although
 * messages are there.
 */
export async function takeDeadLetters(url: string, { queues }: Topology): Promise<Letter[]> {
  const names = new Set(queues.map(({ name }) => name));
  const connection = await connectBroker(url, 'faults looks for dead letters', createLog('faults', 'silent'));
  try {
    const late = new Promise<never>((_, reject) =>
      setTimeout(reject, patienceMs, new Error('The dead-letter queues do not answer.')).unref(),
    );
    const letters: Letter[] = [];
    const take = async (): Promise<void> => {
      const channel = await connection.createChannel();
      for (const queue of [...names].map(deadLetterQueue).filter((name) => names.has(name))) {
        for (;;) {
          const letter = await channel.get(queue, { noAck: true });
          if (letter === false) break;
          const { type, headers = {} } = letter.properties as { type?: string; headers?: Record<string, unknown> };
          const text = (name: string): string | undefined =>
            typeof headers[name] === 'string' ? headers[name] : undefined;
          letters.push({
            queue,
            type: type ?? 'untyped',
            body: letter.content,
            errorClass: text('error-class'),
            errorCode: text('error-code'),
            // The broker's own dead-lettering says why in its own header.
            reason: text('error-message') ?? text('x-first-death-reason') ?? 'for no known reason',
          });
        }
      }
    };
    await Promise.race([take(), late]);
    return letters;
  } finally {
    await connection.close();
  }
}

export const letterInWords = ({ queue, type, errorClass, reason }: Letter): string =>
  `${queue}: ${type}, ${errorClass ?? 'left by the broker'}: ${reason}`;
