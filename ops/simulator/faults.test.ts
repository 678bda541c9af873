import { expect, test } from 'vitest';
import { concerns, faultRule, seeded } from './faults.ts';

const rule = (given: Record<string, unknown>) =>
  faultRule.parse({ manager: 'olt', operation: 'reserve', kind: 'reset', ...given });
const reserve = { manager: 'olt', operation: 'reserve', serviceRef: 's1', reference: 'item-7:reserve:apply:1' };
const health = { manager: 'olt', operation: 'health' };

test('a rule concerns what it names', () => {
  expect(concerns(rule({}), reserve)).toBe(true);
  expect(concerns(rule({ manager: '*', operation: '*' }), reserve)).toBe(true);
  expect(concerns(rule({ operation: 'calls' }), reserve)).toBe(true);
  expect(concerns(rule({ operation: 'clear' }), reserve)).toBe(false);
  expect(concerns(rule({ manager: 'ipam' }), reserve)).toBe(false);
});

test.each([
  [{ serviceRef: 's1' }, true],
  [{ serviceRef: 's' }, false],
  [{ serviceRef: 's*' }, true],
  [{ reference: '*:apply:*' }, true],
  [{ reference: '*:undo:*' }, false],
  [{ reference: 'item-7:*:1' }, true],
  [{ reference: 'item-7:reserve:apply:1*1' }, false],
  [{ serviceRef: 's1', reference: 'x' }, false],
])('a match of %j concerns it: %s', (match, expected) => {
  expect(concerns(rule({ match }), reserve)).toBe(expected);
});

test('an outage takes the reads with it, what needs a call does not touch them', () => {
  expect(concerns(rule({ operation: '*', kind: 'hang' }), health)).toBe(true);
  expect(concerns(rule({ operation: 'reads', kind: 'error' }), health)).toBe(true);
  expect(concerns(rule({ operation: 'calls', kind: 'error' }), health)).toBe(false);
  expect(concerns(rule({ operation: '*', kind: 'lost-answer' }), health)).toBe(false);
  expect(concerns(rule({ operation: '*', kind: 'wrong-answer' }), health)).toBe(false);
  expect(concerns(rule({ operation: 'health', kind: 'wrong-answer' }), health)).toBe(true);
});

test('a seed gives the same numbers again, evenly spread', () => {
  const numbers = Array.from({ length: 1000 }, (_, n) => seeded(42, n));
  expect(numbers).toEqual(Array.from({ length: 1000 }, (_, n) => seeded(42, n)));
  expect(numbers).not.toEqual(Array.from({ length: 1000 }, (_, n) => seeded(43, n)));
  const share = numbers.filter((each) => each < 0.3).length / 1000;
  expect(share).toBeGreaterThan(0.25);
  expect(share).toBeLessThan(0.35);
});
