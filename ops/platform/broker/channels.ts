import type { Channel, ConfirmChannel } from 'amqplib';
import { setTimeout as sleep } from 'node:timers/promises';

/** A channel that was open when it was handed over. */
export interface OpenChannel<Kind extends Channel> {
  readonly channel: Kind;
  /** Resolves when the channel is closed, by whomever, or with its connection. */
  readonly gone: Promise<void>;
}

/** What channels are opened on: a connection that reconnects, or one that does not. */
interface Connection {
  createChannel(): Promise<Channel>;
  createConfirmChannel(): Promise<ConfirmChannel>;
}

export interface ChannelOptions {
  /** Deliveries held at once; no bound unless told. */
  readonly prefetch?: number;
  /** Told why the broker closed the channel. */
  readonly closedBecause?: (error: Error) => void;
}

/** A broker that is there answers in milliseconds; one under an alarm or at its start, in seconds. */
const answersWithinMs = 20_000;

/** Opens a channel. Throws when that takes too long, or when it is closed before it can be used. */
export const openChannel = (connection: Connection, options?: ChannelOptions): Promise<OpenChannel<Channel>> =>
  opened(connection.createChannel(), options);

/** The same for a channel on which the broker confirms what is published. */
export const openConfirmChannel = (
  connection: Connection,
  options?: ChannelOptions,
): Promise<OpenChannel<ConfirmChannel>> => opened(connection.createConfirmChannel(), options);

/**
 * amqplib handles all frames of a packet before anybody who awaits the channel hears of it: a close in the packet that
 * opened the channel comes before any listener. So the channel is asked for something once its listeners are there (a
 * prefetch, which every channel takes), and a channel that was closed before throws.
 */
async function opened<Kind extends Channel>(
  opening: Promise<Kind>,
  { prefetch = 0, closedBecause = () => undefined }: ChannelOptions = {},
): Promise<OpenChannel<Kind>> {
  const channel = await answered(opening, (late) => void closeQuietly(late));
  const gone = new Promise<void>((resolve) => channel.once('close', resolve));
  channel.on('error', closedBecause);
  try {
    await answered(channel.prefetch(prefetch));
  } catch (error) {
    void closeQuietly(channel);
    throw error;
  }
  return { channel, gone };
}

/**
 * What a broker was asked when its connection broke may never be answered, and the driver does not always say so (amqplib
 * 2.3.1 after the broker closed the connection with 541): so nothing is waited for longer than this.
 *
 * @param late given what was answered after all
 * @throws when it takes too long
 */
export function answered<Answer>(asked: Promise<Answer>, late?: (answer: Answer) => void): Promise<Answer> {
  const deadline = new AbortController();
  const timeout = sleep(answersWithinMs, undefined, { ref: false, signal: deadline.signal }).then(() => {
    asked.then(late, () => undefined);
    throw new Error(`the broker did not answer within ${answersWithinMs / 1_000} s`);
  });
  timeout.catch(() => undefined);
  return Promise.race([asked, timeout]).finally(() => deadline.abort());
}

/** Closes a channel that may be closed already, by the broker or with its connection: what we wanted. */
export async function closeQuietly(channel: Channel): Promise<void> {
  try {
    await answered(channel.close());
  } catch {
    // Closed already.
  }
}

/** What was asked for is not there. */
export const isNotFound = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 404;
