import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { gatherWrites } from './gathered-writes.ts';

function aConnection() {
  const calls: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      calls.push(chunk.toString());
      done();
    },
    writev(chunks, done) {
      calls.push(chunks.map(({ chunk }) => String(chunk)).join(' '));
      done();
    },
  });
  gatherWrites(stream);
  return { stream, calls };
}

test('what is written in one turn leaves together, in order; the next turn is on its own', async () => {
  const { stream, calls } = aConnection();
  for (const text of ['one', 'two', 'three']) stream.write(text);
  expect(calls).toEqual([]);
  await turn();
  expect(calls).toEqual(['one two three']);
  stream.write('four');
  await turn();
  expect(calls).toEqual(['one two three', 'four']);
});

test('what is written before the end leaves before it', async () => {
  const { stream, calls } = aConnection();
  stream.write('one');
  stream.write('two');
  await new Promise<void>((resolve) => stream.end(resolve));
  expect(calls).toEqual(['one two']);
});
