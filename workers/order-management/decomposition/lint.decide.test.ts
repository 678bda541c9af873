import { expect, test } from 'vitest';
import {
  type DecompositionRule,
  type DecompositionRuleFile,
  type RecoveryPolicy,
  recoveryPolicy,
} from '../../../contracts/messages/decomposition.ts';
import { serviceSpecification } from '../../../contracts/messages/service-catalog.ts';
import { lint } from './lint.decide.ts';
import { aPart, aRule, aService, declared } from './orders.fixture.ts';

const specification = serviceSpecification.parse({
  id: 'a-service',
  version: '1.0',
  revision: 1,
  name: 'A',
  lifecycleStatus: 'active',
  serviceType: 'a',
  characteristics: [declared('down', { maximum: 10 }), declared('size', { required: true })],
  resourceRequirements: [],
  requires: [],
  configurationTemplate: {},
  activation: {},
});
const everything: RecoveryPolicy = { serviceType: '*', revision: 1, cases: { any: [{ do: 'hold' }] } };
const aPolicy = (cases: unknown, said = {}): RecoveryPolicy =>
  recoveryPolicy.parse({ serviceType: 'a', revision: 1, cases, ...said });

/** What is said: where, in which of them, and what. */
const found = (rules: DecompositionRule[], policies = [everything], specifications?: (typeof specification)[]) =>
  lint({ rules, policies, specifications }).map(({ in: subject, path, message }) => {
    const title = 'cases' in subject ? `policy ${subject.serviceType}` : subject.specification.id;
    return `${title} ${path.join('.')}: ${message}`;
  });

const x = declared('x');
const one = (said: Partial<DecompositionRuleFile>): DecompositionRule =>
  aRule('one', { services: [aService('a')], ...said });
const component = (said: Parameters<typeof aService>[1]): DecompositionRule =>
  one({ characteristics: [x], services: [aService('a', said)] });

test('rules that are whole have no findings', () => {
  const part = aRule('part', {
    characteristics: [x],
    services: [aService('b', { standsOn: ['a'].map((name) => `one/${name}`) })],
  });
  const bundle = aRule('bundle', {
    products: [aPart('one', 'one'), aPart('part', 'part', { characteristics: { x: { value: 1 } } })],
  });
  expect(found([one({}), part, bundle])).toEqual([]);
});

test.each<[string, DecompositionRule[], string]>([
  [
    'a component that is none',
    [component({ after: ['b'] })],
    'one services.0.after.0: "b" is no component of one 1.0 (rule 1).',
  ],
  [
    'a bundled component that is none',
    [
      one({}),
      one({
        specification: { id: 'bundle', version: '1.0' },
        services: [aService('b', { standsOn: ['p/b'] })],
        products: [aPart('p', 'one')],
      }),
    ],
    'bundle services.0.standsOn.0: "p/b" is no component of bundle 1.0 (rule 1).',
  ],
  [
    'a circle',
    [one({ services: [aService('a', { after: ['b'] }), aService('b', { standsOn: ['a'] })] })],
    'one services.0: Each would have to be done before the next: a -> b -> a.',
  ],
  [
    'a component after itself',
    [component({ after: ['a'] })],
    'one services.0: Each would have to be done before the next: a -> a.',
  ],
  [
    'a circle across a bundle',
    [
      aRule('part', { services: [aService('b', { after: ['q/b'] })] }),
      aRule('other', { services: [aService('b', { after: ['p/b'] })] }),
      aRule('bundle', { products: [aPart('p', 'part'), aPart('q', 'other')] }),
    ],
    'bundle products: Each would have to be done before the next: p/b -> q/b -> p/b.',
  ],
  [
    'a bundle that contains itself',
    [one({ products: [aPart('p', 'one')] })],
    'one products.0.specification: "p" makes the bundle contain itself: one 1.0 (rule 1) -> one 1.0 (rule 1).',
  ],
  [
    'a bundle that contains itself by another',
    [one({ products: [aPart('p', 'two')] }), aRule('two', { products: [aPart('q', 'one')] })],
    'one products.0.specification: "p" makes the bundle contain itself: one 1.0 (rule 1) -> two 1.0 (rule 1) -> one 1.0 (rule 1).',
  ],
  [
    'a bundled product without rule',
    [one({ products: [aPart('p', 'ghost')] })],
    'one products.0.specification: There is no decomposition rule for product specification "ghost".',
  ],
  [
    'a bundled version without rule',
    [one({}), aRule('bundle', { products: [{ name: 'p', specification: { id: 'one', version: '7' } }] })],
    'bundle products.0.specification: There is no decomposition rule for product specification "one" version "7". There are rules for 1.0.',
  ],
  [
    'a characteristic nobody declares',
    [component({ characteristics: { down: { first: [{ from: 'x' }, { from: 'y' }] } } })],
    'one services.0.characteristics.down.first.1.from: reads "y", which the rule does not declare (it has x).',
  ],
  [
    'a condition on what nobody declares',
    [component({ when: { all: [{ not: { characteristic: 'y', is: 1 } }] } })],
    'one services.0.when.all.0.not.characteristic: reads "y", which the rule does not declare (it has x).',
  ],
  [
    'a characteristic of no bundle',
    [component({ characteristics: { down: { from: 'bundle.x' } } })],
    'one services.0.characteristics.down.from: reads "bundle.x", but no bundle has such a product.',
  ],
  [
    'a characteristic its bundle does not declare',
    [
      component({ characteristics: { down: { from: 'bundle.z' } } }),
      aRule('bundle', { products: [aPart('p', 'one')] }),
    ],
    'one services.0.characteristics.down.from: reads "bundle.z", which bundle bundle 1.0 does not declare.',
  ],
  [
    'a quantity of what nobody declares',
    [one({}), aRule('bundle', { products: [aPart('p', 'one', { quantity: { from: 'n' } })] })],
    'bundle products.0.quantity.from: reads "n", which the rule does not declare.',
  ],
  [
    'units of different quantities',
    [component({ characteristics: { down: { convert: { from: 'x' }, from: 'Gbit/s', to: 'GB' } } })],
    'one services.0.characteristics.down.convert: "Gbit/s" is a unit of bit rate, "GB" of amount of data: one cannot be converted to the other.',
  ],
  [
    'a comparison that never holds',
    [component({ when: { characteristic: 'x', in: ['much'] } })],
    'one services.0.when: never holds for "much": "x" must be an integer, not "much".',
  ],
  [
    'a comparison of text with a bound',
    [
      one({
        characteristics: [declared('t', { valueType: 'string' })],
        services: [aService('a', { when: { characteristic: 't', atLeast: 1 } })],
      }),
    ],
    'one services.0.when: never holds: "t" is declared as string, not as a number.',
  ],
  [
    'a bundled product characteristic that is none',
    [one({}), aRule('bundle', { products: [aPart('p', 'one', { characteristics: { z: { value: 1 } } })] })],
    'bundle products.0.characteristics.z: one 1.0 (rule 1) has no characteristic "z".',
  ],
  [
    'a characteristic declared twice',
    [one({ characteristics: [x, x] })],
    'one characteristics.1.name: "x" is declared twice.',
  ],
  [
    'a default out of bounds',
    [one({ characteristics: [declared('x', { default: 5, maximum: 4 })] })],
    'one characteristics.0.default: "x" must be at most 4, not 5.',
  ],
  [
    'a pattern that is none',
    [one({ characteristics: [declared('x', { pattern: '(' })] })],
    'one characteristics.0.pattern: "(" is not a regular expression.',
  ],
  [
    'bounds the wrong way round',
    [one({ characteristics: [declared('x', { minimum: 5, maximum: 4 })] })],
    'one characteristics.0.minimum: is above the maximum: no value is both at least 5 and at most 4.',
  ],
  [
    'a name used twice',
    [one({ services: [aService('a'), aService('a')] })],
    'one services.1.name: "a" is the name of another component too.',
  ],
  [
    'what must be on what may be missing',
    [one({ services: [aService('a', { optional: true }), aService('b', { standsOn: ['a'] })] })],
    'one services.1.standsOn.0: "b" must be delivered and stands on "a", which may be left out.',
  ],
  [
    'a product that comes to nothing',
    [one({ services: [] })],
    'one services: The product comes to nothing: there are neither services nor products.',
  ],
  [
    'one version with two contents',
    [one({}), one({ name: 'other' })],
    'one version: one 1.0 (rule 1) is there twice with different content; a change needs a version and revision of its own.',
  ],
  [
    'one revision of two versions',
    [one({}), one({ version: '2' })],
    'one revision: 1 is the revision of another one too; each change counts on.',
  ],
  [
    'a revision that leaves one out',
    [one({}), one({ version: '3', revision: 3 })],
    'one revision: is 3, and the one before it is 1: revisions are consecutive.',
  ],
])('%s is found', (_, rules, finding) => {
  expect(found(rules)).toContain(finding);
});

test('the same rule twice is no finding, nor are consecutive revisions', () => {
  expect(found([one({}), one({}), one({ version: '2', revision: 2 })])).toEqual([]);
});

test.each<[string, DecompositionRule, string]>([
  [
    'a characteristic the service does not have',
    component({ characteristics: { size: { value: 1 }, up: { value: 1 } } }),
    'one services.0.characteristics.up: a-service 1.0 has no characteristic "up" (it has down, size).',
  ],
  [
    'a required one that is left out',
    component({ characteristics: {} }),
    'one services.0.characteristics: leaves out "size", which a-service 1.0 requires.',
  ],
  [
    'a value the service does not take',
    component({ characteristics: { size: { value: 1 }, down: { translate: { from: 'x' }, by: { 1: 11 } } } }),
    'one services.0.characteristics.down: "down" of a-service 1.0 must be at most 10, not 11.',
  ],
  [
    'another service type',
    component({ serviceType: 'b', characteristics: { size: { value: 1 } } }),
    'one services.0.serviceType: is "b", but a-service 1.0 is of service type "a".',
  ],
  [
    'a service specification that is none',
    component({ specification: { id: 'a-service', version: '2.0' } }),
    'one services.0.specification: There is no service specification a-service 2.0.',
  ],
])('%s is found in the service catalog', (_, rule, finding) => {
  expect(found([rule], [everything], [specification])).toEqual([finding]);
  expect(found([rule])).toEqual([]);
});

test.each<[string, RecoveryPolicy[], string]>([
  [
    'a retry that is the last step',
    [aPolicy({ refused: [{ do: 'retry', attempts: 2 }] })],
    'policy a cases.refused.0: A retry cannot be the last step: say what is done when it does not help (compensate, rollBack, hold).',
  ],
  [
    'marking partial as the last step',
    [aPolicy({ any: [{ do: 'markPartial' }] })],
    'policy a cases.any.0: Marking partial cannot be the last step: say what is done where the component is not optional.',
  ],
  [
    'keeping what was refused',
    [aPolicy({ refused: [{ do: 'keep' }] })],
    'policy a cases.refused.0: "keep" takes a service as it is, which there is for "partial" alone, not for "refused".',
  ],
  [
    'a step that is never taken',
    [aPolicy({ any: [{ do: 'hold' }, { do: 'compensate' }] })],
    'policy a cases.any.0: No step behind "hold" is ever taken: it ends it.',
  ],
  [
    'one revision with two contents',
    [aPolicy({ any: [{ do: 'hold' }] }), aPolicy({ any: [{ do: 'compensate' }] })],
    'policy a revision: 1 is the revision of another one too; each change counts on.',
  ],
  [
    'a revision that leaves one out',
    [aPolicy({}), aPolicy({}, { revision: 3 })],
    'policy a revision: is 3, and the one before it is 1: revisions are consecutive.',
  ],
])('%s is found in a policy', (_, policies, finding) => {
  expect(found([], [everything, ...policies])).toContain(finding);
});

test('policies that end are whole', () => {
  const cases = {
    partial: [{ do: 'keep' }],
    refused: [{ do: 'retry', attempts: 1 }, { do: 'markPartial' }, { do: 'rollBack' }],
  };
  expect(
    found([], [everything, aPolicy(cases), aPolicy({ any: [{ do: 'keep' }, { do: 'hold' }] }, { revision: 2 })]),
  ).toEqual([]);
});

test('a service type without policy is found, unless there is one for all', () => {
  expect(found([one({})], [aPolicy({}, { serviceType: 'b' })])).toEqual([
    'one services.0.serviceType: There is no recovery policy for service type "a", and none for all others ("*").',
  ]);
  expect(found([one({})], [aPolicy({})])).toEqual([]);
});
