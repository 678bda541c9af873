import { expect, test } from 'vitest';
import type { CharacteristicSpecification } from '../../contracts/messages/service-catalog.ts';
import type { Characteristics } from '../../contracts/messages/values.ts';
import { checkCharacteristics } from './characteristics.decide.ts';
import { aSpecification } from './orders.fixture.ts';

type Value = Characteristics[string];

const against = (one: Partial<CharacteristicSpecification>, given: Characteristics) =>
  checkCharacteristics(
    aSpecification({ characteristics: [{ name: 'x', valueType: 'string', required: false, ...one }] }),
    given,
  );
const fits = (one: Partial<CharacteristicSpecification>, x: Value) => against(one, { x }).ok;

test.each<[Partial<CharacteristicSpecification>, Value]>([
  [{ valueType: 'string' }, 'text'],
  [{ valueType: 'integer' }, 5],
  [{ valueType: 'integer' }, '5'],
  [{ valueType: 'number' }, -0.5],
  [{ valueType: 'number' }, '1e3'],
  [{ valueType: 'boolean' }, false],
  [{ valueType: 'boolean' }, 'true'],
  [{ valueType: 'array' }, []],
  [{ valueType: 'object' }, { a: 1 }],
  [{ allowed: ['a', 'b'] }, 'b'],
  [{ valueType: 'integer', allowed: [10, 20] }, '20'],
  [{ valueType: 'integer', minimum: 1, maximum: 5 }, 1],
  [{ valueType: 'integer', minimum: 1, maximum: 5 }, 5],
  [{ pattern: '^[0-9]+/[0-9]+$' }, '1/22'],
])('%j takes %j', (one, value) => {
  expect(fits(one, value)).toBe(true);
});

test.each<[Partial<CharacteristicSpecification>, Value, string]>([
  [{ valueType: 'string' }, 5, 'must be a string, not 5'],
  [{ valueType: 'integer' }, 5.5, 'must be an integer, not 5.5'],
  [{ valueType: 'integer' }, ' ', 'must be an integer, not " "'],
  [{ valueType: 'number' }, 'ten', 'must be a number'],
  [{ valueType: 'boolean' }, 'yes', 'must be a boolean'],
  [{ valueType: 'array' }, { a: 1 }, 'must be an array'],
  [{ valueType: 'object' }, [1], 'must be an object'],
  [{ allowed: ['a', 'b'] }, 'c', 'must be one of "a", "b", not "c"'],
  [{ valueType: 'integer', minimum: 1 }, 0, 'must be at least 1, not 0'],
  [{ valueType: 'integer', maximum: 5 }, '6', 'must be at most 5, not 6'],
  [{ pattern: '^a' }, 'b', 'must match ^a'],
])('%j does not take %j: %s', (one, value, why) => {
  expect(against(one, { x: value })).toMatchObject({
    ok: false,
    failure: { code: 'invalidCharacteristic', reason: expect.stringContaining(`"x" ${why}`) },
  });
});

test('a required characteristic that is missing or null is named', () => {
  for (const given of [{}, { x: null }]) {
    expect(against({ required: true }, given)).toMatchObject({
      failure: { reason: expect.stringContaining('"x" is required') },
    });
  }
});

test('a default stands in for what is not given, and is no more allowed to break the constraints', () => {
  expect(against({ required: true, default: 'd' }, {})).toEqual({ ok: true, characteristics: { x: 'd' } });
  expect(against({ default: 'd', allowed: ['a'] }, {}).ok).toBe(false);
});

test('an optional characteristic that is not given stays out', () => {
  expect(against({}, {})).toEqual({ ok: true, characteristics: {} });
});

test('a characteristic the specification does not know is refused, with those it knows', () => {
  expect(against({}, { y: 1 })).toMatchObject({ failure: { reason: expect.stringMatching(/"y".*it has x/) } });
});

test('everything that is wrong is said at once', () => {
  const specification = aSpecification();
  const checked = checkCharacteristics(specification, { rate: 0, technology: 'smoke', speed: 1 });
  expect(checked.ok).toBe(false);
  for (const name of ['rate', 'technology', 'speed'])
    expect(checked).toMatchObject({ failure: { reason: expect.stringContaining(`"${name}"`) } });
});
