import { expect, test } from 'vitest';
import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type { RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import { aPart, aRule, aService, about, anItem, anOrder, declared, faultsOf, planOf } from './orders.fixture.ts';
import { realize } from './realize.decide.ts';

const line = aRule('line', {
  characteristics: [declared('speed', { required: true, maximum: 10 }), declared('name', { valueType: 'string' })],
  services: [aService('access', { characteristics: { down: { convert: { from: 'name' }, from: 'GB', to: 'MB' } } })],
});
const bundle = aRule('bundle', {
  characteristics: [declared('lines', { default: 1 })],
  products: [aPart('line', 'line', { quantity: { from: 'lines' }, characteristics: { speed: { value: 1 } } })],
});
const circle = aRule('circle', { services: [aService('a', { after: ['b'] }), aService('b', { after: ['a'] })] });
const many = aRule('many', { services: Array.from({ length: 21 }, (_, at) => aService(`s${at}`)) });
const rules = [line, bundle, circle, many, aRule('retired', { lifecycleStatus: 'retired', services: [aService('a')] })];
const speed = { characteristics: { speed: 1 } };
const made = anOrder('before', anItem('1', 'line', speed));
const products = realize(planOf(made, { rules }), made);
const there = products[0]?.id ?? '';

test.each<[string, RequestedProductItem[], string | RegExp, DecompositionRule[]?]>([
  [
    'a product without rule',
    [anItem('1', 'ghost')],
    '1 unknownSpecification: There is no decomposition rule for product specification "ghost".',
  ],
  [
    'a version without rule',
    [anItem('1', '', { specification: { id: 'line', version: '2.0' } })],
    '1 unknownSpecification: There is no decomposition rule for product specification "line" version "2.0". There are rules for 1.0.',
  ],
  [
    'a retired product',
    [anItem('1', 'retired')],
    '1 retiredSpecification: The rules for product specification "retired" are retired: it can no longer be ordered.',
  ],
  [
    'no specification',
    [anItem('1', '')],
    '1 specificationMissing: Name a product.productSpecification.id to say what to add.',
  ],
  ['a missing characteristic', [anItem('1', 'line')], '1 invalidCharacteristic: "speed" is required.'],
  [
    'a characteristic that is none',
    [anItem('1', 'line', { characteristics: { speed: 1, colour: 1 } })],
    '1 invalidCharacteristic: "colour" is not a characteristic of line 1.0 (rule 1) (it has speed, name).',
  ],
  [
    'a value beyond its bounds',
    [anItem('1', 'line', { characteristics: { speed: 11 } })],
    '1 invalidCharacteristic: "speed" must be at most 10, not 11.',
  ],
  [
    'a value that cannot be computed',
    [anItem('1', 'line', { characteristics: { speed: 1, name: 'x' } })],
    '1 noValue: Component "access" of line 1.0 (rule 1), down: "x" is not a number and cannot be converted from GB to MB.',
  ],
  [
    'an item id used twice',
    [anItem('1', 'line', speed), anItem('1', 'line', speed)],
    '1 duplicateItem: Item id "1" is used twice; item ids must be unique within the order.',
  ],
  [
    'an unknown item',
    [anItem('1', 'line', { ...speed, dependsOn: ['9'] })],
    '1 unknownItem: It refers to item "9", which this order does not have.',
  ],
  [
    'items nested in a circle',
    [anItem('1', 'line', { ...speed, partOf: '2' }), anItem('2', 'line', { ...speed, partOf: '1' })],
    '1 itemCircle: Items are nested in a circle: 1 -> 2 -> 1.',
  ],
  [
    'items that depend on each other',
    [anItem('1', 'line', { ...speed, dependsOn: ['2'] }), anItem('2', 'line', { ...speed, dependsOn: ['1'] })],
    /^1 circle: Each would have to be done before the next: .*item "2"/,
  ],
  ['an item that depends on itself', [anItem('1', 'line', { ...speed, dependsOn: ['1'] })], /^1 circle: /],
  [
    'components in a circle',
    [anItem('1', 'circle')],
    '1 circle: Each would have to be done before the next: "a" of circle (item "1") -> "b" of circle (item "1") -> "a" of circle (item "1").',
  ],
  [
    'a bundle that contains itself',
    [anItem('1', 'loop')],
    /^1 bundleCircle: A bundle contains itself: loop 1.0 \(rule 1\) -> loop/,
    [aRule('loop', { products: [aPart('loop', 'loop')] })],
  ],
  [
    'an unknown part',
    [anItem('1', 'bundle'), anItem('2', 'ghost', { partOf: '1' })],
    '2 unknownPart: specification "ghost" means no one product of bundle 1.0 (rule 1); it bundles "line" (line).',
  ],
  [
    'a part that the bundle leaves out',
    [anItem('1', 'bundle', { characteristics: { lines: 0 } }), anItem('2', 'line', { partOf: '1' })],
    '2 partNotTaken: The bundle has 0 of "line", and this item speaks for none; lines (item "1" says so).',
  ],
  [
    'a part in another quantity',
    [anItem('1', 'bundle'), anItem('2', 'line', { partOf: '1', quantity: 3 })],
    '2 partQuantity: The bundle has 1 of "line", not 3; lines (default of the product).',
  ],
  [
    'a part that is deleted and stays',
    [anItem('1', 'bundle'), anItem('2', 'line', { partOf: '1', action: 'delete' })],
    /^2 partKept: "line" stays/,
  ],
  [
    'a quantity that is none',
    [anItem('1', 'bundle', { characteristics: { lines: -1 } })],
    '1 noQuantity: How many of "line" there are in bundle 1.0 (rule 1): -1 is no number of products.',
  ],
  [
    'a bundle of too many',
    [anItem('1', 'bundle', { characteristics: { lines: 1_000_000_000 } })],
    '1 tooManyProducts: bundle 1.0 (rule 1) comes to 1000000000 of "line", more than 200.',
  ],
  [
    'a quantity of too many',
    [anItem('1', 'line', { ...speed, quantity: 1_000_000_000 })],
    '1 tooManyProducts: The order comes to more than 200 products; order them apart.',
  ],
  [
    'too many service orders',
    [anItem('1', 'many', { quantity: 10 })],
    '1 tooManyDeliveries: The order comes to 210 service orders, more than 200; order its items apart.',
  ],
  [
    'too many dependencies',
    [anItem('1', 'many', { quantity: 4 }), anItem('2', 'many', { quantity: 4, dependsOn: ['1'] })],
    /^1 tooManyDependencies: Its service orders depend on each other 7056 times/,
  ],
  [
    'a product that is not there',
    [about('ghost', 'modify')],
    '1 unknownProduct: Product ghost is not in the product inventory.',
  ],
  [
    'no product at all',
    [anItem('1', '', { action: 'delete' })],
    '1 productIdMissing: Action delete needs product.id of the product it is about.',
  ],
  [
    'several of a product that is there',
    [about(there, 'delete', { quantity: 2 })],
    '1 quantity: Only an add has a quantity; delete is about one product.',
  ],
  [
    'one product in two items',
    [about(there, 'delete'), about(there, 'modify', { itemId: '2' })],
    `2 productTwice: Item "1" is about product ${there} too; one order changes a product once.`,
  ],
])('%s is said in a sentence', (_, items, fault, more = []) => {
  const [first, ...others] = faultsOf(anOrder('1', ...items), { rules: [...rules, ...more], products });
  expect(first).toMatch(fault);
  expect([...others].every((other) => /^\w+ \w+: .+\.$/s.test(other))).toBe(true);
});

test('a plan that no message could hold is said to be too large', () => {
  const large = anItem('1', 'line', { quantity: 50, characteristics: { speed: 1, note: 'é'.repeat(4_000) } });
  const noted = aRule('line', {
    characteristics: [declared('speed'), declared('note', { valueType: 'string' })],
    services: [aService('access')],
  });
  expect(faultsOf(anOrder('1', large), { rules: [noted] })).toEqual([
    expect.stringMatching(
      /^1 planTooLarge: It comes to \d+ KiB of products and service orders, more than 232 KiB; order less at once\.$/,
    ),
  ]);
});

test('all that is wrong is said, not the first alone', () => {
  expect(faultsOf(anOrder('1', anItem('1', 'line'), anItem('2', 'ghost')), { rules })).toHaveLength(2);
});

test('a product that has ended is not changed', () => {
  const ended = products.map((product) => ({ ...product, status: 'terminated' as const }));
  expect(faultsOf(anOrder('1', about(there, 'modify')), { rules, products: ended })).toEqual([
    `1 productEnded: Product ${there} is terminated.`,
  ]);
});
