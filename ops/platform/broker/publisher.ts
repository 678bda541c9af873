import { type ConfirmChannel, IllegalOperationError, type Message, type Options } from 'amqplib';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Publication } from '../messaging/envelope.ts';
import type { Log } from '../log.ts';
import { closeQuietly, openConfirmChannel } from './channels.ts';
import type { BrokerConnection } from './connection.ts';

/**
 * What became of a publish. `confirmed`: on disk at a quorum. `returned`: confirmed too, but no queue took it.
 * `failed`: not known to be there; it stays in the outbox and is published again.
 */
export type PublishResult = 'confirmed' | 'returned' | 'failed';

export interface Publisher {
  /** Never throws. */
  publish(publication: Publication): Promise<PublishResult>;
  /** False while there is no channel to publish on. An alarm of the broker leaves it true: publishing waits then. */
  open(): boolean;
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

/** A channel that is published on. */
interface Session {
  readonly channel: ConfirmChannel;
  /** Ids that the broker gave back: it says so before it confirms them. */
  readonly returned: Set<string>;
  /** Publishes nothing more on it, and has another opened. */
  drop(): void;
}

/** Publishes mandatory messages on one confirm channel, which it opens again whenever it is gone, or of no use any more. */
export function createPublisher(connection: BrokerConnection, log: Log): Publisher {
  let session: Session | undefined;
  let closed = false;
  /** Of all channels, in the order in which they were published. */
  const unconfirmed = new Set<{
    readonly since: number;
    readonly session: Session;
    settle(result: PublishResult): void;
  }>();
  let blocked = false;
  // During an alarm the broker reads nothing: whatever is written meanwhile would only pile up in this process.
  connection.on('blocked', () => void (blocked = true));
  for (const end of ['unblocked', 'disconnect'] as const) connection.on(end, () => void (blocked = false));

  async function keepOpen(): Promise<void> {
    while (!closed) {
      try {
        const { channel, gone } = await openConfirmChannel(connection, {
          closedBecause: (error) => log.warn({ error }, 'publishing channel closed by the broker'),
        });
        const dropped = Promise.withResolvers<void>();
        const opened: Session = { channel, returned: new Set(), drop: dropped.resolve };
        channel.on('return', (message: Message) => opened.returned.add(String(message.properties.messageId)));
        session = opened;
        await Promise.race([gone, dropped.promise]);
        session = undefined;
        if (closed) return await closeQuietly(channel);
        // A slow broker may still confirm what was published on it: publishing that again would slow the broker more.
        const over = sleep(confirmTimeoutMs, undefined, { ref: false });
        void Promise.race([gone, over]).then(() => closeQuietly(channel));
      } catch (error) {
        if (closed) return;
        log.debug({ error }, 'no publishing channel yet');
        await sleep(100);
      }
    }
  }
  const keeper = keepOpen();

  function publish(publication: Publication): Promise<PublishResult> {
    const open = session;
    if (open === undefined || blocked) return Promise.resolve('failed');
    return new Promise((resolve) => {
      const one = {
        since: performance.now(),
        session: open,
        settle(result: PublishResult) {
          if (unconfirmed.delete(one)) resolve(result);
        },
      };
      unconfirmed.add(one);
      const confirmed = (error: unknown): void => {
        const isReturned = open.returned.delete(publication.id);
        one.settle(error !== null && error !== undefined ? 'failed' : isReturned ? 'returned' : 'confirmed');
      };
      try {
        const { exchange, routingKey } = publication;
        open.channel.publish(exchange, routingKey, content(publication), options(publication), confirmed);
      } catch (error) {
        // The row stays in the outbox.
        one.settle('failed');
        if (error instanceof IllegalOperationError) open.drop();
        else log.error({ error, messageId: publication.id }, 'message cannot be put into AMQP; it is kept');
      }
    });
  }

  const looking = setInterval(() => {
    const late = performance.now() - confirmTimeoutMs;
    for (const one of unconfirmed) {
      if (one.since > late) return;
      one.settle('failed');
      // While an alarm lasts, the next channel would not be confirmed to either.
      if (blocked || one.session !== session) continue;
      log.warn('a confirm stayed out, publishing over a new channel');
      session.drop();
      session = undefined;
    }
  }, lookMs).unref();

  return {
    publish,
    open: () => session !== undefined,
    room: () => (session === undefined || blocked ? 0 : Math.max(0, maximumUnconfirmed - unconfirmed.size)),
    async close() {
      closed = true;
      clearInterval(looking);
      session?.drop();
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
