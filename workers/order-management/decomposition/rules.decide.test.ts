import { expect, test } from 'vitest';
import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import { aPart, aRule, aService, about, anItem, anOrder, planOf } from './orders.fixture.ts';
import { realize } from './realize.decide.ts';
import { chooseRules, compareVersions, ruleFor } from './rules.decide.ts';

const services = [aService('a')];
const version = (id: string, of: string, revision: number, said = {}): DecompositionRule =>
  aRule(id, { specification: { id, version: of }, version: `${of}/${revision}`, revision, services, ...said });
const named = (rules: readonly DecompositionRule[]) =>
  rules.map(({ specification, version: rule }) => `${specification.id} ${rule}`);

const rules = [
  version('line', '1.10', 1),
  version('line', '1.9', 1),
  version('line', '1.9', 2),
  version('line', '2.0', 1, { lifecycleStatus: 'retired' }),
  version('line', '1.9', 3, { lifecycleStatus: 'retired' }),
  version('home', '1.0', 1, {
    products: [aPart('new', 'line'), { name: 'old', specification: { id: 'line', version: '1.9' } }],
  }),
];

test.each([
  ['1.9', '1.10', -1],
  ['2', '1.10', 1],
  ['1.0', '1.0', 0],
  ['1', '1.0', -1],
  ['1.0-beta', '1.0-alpha', 1],
  ['a', 'b', -1],
])('version %s against %s is %d', (one, other, order) => {
  expect(Math.sign(compareVersions(one, other))).toBe(order);
});

test.each([
  [{ id: 'line' }, '1.10/1'],
  [{ id: 'line', version: '1.9' }, '1.9/2'],
])('of %j the newest active rule is taken', (ref, rule) => {
  expect(ruleFor(rules, ref)).toMatchObject({ version: rule });
});

test('an order is pinned to a rule for each version that it and its bundles name', () => {
  expect(named(chooseRules(anOrder('1', anItem('1', 'home')), rules, []).rules)).toEqual([
    'home 1.0/1',
    'line 1.10/1',
    'line 1.9/2',
  ]);
});

test('a modify is pinned to the newest rule of its version, and knows the one the product was made by', () => {
  const order = anOrder('1', anItem('1', '', { specification: { id: 'line', version: '1.9' } }));
  const products = realize(planOf(order, { rules: rules.filter(({ revision }) => revision === 1) }), order);
  const chosen = chooseRules(anOrder('2', about(products[0]?.id ?? '', 'modify')), rules, products);
  expect([named(chosen.rules), named(chosen.former)]).toEqual([['line 1.9/2'], ['line 1.9/1']]);
  const ended = chooseRules(anOrder('2', about(products[0]?.id ?? '', 'delete')), rules, products);
  expect([named(ended.rules), named(ended.former)]).toEqual([[], ['line 1.9/1']]);
});

test('a product whose rules are all retired is changed by the one it was made by', () => {
  const order = anOrder('1', anItem('1', 'line'));
  const products = realize(planOf(order, { rules }), order);
  const retired = rules.map((rule) => ({ ...rule, lifecycleStatus: 'retired' as const }));
  const modify = anOrder('2', about(products[0]?.id ?? '', 'modify'));
  expect(chooseRules(modify, retired, products)).toMatchObject({ rules: [], faults: [] });
  expect(planOf(modify, { rules: [], former: retired, products }).products[0]?.rule).toBe('1.10/1');
});

test('what there is no rule for, and bundles that contain themselves, are faults of their item', () => {
  const loop = [
    version('a', '1', 1, { products: [aPart('p', 'b')] }),
    version('b', '1', 1, { products: [aPart('p', 'a')] }),
  ];
  const { faults } = chooseRules(anOrder('1', anItem('1', 'a'), anItem('2', 'ghost')), loop, []);
  expect(faults.map(({ itemId, failure }) => `${itemId} ${failure.reason}`)).toEqual([
    '1 A bundle contains itself: a 1 (rule 1/1) -> b 1 (rule 1/1) -> a 1 (rule 1/1).',
    '2 There is no decomposition rule for product specification "ghost".',
  ]);
  const missing = chooseRules(anOrder('1', anItem('1', 'home')), rules.slice(-1), []).faults;
  expect(missing[0]?.failure.reason).toBe(
    'There is no decomposition rule for product specification "line". It is bundled in home 1.0 (rule 1.0/1).',
  );
});
