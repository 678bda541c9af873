import { expect, test } from 'vitest';
import { createBulkhead } from './bulkhead.ts';

const forever = 60_000;

test('as many as there are places are inside at once, the next one waits until one leaves', async () => {
  const bulkhead = createBulkhead(
    () => 2,
    () => undefined,
  );
  const [leave] = await Promise.all([bulkhead.enter(forever), bulkhead.enter(forever)]);
  let inside = false;
  const third = bulkhead.enter(forever).then((out) => ((inside = true), out));
  await Promise.resolve();
  expect(inside).toBe(false);
  expect(bulkhead.room()).toBe(-1);
  leave?.();
  expect(await third).toBeTypeOf('function');
  expect(bulkhead.room()).toBe(0);
});

test('those who wait are let in in the order they came', async () => {
  const bulkhead = createBulkhead(
    () => 1,
    () => undefined,
  );
  const order: string[] = [];
  const first = await bulkhead.enter(forever);
  const waiting = ['a', 'b', 'c'].map(async (name) => {
    const leave = await bulkhead.enter(forever);
    order.push(name);
    leave?.();
  });
  first?.();
  await Promise.all(waiting);
  expect(order).toEqual(['a', 'b', 'c']);
});

test('who does not get a place in time is turned away, and does not take one later', async () => {
  const bulkhead = createBulkhead(
    () => 1,
    () => undefined,
  );
  const leave = await bulkhead.enter(forever);
  expect(await bulkhead.enter(5)).toBeUndefined();
  expect(bulkhead.room()).toBe(0);
  leave?.();
  expect(bulkhead.room()).toBe(1);
});

test('leaving twice frees one place', async () => {
  let freed = 0;
  const bulkhead = createBulkhead(
    () => 3,
    () => (freed += 1),
  );
  const leave = await bulkhead.enter(forever);
  leave?.();
  leave?.();
  expect([bulkhead.room(), freed]).toEqual([3, 1]);
});

test('no place at all lets nobody in; with more places more get in', async () => {
  let places = 0;
  const bulkhead = createBulkhead(
    () => places,
    () => undefined,
  );
  expect(await bulkhead.enter(1)).toBeUndefined();
  places = 2;
  expect(await bulkhead.enter(1)).toBeTypeOf('function');
  expect(bulkhead.room()).toBe(1);
});
