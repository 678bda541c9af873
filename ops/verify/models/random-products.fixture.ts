/** Products that nobody thought of: bundles, quantities, optional parts, rule versions, over services that activators here can make. */
import fc from 'fast-check';
import {
  type Condition,
  type DecompositionRule,
  type DecompositionRuleFile,
  type Expression,
  type RecoveryPolicy,
  type RecoveryStep,
  decompositionRule,
} from '../../../contracts/messages/decomposition.ts';
import type { RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import type { ServiceSpecification } from '../../../contracts/messages/service-catalog.ts';

/** By `x` of a product: 4 is refused by the network, 5 by the catalog, and more is not for sale. */
const by = (...values: readonly (string | number | string[])[]): Expression => ({
  translate: { from: 'x' },
  by: Object.fromEntries(values.map((value, at) => [`${at + 1}`, value])),
});

/** Components by name, each with the service it is, and those it stands on where the rule has them. */
const components = {
  access: {
    serviceType: 'broadband',
    standsOn: [],
    characteristics: { downMbps: by(100, 200, 300, 20_000, 60_000) },
  },
  prefix: {
    serviceType: 'ip-addressing',
    standsOn: ['access'],
    characteristics: {
      prefixLength: by(29, 28, 27, 23, 8),
      reverseDns: by('a.net', 'b.net', 'b.net', 'c.net', 'c.net'),
    },
  },
  router: {
    serviceType: 'managed-router',
    standsOn: ['access', 'prefix'],
    characteristics: { model: by('R1', 'R2', 'R2', 'R3', 'R3'), features: by(['wifi'], ['wifi'], [], [], []) },
  },
  tv: {
    serviceType: 'tv',
    standsOn: ['access'],
    characteristics: {
      packages: by(['basic'], ['kids'], ['basic'], ['none'], []),
      recordingHours: by(0, 10, 600, 0, 0),
    },
  },
} as const satisfies Record<
  string,
  { serviceType: string; standsOn: readonly string[]; characteristics: Record<string, Expression> }
>;
type Name = keyof typeof components;
const names = Object.keys(components) as Name[];

const characteristic = (name: string, valueType: 'integer' | 'string' | 'array', more = {}) => ({
  ...{ name, valueType, required: false },
  ...more,
});
/** The catalog's floor lets through what the network refuses, and holds back what is worse. */
export const specifications: readonly ServiceSpecification[] = [
  ['broadband', [characteristic('downMbps', 'integer', { required: true, maximum: 50_000 })]],
  [
    'ip-addressing',
    [
      characteristic('prefixLength', 'integer', { required: true, minimum: 16 }),
      characteristic('reverseDns', 'string'),
    ],
  ],
  ['managed-router', [characteristic('model', 'string', { required: true }), characteristic('features', 'array')]],
  ['tv', [characteristic('packages', 'array', { required: true }), characteristic('recordingHours', 'integer')]],
].map(([serviceType, characteristics]) => ({
  ...{ id: `${serviceType as string}-service`, version: '1.0', revision: 1, name: serviceType as string },
  ...{ lifecycleStatus: 'active', serviceType: serviceType as string },
  characteristics: characteristics as ServiceSpecification['characteristics'],
  ...{ resourceRequirements: [], requires: [], configurationTemplate: {}, activation: {} },
}));

const condition: fc.Arbitrary<Condition | undefined> = fc.option(
  fc.constantFrom<Condition>({ characteristic: 'x', atMost: 2 }, { characteristic: 'x', atLeast: 2 }),
  { nil: undefined, freq: 3 },
);
const defined = <Of extends object>(of: Of): Of =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as Of;

const services = (most: number) =>
  fc
    .tuple(
      fc.subarray(names, { minLength: 1, maxLength: most }),
      fc.array(fc.record({ when: condition, optional: fc.boolean(), isLoose: fc.boolean() }), {
        minLength: 4,
        maxLength: 4,
      }),
    )
    .map(([chosen, said]): NonNullable<DecompositionRuleFile['services']> =>
      chosen.map((name, at) => {
        const { serviceType, standsOn, characteristics } = components[name];
        const below = standsOn.filter((one) => chosen.includes(one));
        const { when, optional = false, isLoose = false } = said[at] ?? {};
        return defined({
          ...{ name, serviceType, characteristics, when, optional },
          specification: { id: `${serviceType}-service`, version: '1.0' },
          ...(isLoose ? { after: [...below] } : { standsOn: [...below] }),
        });
      }),
    );

const part = (of: readonly string[]) =>
  fc
    .record({
      id: fc.constantFrom(...of),
      when: condition,
      optional: fc.boolean(),
      quantity: fc.constantFrom<Expression | undefined>(
        undefined,
        undefined,
        { value: 0 },
        { value: 2 },
        { from: 'n' },
      ),
      x: fc.constantFrom<Expression>({ from: 'x' }, { from: 'x' }, { value: 1 }, { value: 2 }),
    })
    .map(({ id, x, ...rest }) => defined({ ...rest, specification: { id }, characteristics: { x } }));

interface Content {
  readonly services?: DecompositionRuleFile['services'];
  readonly products?: DecompositionRuleFile['products'];
}
const leaf: fc.Arbitrary<Content> = services(3).map((of) => ({ services: of }));
const bundle = (of: readonly string[]): fc.Arbitrary<Content> =>
  fc.record({
    services: fc.oneof(fc.constant<NonNullable<DecompositionRuleFile['services']>>([]), services(1)),
    products: fc
      .array(part(of), { minLength: 1, maxLength: 2 })
      .map((parts) => parts.map((one, at) => ({ ...one, name: `part-${at + 1}` }))),
  });

const declared = [
  { name: 'x', valueType: 'integer' as const, required: false, default: 1, minimum: 1, maximum: 5 },
  { name: 'n', valueType: 'integer' as const, required: false, default: 1, minimum: 0, maximum: 2 },
];
const contents: Readonly<Record<string, fc.Arbitrary<Content>>> = {
  line: leaf,
  extra: leaf,
  bundle: bundle(['line', 'extra']),
  suite: bundle(['bundle', 'extra']),
};
export const specificationIds = Object.keys(contents);

/** Two versions of each rule, the first ones before the second. */
export const someRules: fc.Arbitrary<DecompositionRule[]> = fc
  .tuple(
    ...['1', '2'].flatMap((version) =>
      Object.entries(contents).map(([id, content]) => content.map((one) => ({ id, version, one }))),
    ),
  )
  .map((all) =>
    all.map(({ id, version, one }) =>
      decompositionRule.parse({
        ...{ specification: { id, version: '1.0' }, version, revision: Number(version), lifecycleStatus: 'active' },
        ...{ name: id, characteristics: declared, ...one },
      }),
    ),
  );

const retry: RecoveryStep = { do: 'retry', attempts: 2, wait: '5s' };
const steps = fc.constantFrom<RecoveryStep[]>(
  [{ do: 'compensate' }],
  [{ do: 'rollBack' }],
  [{ do: 'markPartial' }, { do: 'keep' }, { do: 'compensate' }],
  [retry, { do: 'hold' }],
  [retry, { do: 'markPartial' }, { do: 'rollBack' }],
  [{ do: 'keep' }, { do: 'compensate' }],
);
export const somePolicy: fc.Arbitrary<RecoveryPolicy> = fc
  .record({ any: steps, partial: steps })
  .map((cases) => ({ serviceType: '*', revision: 1, cases, repair: { attempts: 2 } }));

const x = fc.constantFrom(1, 1, 1, 2, 2, 2, 3, 3, 4, 5);
/** What somebody wants of a product, an existing one among them by its number. */
export interface Wish {
  readonly action: 'add' | 'modify' | 'suspend' | 'resume' | 'delete';
  readonly id: string;
  readonly of: number;
  readonly quantity: number;
  readonly characteristics: Readonly<Record<string, number>>;
  readonly isAfter: boolean;
}
export const aWish = (...actions: readonly Wish['action'][]): fc.Arbitrary<Wish> =>
  fc
    .record({
      ...{ action: fc.constantFrom(...actions), id: fc.constantFrom(...specificationIds), of: fc.nat(20) },
      quantity: fc.constantFrom(1, 1, 2, 3),
      ...{ x, n: fc.nat(2), isAfter: fc.boolean() },
    })
    .map(({ x: one, n, id, quantity, ...rest }) => ({
      ...rest,
      id,
      quantity: id === 'suite' ? 1 : quantity,
      characteristics: { x: one, n },
    }));

/** The wish as an item of an order. Of what is not there nothing can be wanted: a new one instead. */
export function itemOf(wish: Wish, itemId: string, existing: readonly string[]): RequestedProductItem {
  const { action, id, of, quantity, characteristics } = wish;
  const item = { itemId, dependsOn: [], relationships: [], parties: [], places: [], quantity: 1 };
  const productId = existing[of % Math.max(1, existing.length)];
  if (action === 'add' || productId === undefined)
    return { ...item, action: 'add', quantity, specification: { id }, characteristics };
  switch (action) {
    case 'delete':
      return { ...item, action, productId, characteristics: {} };
    case 'modify':
      return { ...item, action, productId, characteristics };
    case 'suspend':
      return { ...item, action: 'modify', productId, characteristics: {}, status: 'suspended' };
    case 'resume':
      return { ...item, action: 'modify', productId, characteristics: {}, status: 'active' };
    default:
      return action satisfies never;
  }
}
