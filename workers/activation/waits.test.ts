import { expect, test } from 'vitest';
import type { Characteristics } from '../../contracts/messages/values.ts';
import { waitOf } from './waits.ts';

const step = { name: 'order-port', external: { deadline: '30d', pollEvery: '1m' } } as const;
const declared = { deadlineMs: 30 * 24 * 3_600_000, pollMs: 60_000 };
const said = (waits: Characteristics[string]) => waitOf(step, { activation: { waits } });

test('an outside system has as long as its step declares, and another time where the specification says so', () => {
  expect(waitOf(step, { activation: {} })).toEqual(declared);
  expect(said({ 'order-port': { deadline: '10d' } })).toEqual({ ...declared, deadlineMs: 10 * 24 * 3_600_000 });
  expect(said({ 'order-port': { deadline: '2s', pollEvery: '200ms' } })).toEqual({ deadlineMs: 2_000, pollMs: 200 });
  expect(said({ 'another-step': { deadline: '1s' } })).toEqual(declared);
});

test.each([['soon'], ['0s'], ['-1s'], ['1e9d'], ['999999d'], [5], [null]])(
  'a specification that says %j is not listened to',
  (deadline) => {
    expect(said({ 'order-port': { deadline } })).toEqual(declared);
  },
);

test('a step that waits for nobody does not begin to because a specification says so', () => {
  const waits = { 'order-port': { deadline: '1s' } };
  expect(waitOf({ name: 'order-port', external: undefined }, { activation: { waits } })).toBe(undefined);
});
