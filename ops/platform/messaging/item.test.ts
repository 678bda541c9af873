import { expect, test } from 'vitest';
import { aDelivery, anEnvelope, greeter, handlers, messageId } from './deliveries.fixture.ts';
import { readDelivery } from './item.ts';

const read = (over: Parameters<typeof aDelivery>[0]) => readDelivery(aDelivery(over), handlers);

test('a delivery that is all there is an item with its handler', () => {
  expect(read({})).toMatchObject({
    kind: 'message',
    id: messageId,
    envelope: anEnvelope,
    body: { name: 'Ada' },
    handler: greeter,
  });
});

test('what the schema does not know of a body is not passed on', () => {
  expect(read({ body: Buffer.from('{"name":"Ada","age":36}') })).toHaveProperty('body', { name: 'Ada' });
});

test.each<[string, Parameters<typeof aDelivery>[0], string, RegExp]>([
  ['no message id', { messageId: undefined }, 'noMessageId', /missing/],
  ['a message id that is no UUID', { messageId: 'seven' }, 'noMessageId', /not a UUID/],
  ['no envelope', { headers: {} }, 'badEnvelope', /patchbay/],
  ['an envelope that is not JSON', { headers: { patchbay: '{' } }, 'badEnvelope', /patchbay/],
  ['an envelope that is not one', { headers: { patchbay: '{"attempt":0,"failures":0}' } }, 'badEnvelope', /patchbay/],
  ['no type', { type: undefined }, 'unknownType', /test\.greet\.v1/],
  ['a version nobody takes', { type: 'test.greet.v9' }, 'unknownType', /v9.*test\.greet\.v1/],
  ['a body that is not JSON', { body: Buffer.from('{"name":') }, 'badJson', /not JSON/],
  ['an empty body', { body: Buffer.alloc(0) }, 'badJson', /not JSON/],
  ['a body of bytes that are no text', { body: Buffer.from([0, 255, 1]) }, 'badJson', /not JSON/],
  ['a body of another shape', { body: Buffer.from('{"name":7}') }, 'badBody', /name: /],
  ['a body that is no object', { body: Buffer.from('null') }, 'badBody', /body: /],
])('%s makes it unreadable', (_, over, code, reason) => {
  expect(read(over)).toMatchObject({ kind: 'unreadable', code, reason: expect.stringMatching(reason) });
});

test('an unreadable message keeps the envelope it came with, so that its context is not lost', () => {
  expect(read({ body: Buffer.from('!') })).toMatchObject({ id: messageId, envelope: anEnvelope });
});

test('an unreadable message without id or envelope gets its own', () => {
  const item = read({ messageId: undefined, headers: {} });
  expect(item.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(item.envelope).toEqual({ correlationId: item.id, attempt: 1, failures: 0 });
});

test('a letter that is moved back by hand is a message again: what it was given up for is over', () => {
  const context = { queue: 'q', worker: 'w', exchange: '', routingKey: 'q', errorClass: 'E', errorMessage: 'e' };
  const deadLetter = { ...context, failures: 1, failedAt: '2026-01-01T00:00:00.000Z', encoding: 'base64' };
  const headers = { patchbay: JSON.stringify({ ...anEnvelope, attempt: 2, deadLetter }) };
  expect(read({ headers }).envelope).toEqual({ ...anEnvelope, attempt: 2 });
});

test('what a newer release added to an envelope stays in it', () => {
  const headers = { patchbay: JSON.stringify({ ...anEnvelope, addedLater: { x: [1] } }) };
  expect(read({ headers }).envelope).toEqual({ ...anEnvelope, addedLater: { x: [1] } });
});
