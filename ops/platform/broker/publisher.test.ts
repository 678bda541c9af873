import { EventEmitter } from 'node:events';
import { IllegalOperationError } from 'amqplib';
import { type TestContext, expect, test, vi } from 'vitest';
import { pino } from 'pino';
import { z } from 'zod';
import { command, send } from '../../../contracts/messages/message.ts';
import { publicationOf } from '../messaging/envelope.ts';
import type { BrokerConnection } from './connection.ts';
import { createPublisher } from './publisher.ts';

const say = command('test.say.v1', { body: z.object({ word: z.string() }), to: 'somebody', whenGivenUp: 'warn' });

type Confirm = (error: unknown) => void;

/** A channel of a broker without sockets: what is published on it waits for its confirm. */
class FakeChannel extends EventEmitter {
  readonly confirms: { readonly id: string; readonly confirm: Confirm }[] = [];
  /** What publishing throws. */
  fails: Error | undefined;
  readonly prefetch = async () => undefined;
  publish(_exchange: string, _key: string, _body: Buffer, { messageId }: { messageId: string }, confirm: Confirm) {
    if (this.fails !== undefined) throw this.fails;
    this.confirms.push({ id: messageId, confirm });
  }
  readonly close = async () => void this.emit('close');
}

async function aPublisher({ onTestFinished }: TestContext) {
  const channels: FakeChannel[] = [];
  const connection = Object.assign(new EventEmitter(), {
    async createConfirmChannel() {
      channels.push(new FakeChannel());
      return channels.at(-1);
    },
  });
  const publisher = createPublisher(connection as unknown as BrokerConnection, pino({ level: 'silent' }));
  onTestFinished(() => publisher.close());
  /** The channel that is published on, the first one or the next. */
  const channel = (count: number) =>
    vi.waitUntil(() => (channels.length === count && publisher.open() ? channels[count - 1] : undefined), {
      interval: 1,
    });
  return { publisher, channel, connection, first: await channel(1) };
}

const message = publicationOf(send(say, { word: 'hello' }), { correlationId: 'test' });
const isClosed = new IllegalOperationError('Channel closed', '');

test('a publish that finds its channel closed has another opened', async (context) => {
  const { publisher, channel, first } = await aPublisher(context);
  first.fails = isClosed;
  expect(await publisher.publish(message)).toBe('failed');
  const second = await channel(2);
  const result = publisher.publish(message);
  second.confirms[0]?.confirm(null);
  expect(await result).toBe('confirmed');
});

test('a message that cannot be written fails alone', async (context) => {
  const { publisher, first } = await aPublisher(context);
  first.fails = new TypeError('Field "routingKey" is too long');
  expect([await publisher.publish(message), publisher.open()]).toEqual(['failed', true]);
  first.fails = undefined;
  const result = publisher.publish(message);
  first.confirms[0]?.confirm(null);
  expect(await result).toBe('confirmed');
});

test('a confirm that stays out has another channel opened; what the old one returned is forgotten', async (context) => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  context.onTestFinished(() => void vi.useRealTimers());
  const { publisher, channel, first } = await aPublisher(context);
  const late = publisher.publish(message);
  first.emit('return', { properties: { messageId: message.id } });
  vi.advanceTimersByTime(14_000);
  const recent = publisher.publish({ ...message, id: 'recent' });
  vi.advanceTimersByTime(3_000);
  expect(await late).toBe('failed');
  const second = await channel(2);
  const again = publisher.publish(message);
  second.confirms[0]?.confirm(null);
  expect(await again).toBe('confirmed');
  // What a slow broker confirms on the old channel is not published again.
  first.confirms.find(({ id }) => id === 'recent')?.confirm(null);
  expect(await recent).toBe('confirmed');
});

test('during an alarm nothing is confirmed, and the channel stays', async (context) => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  context.onTestFinished(() => void vi.useRealTimers());
  const { publisher, connection, first } = await aPublisher(context);
  const late = publisher.publish(message);
  connection.emit('blocked', 'low on memory');
  vi.advanceTimersByTime(17_000);
  expect([await late, publisher.open(), publisher.room()]).toEqual(['failed', true, 0]);
  connection.emit('unblocked');
  const again = publisher.publish(message);
  first.confirms[1]?.confirm(null);
  expect(await again).toBe('confirmed');
});
