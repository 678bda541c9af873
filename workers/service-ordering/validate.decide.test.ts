import { expect, test } from 'vitest';
import { aSpecification, anItem, anOrder } from './orders.fixture.ts';
import { findSpecification, validateOrder } from './validate.decide.ts';

const catalog = [
  aSpecification({ version: '1.0', revision: 1, lifecycleStatus: 'retired' }),
  aSpecification({ version: '2.0', revision: 2 }),
  aSpecification({ version: '3.0', revision: 3 }),
  aSpecification({ version: '4.0', revision: 4, lifecycleStatus: 'retired' }),
  aSpecification({ id: 'old', revision: 1, lifecycleStatus: 'retired', serviceType: 'dial-up' }),
];
const version = (found: ReturnType<typeof findSpecification>) => ('code' in found ? found.code : found.version);

test('no version means the newest active one, in whatever order the cache gives them', () => {
  expect(version(findSpecification({ specification: { id: 'line' } }, catalog))).toBe('3.0');
  expect(version(findSpecification({ specification: { id: 'line' } }, catalog.toReversed()))).toBe('3.0');
});

test('a service type alone finds a specification too', () => {
  expect(version(findSpecification({ serviceType: 'broadband' }, catalog))).toBe('3.0');
});

test.each([
  ['a version that is named', { specification: { id: 'line', version: '2.0' } }, '2.0'],
  ['a retired version', { specification: { id: 'line', version: '1.0' } }, 'retiredSpecification'],
  ['a specification with no active version', { specification: { id: 'old' } }, 'retiredSpecification'],
  ['a version that never was', { specification: { id: 'line', version: '9' } }, 'unknownSpecification'],
  ['a specification that never was', { specification: { id: 'nothing' } }, 'unknownSpecification'],
  ['neither specification nor type', {}, 'specificationMissing'],
])('%s: %j gives %s', (_, wanted, expected) => {
  expect(version(findSpecification(wanted, catalog))).toBe(expected);
});

test('a valid order keeps with each added item what it runs by', () => {
  const validated = validateOrder(anOrder(anItem('a')), catalog);
  expect(validated).toMatchObject({
    ok: true,
    resolved: { a: { specification: { version: '3.0' }, characteristics: { rate: 100, technology: 'fibre' } } },
  });
});

test('an item about an existing service is left to be resolved once the service is known', () => {
  const items = [
    anItem('a', { action: 'modify' }),
    anItem('b', { action: 'delete' }),
    anItem('c', { action: 'noChange' }),
  ];
  expect(validateOrder(anOrder(...items), [])).toEqual({ ok: true, resolved: {} });
});

test('an item about an existing service must name it', () => {
  const validated = validateOrder(anOrder(anItem('a', { action: 'modify', serviceNamed: false })), catalog);
  expect(validated).toMatchObject({ ok: false, failures: { a: { code: 'serviceIdMissing' } } });
});

test('a service type that is not the specification’s is refused', () => {
  const validated = validateOrder(anOrder(anItem('a', { serviceType: 'voice' })), catalog);
  expect(validated).toMatchObject({ ok: false, failures: { a: { code: 'serviceTypeMismatch' } } });
});

test('two items about one service are refused', () => {
  const validated = validateOrder(anOrder(anItem('a'), anItem('b', { serviceId: 'service-a' })), catalog);
  expect(validated).toMatchObject({ ok: false, failure: { code: 'serviceTwice' } });
});

test('a fault of the graph is the order’s, not an item’s', () => {
  const validated = validateOrder(anOrder(anItem('a', { dependsOn: ['a'] })), catalog);
  expect(validated).toMatchObject({ ok: false, failures: {}, failure: { code: 'itemCycle' } });
});

test('every wrong item has its own failure, and the order the first of them', () => {
  const wrong = { characteristics: { rate: -1 } };
  const validated = validateOrder(anOrder(anItem('a'), anItem('b', wrong), anItem('c', wrong)), catalog);
  expect(validated).toMatchObject({ ok: false, failure: { reason: expect.stringContaining('Item "b"') } });
  expect(validated.ok || Object.keys(validated.failures)).toEqual(['b', 'c']);
});
