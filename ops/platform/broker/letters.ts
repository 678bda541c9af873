import { type Channel, type ChannelModel, type ConfirmChannel, type GetMessage, connect } from 'amqplib';
import { deadLetterQueue } from '../../../contracts/topology.ts';
import { type Envelope, envelope } from '../messaging/envelope.ts';
import { derivedId } from '../ids.ts';
import { closeQuietly, isNotFound, openConfirmChannel } from './channels.ts';
import { publishedAtHeader } from './publisher.ts';

/** A dead letter as a person or a tool sees it. */
export interface Letter {
  /** The message id; of a message without one, an id made of what it says. */
  readonly id: string;
  /** The work queue it fell out of, and goes back to. */
  readonly queue: string;
  readonly type: string | undefined;
  readonly body: string;
  /** Without the context of its failure. Of a message that has none, a new one. */
  readonly envelope: Envelope;
  /** A stable code for machines, a sentence for people; what the broker dead-lettered has its own word for both. */
  readonly code: string;
  readonly reason: string;
  readonly worker: string | undefined;
  /** How often it was tried before it was given up. */
  readonly attempts: number | undefined;
  readonly firstFailedAt: string | undefined;
  readonly lastFailedAt: string | undefined;
}

/** Put back into its queue, as it lies there or with another body; or discarded. */
export type Settlement =
  | { readonly end: 'replayed'; readonly body?: string | undefined }
  | { readonly end: 'discarded' };

export interface Letters {
  /** What lies in a queue's dead-letter queue, first failed first: the queue itself keeps no lasting order. */
  read(queue: string): Promise<Letter[]>;
  /** Takes out those that match. Returns how many. */
  take(queue: string, matches: (letter: Letter) => boolean): Promise<number>;
  /**
   * Takes one letter out, every copy of it, after `settle` said what becomes of it. What `settle` throws leaves it where
   * it is.
   *
   * A crash after the publish and before the ack leaves the letter too; replayed again, its attempt is known and
   * changes nothing.
   *
   * @returns false when the queue has no such letter
   * @throws Error when the queue is not there any more, or the broker does not confirm
   */
  settle(queue: string, id: string, settle: (letter: Letter) => Promise<Settlement>): Promise<boolean>;
  close(): Promise<void>;
}

/** A dead-letter queue is looked through up to here: more letters than this want another tool. */
const mostLetters = 10_000;

/** Opens the dead letters of a broker. What is only looked at stays, behind what came meanwhile. */
export async function openLetters(url: string): Promise<Letters> {
  const connection = await connect(url, { noDelay: true, timeout: 5_000 });
  connection.on('error', () => undefined);
  return {
    read: (queue) =>
      looking(connection, queue, async (letters) =>
        letters.map(({ letter }) => letter).toSorted((a, b) => timeOf(a).localeCompare(timeOf(b))),
      ),
    take: (queue, matches) =>
      looking(connection, queue, async (letters, channel) => {
        const matching = letters.filter(({ letter }) => matches(letter));
        for (const { message } of matching) channel.ack(message);
        return matching.length;
      }),
    settle: (queue, id, settle) =>
      looking(connection, queue, async (letters, channel) => {
        const copies = letters.filter(({ letter }) => letter.id === id);
        // One that was put back and fell out again says more than a copy the relay left behind.
        const last = copies.toSorted((a, b) => a.letter.envelope.attempt - b.letter.envelope.attempt).at(-1);
        if (last === undefined) return false;
        const settled = await settle(last.letter);
        if (settled.end === 'replayed') await putBack(channel, last, settled.body);
        for (const { message } of copies) channel.ack(message);
        return true;
      }),
    close: () => connection.close(),
  };
}

type Held = { readonly letter: Letter; readonly message: GetMessage };

/** Holds all letters of a queue for as long as `look` takes; those it did not ack are put back. */
async function looking<Result>(
  connection: ChannelModel,
  queue: string,
  look: (letters: readonly Held[], channel: ConfirmChannel) => Promise<Result>,
): Promise<Result> {
  const { channel } = await openConfirmChannel(connection);
  try {
    return await look(await heldOf(channel, queue), channel);
  } finally {
    // Closed by the broker already where the queue does not exist.
    await closeQuietly(channel);
  }
}

async function heldOf(channel: Channel, queue: string): Promise<Held[]> {
  const held: Held[] = [];
  try {
    while (held.length < mostLetters) {
      const message = await channel.get(deadLetterQueue(queue));
      if (message === false) break;
      held.push({ message, letter: letterOf(message, queue) });
    }
  } catch (error) {
    // No such queue: nothing lies in it.
    if (!isNotFound(error)) throw error;
  }
  return held;
}

function letterOf({ properties, content, fields }: GetMessage, queue: string): Letter {
  const headers = (properties.headers ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const body = content.toString('utf8');
  const messageId = properties.messageId as string | undefined;
  const id = messageId ?? derivedId(queue, fields.routingKey, body);
  const { deadLetter, ...rest } = envelopeOf(text('patchbay')) ?? { correlationId: id, attempt: 1, failures: 0 };
  const byBroker = text('x-first-death-reason');
  const at = headers[publishedAtHeader];
  const published = typeof at === 'number' ? new Date(at).toISOString() : undefined;
  return {
    id,
    queue,
    type: properties.type as string | undefined,
    body,
    envelope: rest,
    code: deadLetter?.errorCode ?? deadLetter?.errorClass ?? byBroker ?? 'unknown',
    reason: deadLetter?.errorMessage ?? `the broker gave it up${byBroker === undefined ? '' : ` (${byBroker})`}`,
    worker: deadLetter?.worker,
    attempts: deadLetter?.failures,
    firstFailedAt: rest.firstFailedAt ?? published,
    lastFailedAt: deadLetter?.failedAt ?? published,
  };
}

function envelopeOf(header: string | undefined): Envelope | undefined {
  if (header === undefined) return undefined;
  try {
    return envelope.parse(JSON.parse(header));
  } catch {
    return undefined;
  }
}

const timeOf = ({ firstFailedAt, lastFailedAt }: Letter): string => firstFailedAt ?? lastFailedAt ?? '';

/** Back to its own queue, past the exchange that would hand it to every other consumer again. */
async function putBack(channel: ConfirmChannel, { letter, message }: Held, body: string | undefined): Promise<void> {
  let returned = false;
  channel.once('return', () => (returned = true));
  channel.publish('', letter.queue, body === undefined ? message.content : Buffer.from(body), {
    messageId: letter.id,
    ...(letter.type === undefined ? {} : { type: letter.type }),
    correlationId: letter.envelope.correlationId,
    contentType: 'application/json',
    persistent: true,
    mandatory: true,
    headers: { patchbay: JSON.stringify(letter.envelope), [publishedAtHeader]: Date.now() },
  });
  await channel.waitForConfirms();
  if (returned) throw new Error(`There is no queue ${letter.queue} to put the letter back into; it stays where it is.`);
}
