import { expect, test } from 'vitest';
import { aCommand, aStep, rules } from './activations.fixture.ts';
import { compensationFor, planFor } from './plan.decide.ts';

const planOf = (...[over, steps = rules.steps]: [Parameters<typeof aCommand>[0], typeof rules.steps?]) =>
  planFor(aCommand(over), steps).map(({ step, direction, values }) => `${direction} ${step} ${values}`);

test('an add applies every step in order', () => {
  expect(planOf({ action: 'add' })).toEqual([
    'apply reserve requested',
    'apply allocate requested',
    'apply configure requested',
  ]);
});

test('a delete undoes every step, last first', () => {
  expect(planOf({ action: 'delete' })).toEqual([
    'undo configure requested',
    'undo allocate requested',
    'undo reserve requested',
  ]);
});

test('a modify applies only the steps whose characteristics change', () => {
  const previous = { port: '1', prefix: 29, rate: 100 };
  expect(planOf({ action: 'modify', previous, requested: { ...previous, rate: 200 } })).toEqual([
    'apply configure requested',
  ]);
  expect(planOf({ action: 'modify', previous, requested: { prefix: 28, rate: 100 } })).toEqual([
    'apply reserve requested',
    'apply allocate requested',
  ]);
});

test('a modify that changes nothing a step depends on is no work at all', () => {
  expect(planOf({ action: 'modify', previous: { rate: 1, note: 'a' }, requested: { rate: 1, note: 'b' } })).toEqual([]);
});

test('a step that does not say what it uses depends on everything', () => {
  const steps = [aStep({ name: 'all', platform: 'safe', uses: undefined })];
  expect(planOf({ action: 'modify', previous: { a: 1 }, requested: { a: 1 } }, steps)).toEqual([]);
  expect(planOf({ action: 'modify', previous: { a: 1 }, requested: {} }, steps)).toEqual(['apply all requested']);
  expect(planOf({ action: 'modify', previous: {}, requested: { b: [1, { c: 2 }] } }, steps)).toHaveLength(1);
});

test('an add is taken back by the undo of each step, a modify by the values before, both last first', () => {
  const landed = planFor(aCommand(), rules.steps).slice(0, 2);
  const taken = (action: 'add' | 'modify') =>
    compensationFor({ action }, landed).map(({ step, direction, values }) => `${direction} ${step} ${values}`);
  expect(taken('add')).toEqual(['undo allocate requested', 'undo reserve requested']);
  expect(taken('modify')).toEqual(['apply allocate previous', 'apply reserve previous']);
});
