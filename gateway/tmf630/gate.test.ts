import { expect, test, vi } from 'vitest';

import { createGate } from './gate.ts';
import { refuse } from './errors.ts';

const tooMany = () => refuse('queryTooSlow', 'too many');
const aGate = (over: { waiting?: number; patienceMs?: number } = {}) =>
  createGate({ atOnce: 2, waiting: 2, patienceMs: 60_000, refusal: tooMany, ...over });

/** Work that goes on until it is told to end; `begun` is in the order in which it was. */
function works() {
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  const work = (n: number) => () =>
    new Promise<number>((resolve) => {
      begun.push(n);
      ends.set(n, () => resolve(n));
    });
  return { begun, work, end: (n: number) => ends.get(n)?.() };
}

test('so many are done at once, the next wait in their order, one too many is refused', async () => {
  const gate = aGate();
  const { begun, work, end } = works();
  const all = [1, 2, 3, 4].map((n) => gate(undefined, work(n)));
  await expect(gate(undefined, work(5))).rejects.toThrow('too many');
  expect(begun).toEqual([1, 2]);
  end(2);
  await all[1];
  expect(begun).toEqual([1, 2, 3]);
  end(1);
  await vi.waitUntil(() => begun.length === 4);
  for (const n of [3, 4]) end(n);
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4]);
});

test('work that fails makes room as well', async () => {
  const gate = aGate();
  const fail = () => Promise.reject(new Error('failed'));
  for (let n = 0; n < 5; n += 1) await expect(gate(undefined, fail)).rejects.toThrow('failed');
  expect(await gate(undefined, () => Promise.resolve('done'))).toBe('done');
});

test('whose client is gone leaves the queue, and is never begun', async () => {
  const gate = aGate();
  const { begun, work, end } = works();
  const running = [1, 2].map((n) => gate(undefined, work(n)));
  const gone = new AbortController();
  const left = gate(gone.signal, work(3));
  const stays = gate(undefined, work(4));
  gone.abort();
  await expect(left).rejects.toMatchObject({ status: 499, code: 'clientGone' });
  await expect(gate(gone.signal, work(5))).rejects.toMatchObject({ code: 'clientGone' });
  for (const n of [1, 2]) end(n);
  await Promise.all(running);
  await vi.waitUntil(() => begun.length === 3);
  end(4);
  expect([await stays, begun]).toEqual([4, [1, 2, 4]]);
});

test('whose turn does not come in time is refused', async () => {
  const gate = aGate({ patienceMs: 10 });
  const { begun, work, end } = works();
  const running = [1, 2].map((n) => gate(undefined, work(n)));
  await expect(gate(undefined, work(3))).rejects.toThrow('too many');
  for (const n of [1, 2]) end(n);
  await Promise.all(running);
  expect(begun).toEqual([1, 2]);
});
