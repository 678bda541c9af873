import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Duration, milliseconds, retryDelay } from './retry.ts';

const policy = { attempts: 5, baseMs: 200, capMs: 1_000 };
const almostOne = 1 - Number.EPSILON;

test('the bound doubles with each failure, up to the cap', () => {
  expect([1, 2, 3, 4].map((failures) => retryDelay(policy, failures, almostOne))).toEqual([200, 400, 800, 1_000]);
});

test('any moment up to the bound is as likely: what failed together does not return together', () => {
  expect([0, 0.25, 0.5].map((random) => retryDelay(policy, 1, random))).toEqual([0, 50, 100]);
});

test('the tries include the first: after as many failures as there are attempts it is exhausted', () => {
  expect(retryDelay(policy, 4, 0)).toBe(0);
  expect(retryDelay(policy, 5, 0)).toBe('exhausted');
  expect(retryDelay({ ...policy, attempts: 1 }, 1, 0)).toBe('exhausted');
});

test('law: a delay is a whole number of milliseconds between now and the cap, after however many failures', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: almostOne, noNaN: true }),
      (failures, random) => {
        const delay = retryDelay({ attempts: 10_000, baseMs: 500, capMs: 30_000 }, failures, random);
        return typeof delay === 'number' && Number.isInteger(delay) && delay >= 0 && delay <= 30_000;
      },
    ),
  );
});

test.each<[Duration, number]>([
  ['250ms', 250],
  ['1.5s', 1_500],
  ['30s', 30_000],
  ['15m', 900_000],
  ['1h', 3_600_000],
])('%s is %i milliseconds', (duration, expected) => {
  expect(milliseconds(duration)).toBe(expected);
});

test('what is not a duration is an error, not zero', () => {
  for (const text of ['', '5', 's', '5 s', '5w', '-5s'])
    expect(() => milliseconds(text as Duration)).toThrow(RangeError);
});
