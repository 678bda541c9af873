import { expect, test } from 'vitest';
import { causeOf, deadLetter, fallenLetter } from './dead-letter.ts';
import { aDelivery, anEnvelope, handlers, messageId } from './deliveries.fixture.ts';
import { readDelivery } from './item.ts';

const now = new Date('2026-03-01T12:00:00.000Z');
const cause = { errorClass: 'TypeError', errorCode: 'E1', errorMessage: 'no such thing' };
const letterOf = (over: Parameters<typeof aDelivery>[0] = {}, why = cause) =>
  deadLetter(readDelivery(aDelivery(over), handlers), 'test', 'worker', why, now);

test('a dead letter is the same message in its queue’s dead letters, with where, how often, when and why', () => {
  expect(letterOf()).toMatchObject({
    id: messageId,
    exchange: '',
    routingKey: 'test.dead',
    type: 'test.greet.v1',
    body: '{"name":"Ada"}',
    envelope: {
      ...anEnvelope,
      attempt: anEnvelope.attempt + 1,
      failures: 0,
      firstFailedAt: now.toISOString(),
      deadLetter: {
        queue: 'test',
        worker: 'worker',
        exchange: 'cmd',
        routingKey: 'test',
        ...cause,
        failures: 1,
        failedAt: now.toISOString(),
      },
    },
  });
});

test('the first failure stays the first', () => {
  const firstFailedAt = '2026-01-01T00:00:00.000Z';
  const patchbay = JSON.stringify({ ...anEnvelope, failures: 3, firstFailedAt });
  expect(letterOf({ headers: { patchbay } }).envelope).toMatchObject({ firstFailedAt, deadLetter: { failures: 4 } });
});

test.each([
  ['a NUL', Buffer.from('{"name":"\u0000"}')],
  ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe])],
])('a body with %s travels as base64, and back', (_, body) => {
  const letter = letterOf({ body });
  expect(letter.envelope.deadLetter?.encoding).toBe('base64');
  expect(Buffer.from(letter.body, 'base64')).toEqual(body);
});

/** What jsonb and text columns take: no NUL, no half of a surrogate pair. */
const storable = (value: unknown): boolean => {
  const text = JSON.stringify(value);
  return !text.includes('\\u0000') && !/\\ud[89a-f]/i.test(text);
};

test('whatever a message is made of, its dead letter can be stored', () => {
  const nasty = 'a\u0000b\ud800';
  const envelope = JSON.stringify({ ...anEnvelope, correlationId: nasty });
  for (const over of [
    { body: Buffer.from([0, 1, 2]) },
    { type: nasty },
    { headers: { patchbay: envelope } },
    { exchange: nasty, routingKey: nasty },
  ]) {
    const work = readDelivery(aDelivery(over), handlers);
    const why = work.kind === 'unreadable' ? { errorClass: 'Unreadable', errorMessage: work.reason } : cause;
    expect(storable(deadLetter(work, 'test', 'worker', why, now))).toBe(true);
  }
  expect(storable(letterOf({}, { ...cause, errorMessage: nasty }))).toBe(true);
});

test('a long reason is cut, and not through a character', () => {
  const letter = letterOf({}, { ...cause, errorMessage: `x${'😀'.repeat(5_000)}` });
  expect(letter.envelope.deadLetter?.errorMessage.length).toBeLessThanOrEqual(2_000);
  expect(storable(letter)).toBe(true);
});

test('a message that a decision hands to a person keeps its own address to be replayed to', () => {
  const message = {
    row: 'r',
    id: messageId,
    exchange: 'cmd',
    routingKey: 'test',
    type: 't',
    envelope: anEnvelope,
    body: '{}',
  };
  expect(fallenLetter(message, { queue: 'test', worker: 'worker', cause, now })).toMatchObject({
    exchange: '',
    routingKey: 'test.dead',
    envelope: { failures: 0, deadLetter: { exchange: 'cmd', routingKey: 'test', errorCode: 'E1' } },
  });
});

test('a cause is the thrown error’s class, code and message, and anything can be thrown', () => {
  expect(causeOf(Object.assign(new RangeError('too far'), { code: '22003' }))).toEqual({
    errorClass: 'RangeError',
    errorCode: '22003',
    errorMessage: 'too far',
  });
  expect(causeOf('no')).toEqual({ errorClass: 'NotAnError', errorMessage: 'no' });
});
