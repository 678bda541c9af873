import { type ConsumeMessage, connect } from 'amqplib';
import { expect } from 'vitest';

/** A message as a test puts it into a queue and finds it again; what the broker adds is left out. */
export interface Content {
  readonly body: string;
  readonly messageId: string;
  readonly correlationId: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Puts messages into a queue, and waits until the broker has them all. */
export async function fillQueue(url: string, queue: string, contents: readonly Content[]): Promise<void> {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  for (const { body, ...properties } of contents)
    channel.publish('', queue, Buffer.from(body), { persistent: true, ...properties });
  await channel.waitForConfirms();
  await connection.close();
}

/** Takes everything out of a queue. */
export async function drainQueue(url: string, queue: string): Promise<Content[]> {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  const { messageCount } = await channel.checkQueue(queue);
  const found: ConsumeMessage[] = [];
  await channel.consume(queue, (message) => void (message !== null && found.push(message)), { noAck: true });
  await expect.poll(() => found.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(messageCount);
  await connection.close();
  return found.map(({ content, properties }) => {
    const all = (properties.headers ?? {}) as Record<string, unknown>;
    const { 'x-delivery-count': _, 'x-acquired-count': __, ...headers } = all;
    const { messageId, correlationId, type } = properties as unknown as Content;
    return { body: content.toString(), messageId, correlationId, type, headers };
  });
}
