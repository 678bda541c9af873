import { expect, test } from 'vitest';
import { conversationReader } from './statement-counter.ts';

const text = (...parts: string[]) => Buffer.from(parts.map((part) => `${part}\0`).join(''));
function message(type: string, body = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}
const execute = (name: string) => [message('B', text('', name)), message('E', text('')), message('S')];
const opening = message('', text('user', 'patchbay'));
const alone = Buffer.concat([message('P', text('s1', 'select 1')), ...execute('s1')]);
const together = Buffer.concat([
  message('Q', text('begin')),
  ...execute('s1'),
  message('P', text('s2', 'update it')),
  message('B', text('', 's2')),
  message('E', text('')),
  message('B', text('', 's1')),
  message('E', text('')),
  message('S'),
  message('Q', text('commit')),
]);
const last = Buffer.concat(execute('s2'));

test.each([1, 3, 1_000])('statements are told by transaction, in pieces of %s bytes too', (size) => {
  const units: unknown[] = [];
  const { client, server } = conversationReader((unit) => units.push(unit));
  const ready = message('Z', Buffer.from('I'));
  const say = (words: Buffer): void => {
    for (let at = 0; at < words.length; at += size) client(words.subarray(at, at + size));
  };
  say(opening);
  server(ready);
  say(alone);
  for (const byte of ready) server(Buffer.from([byte]));
  // All of the transaction is sent before the first answer to it, what comes after it is not.
  say(together);
  for (let answer = 0; answer < 4; answer += 1) server(ready);
  say(last);
  expect(units).toEqual([
    { texts: ['select 1'], roundTrips: 1 },
    { texts: ['begin', 'select 1', 'update it', 'select 1', 'commit'], roundTrips: 1 },
    { texts: ['update it'], roundTrips: 1 },
  ]);
});
