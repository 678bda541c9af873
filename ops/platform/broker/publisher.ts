import type { ConfirmChannel, Message, Options } from 'amqplib';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Publication } from '../messaging/envelope.ts';
import type { Log } from '../log.ts';
import type { BrokerConnection } from './connection.ts';

/**
 * What became of a publish. `confirmed`: on disk at a quorum. `returned`: confirmed too, but no queue took it.
 * `failed`: not known to be there; it stays in the outbox and is published again.
 */
export type PublishResult = 'confirmed' | 'returned' | 'failed';

export interface Publisher {
  /** Never throws. */
  publish(publication: Publication): Promise<PublishResult>;
  /** How many more publishes may be outstanding now; 0 while there is no channel, or the broker takes nothing (an alarm). */
  room(): number;
  close(): Promise<void>;
}

/** Unconfirmed publishes at once: past about a thousand the broker gains nothing and memory grows. */
const maximumUnconfirmed = 1_024;
/** A confirm that takes longer is taken for lost: publishing twice is harmless, waiting for ever is not. */
const confirmTimeoutMs = 15_000;
/** How often is looked for lost ones: a timer for each publish would cost as much as its promise. */
const lookMs = 1_000;

/** When it was published, in milliseconds since the epoch: RabbitMQ's own name for it, since the property has seconds only. */
export const publishedAtHeader = 'timestamp_in_ms';

/** Publishes mandatory messages on one confirm channel, which it opens again whenever it is gone. */
export function createPublisher(connection: BrokerConnection, log: Log): Publisher {
  let channel: ConfirmChannel | undefined;
  let closed = false;
  /** In the order in which they were published. */
  const unconfirmed = new Set<{ readonly since: number; settle(result: PublishResult): void }>();
  let blocked = false;
  const returned = new Set<string>();
  // During an alarm the broker reads nothing: whatever is written meanwhile would only pile up in this process.
  connection.on('blocked', () => void (blocked = true));
  for (const end of ['unblocked', 'disconnect'] as const) connection.on(end, () => void (blocked = false));

  async function keepOpen(): Promise<void> {
    while (!closed) {
      try {
        const opened = await connection.createConfirmChannel();
        const gone = new Promise<void>((resolve) => opened.once('close', resolve));
        opened.on('error', (error) => log.warn({ error }, 'publishing channel closed by the broker'));
        opened.on('return', (message: Message) => returned.add(String(message.properties.messageId)));
        channel = opened;
        await gone;
      } catch (error) {
        if (!closed) log.debug({ error }, 'no publishing channel yet');
      }
      channel = undefined;
      if (!closed) await sleep(100);
    }
  }
  const keeper = keepOpen();

  function publish(publication: Publication): Promise<PublishResult> {
    const open = channel;
    if (open === undefined || blocked) return Promise.resolve('failed');
    return new Promise((resolve) => {
      const one = {
        since: performance.now(),
        settle(result: PublishResult) {
          if (unconfirmed.delete(one)) resolve(result);
        },
      };
      unconfirmed.add(one);
      const confirmed = (error: unknown): void =>
        one.settle(error === null || error === undefined ? outcome(publication.id) : 'failed');
      try {
        open.publish(
          publication.exchange,
          publication.routingKey,
          content(publication),
          options(publication),
          confirmed,
        );
      } catch {
        // The channel closed under us: the row stays in the outbox.
        one.settle('failed');
      }
    });
  }

  const looking = setInterval(() => {
    const late = performance.now() - confirmTimeoutMs;
    for (const one of unconfirmed) {
      if (one.since > late) return;
      one.settle('failed');
    }
  }, lookMs).unref();

  /** The broker sends `basic.return` before the ack of the same message. */
  const outcome = (id: string): PublishResult => (returned.delete(id) ? 'returned' : 'confirmed');

  return {
    publish,
    room: () => (channel === undefined || blocked ? 0 : Math.max(0, maximumUnconfirmed - unconfirmed.size)),
    async close() {
      closed = true;
      clearInterval(looking);
      await channel?.close().catch((error: unknown) => log.debug({ error }, 'publishing channel was already gone'));
      await Promise.race([keeper, sleep(1_000)]);
    },
  };
}

/** The body as bytes; what was kept as base64 because it is no text leaves as it came. */
const content = ({ body, envelope }: Publication): Buffer => Buffer.from(body, envelope.deadLetter?.encoding ?? 'utf8');

const options = (publication: Publication): Options.Publish => ({
  messageId: publication.id,
  type: publication.type,
  correlationId: publication.envelope.correlationId,
  contentType: 'application/json',
  persistent: true,
  mandatory: true,
  headers: {
    patchbay: JSON.stringify(publication.envelope),
    [publishedAtHeader]: Date.now(),
    ...deadLetterHeaders(publication),
  },
});

/** A dead letter's context again as plain headers, so that the management UI shows it to a person. */
function deadLetterHeaders({ envelope }: Publication): Record<string, string | number> {
  const letter = envelope.deadLetter;
  if (letter === undefined) return {};
  return {
    'original-queue': letter.queue,
    worker: letter.worker,
    attempts: letter.failures,
    'first-failed-at': envelope.firstFailedAt ?? letter.failedAt,
    'last-failed-at': letter.failedAt,
    'error-class': letter.errorClass,
    'error-code': letter.errorCode ?? '',
    'error-message': letter.errorMessage,
    'correlation-id': envelope.correlationId,
  };
}
