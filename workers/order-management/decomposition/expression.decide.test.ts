import { describe, expect, test } from 'vitest';
import { type Condition, type Expression, condition, expression } from '../../../contracts/messages/decomposition.ts';
import { judge } from './condition.decide.ts';
import { evaluate } from './expression.decide.ts';
import type { Scope } from './scope.decide.ts';

const scope: Scope = {
  characteristics: { speed: 1, tier: 'gold', size: '20', list: ['a', 'b'], object: { b: 1, a: 2 }, none: null },
  origins: { speed: 'item "1" says so' },
  bundle: { characteristics: { tier: 'family' }, origins: { tier: 'default of the product' } },
};

/** As declared: what is no expression is no case here. */
const come = (one: Expression) => evaluate(expression.parse(one), scope);

describe('an expression', () => {
  test.each<[string, Expression, unknown, string]>([
    ['a constant', { value: 7 }, 7, 'the rule says so'],
    ['a characteristic', { from: 'speed' }, 1, 'speed (item "1" says so)'],
    ['one of the bundle', { from: 'bundle.tier' }, 'family', 'bundle.tier (of the bundle, default of the product)'],
    ['a default', { from: 'upSpeed', default: 5 }, 5, "the rule's default, as upSpeed has no value"],
    ['null, which is no value', { from: 'none', default: 5 }, 5, "the rule's default, as none has no value"],
    ['nothing', { from: 'upSpeed' }, undefined, 'upSpeed has no value: nothing is said of it'],
    [
      'a conversion',
      { convert: { from: 'speed' }, from: 'Gbit/s', to: 'Mbit/s' },
      1000,
      '1 Gbit/s in Mbit/s, from speed (item "1" says so)',
    ],
    [
      'a conversion of text',
      { convert: { from: 'size' }, from: 'GB', to: 'MB' },
      20_000,
      '20 GB in MB, from size (as the product has it)',
    ],
    [
      'a conversion of nothing',
      { convert: { from: 'upSpeed' }, from: 'GB', to: 'MB' },
      undefined,
      'upSpeed has no value: nothing is said of it',
    ],
    [
      'a translation',
      { translate: { from: 'tier' }, by: { gold: 'XGS-PON' } },
      'XGS-PON',
      'stands for "gold", from tier (as the product has it)',
    ],
    [
      'a translation of a number',
      { translate: { from: 'speed' }, by: { 1: 'one' } },
      'one',
      'stands for 1, from speed (item "1" says so)',
    ],
    [
      'a translation of a stranger',
      { translate: { from: 'tier' }, by: { tin: 1 } },
      undefined,
      'nothing stands for "gold", from tier (as the product has it)',
    ],
    [
      'otherwise',
      { translate: { from: 'tier' }, by: { tin: 1 }, otherwise: 2 },
      2,
      'otherwise, as nothing stands for "gold", from tier (as the product has it)',
    ],
    [
      'a join',
      { join: [{ from: 'tier' }, { value: 9 }], with: '-' },
      'gold-9',
      'joined of tier (as the product has it); the rule says so',
    ],
    [
      'a join with a part missing',
      { join: [{ value: 'a' }, { from: 'upSpeed' }] },
      undefined,
      'upSpeed has no value: nothing is said of it',
    ],
    ['the first', { first: [{ from: 'upSpeed' }, { from: 'speed' }] }, 1, 'speed (item "1" says so)'],
    ['the first of none', { first: [{ from: 'upSpeed' }] }, undefined, 'upSpeed has no value: nothing is said of it'],
    [
      'then',
      { when: { characteristic: 'tier', is: 'gold' }, then: { value: 1 } },
      1,
      'the rule says so, as tier is "gold"',
    ],
    [
      'otherwise of a condition',
      { when: { characteristic: 'tier', is: 'tin' }, then: { value: 1 }, otherwise: { value: 2 } },
      2,
      'the rule says so, as tier is "gold", not "tin"',
    ],
    [
      'neither',
      { when: { characteristic: 'tier', is: 'tin' }, then: { value: 1 } },
      undefined,
      'tier is "gold", not "tin"',
    ],
  ])('may be %s', (_, one, value, because) => {
    expect(come(one)).toEqual({ value, because });
  });

  test.each<[string, Expression, string]>([
    [
      'converting a word',
      { convert: { from: 'tier' }, from: 'GB', to: 'MB' },
      '"gold" is not a number and cannot be converted from GB to MB',
    ],
    ['joining a list', { join: [{ from: 'list' }] }, '["a","b"] is not a text and cannot be joined with others'],
    [
      'a fault within',
      { first: [{ join: [{ from: 'list' }] }, { value: 1 }] },
      '["a","b"] is not a text and cannot be joined with others',
    ],
  ])('says what is wrong with %s', (_, one, fault) => {
    expect(come(one)).toEqual({ fault });
  });

  test('does not take what every object has for a characteristic', () => {
    expect(come({ from: 'constructor', default: 'none' })).toMatchObject({ value: 'none' });
    expect(come({ translate: { value: 'toString' }, by: {} })).toMatchObject({ value: undefined });
  });
});

describe('a condition', () => {
  test.each<[Condition, boolean, string]>([
    [{ characteristic: 'tier', is: 'gold' }, true, 'tier is "gold"'],
    [{ characteristic: 'tier', is: 'tin' }, false, 'tier is "gold", not "tin"'],
    [{ characteristic: 'object', is: { a: 2, b: 1 } }, true, 'object is {"a":2,"b":1}'],
    [{ characteristic: 'tier', in: ['tin', 'gold'] }, true, 'tier is "gold", one of "tin", "gold"'],
    [{ characteristic: 'tier', in: ['tin'] }, false, 'tier is "gold", none of "tin"'],
    [{ characteristic: 'speed', atLeast: 1 }, true, 'speed is 1, at least 1'],
    [{ characteristic: 'speed', atLeast: 2 }, false, 'speed is 1, less than 2'],
    [{ characteristic: 'size', atMost: 20 }, true, 'size is 20, at most 20'],
    [{ characteristic: 'size', atMost: 19 }, false, 'size is 20, more than 19'],
    [{ characteristic: 'tier', atLeast: 1 }, false, 'tier is "gold", which is no number'],
    [{ characteristic: 'upSpeed', atLeast: 1 }, false, 'upSpeed is not given'],
    [{ characteristic: 'upSpeed', present: false }, true, 'upSpeed is not given'],
    [{ characteristic: 'speed', present: true }, true, 'speed is 1'],
    [{ not: { characteristic: 'tier', is: 'tin' } }, true, 'tier is "gold", not "tin"'],
    [
      {
        all: [
          { characteristic: 'speed', is: 1 },
          { characteristic: 'tier', is: 'tin' },
        ],
      },
      false,
      'tier is "gold", not "tin"',
    ],
    [
      {
        all: [
          { characteristic: 'speed', is: 1 },
          { characteristic: 'tier', is: 'gold' },
        ],
      },
      true,
      'speed is 1 and tier is "gold"',
    ],
    [
      {
        any: [
          { characteristic: 'speed', is: 2 },
          { characteristic: 'bundle.tier', is: 'family' },
        ],
      },
      true,
      'bundle.tier is "family"',
    ],
    [{ any: [{ characteristic: 'speed', is: 2 }] }, false, 'speed is 1, not 2'],
  ])('%j', (one, holds, because) => {
    expect(judge(condition.parse(one), scope)).toEqual({ holds, because });
  });
});
