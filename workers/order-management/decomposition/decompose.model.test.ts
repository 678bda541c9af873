/** Laws of decomposition, for bundles, quantities, conditions and rule versions that nobody thought of. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  DecompositionRule,
  DecompositionRuleFile,
  Expression,
} from '../../../contracts/messages/decomposition.ts';
import type { ProductOrderPlan } from '../../../contracts/messages/order-management.ts';
import type { Product } from '../../../contracts/messages/product-inventory.ts';
import { decompose } from './decompose.decide.ts';
import { lint } from './lint.decide.ts';
import { aPart, aRule, aService, about, anItem, anOrder, declared, idOf } from './orders.fixture.ts';
import { realize } from './realize.decide.ts';
import { chooseRules } from './rules.decide.ts';

const runs = { numRuns: 300 };
const names = ['a', 'b', 'c'] as const;

const value = fc.oneof(
  fc.constant<Expression>({ from: 'x' }),
  fc.constant<Expression>({ from: 'y', default: 5 }),
  fc.constant<Expression>({ convert: { from: 'x' }, from: 'Gbit/s', to: 'Mbit/s' }),
  fc.integer({ min: 0, max: 3 }).map((one): Expression => ({ value: one })),
  fc.integer({ min: 0, max: 3 }).map((one): Expression => ({
    when: { characteristic: 'x', atLeast: one },
    then: { value: 'much' },
    otherwise: { value: 'little' },
  })),
);
const when = fc.option(
  fc.integer({ min: 0, max: 3 }).map((one) => ({ characteristic: 'x', atMost: one })),
  { nil: undefined },
);

/** One rule version: components that refer to earlier ones, and products of the level below. */
const content = (level: number): fc.Arbitrary<Partial<DecompositionRuleFile>> => {
  const service = fc.record({
    when,
    optional: fc.boolean(),
    characteristics: fc.dictionary(fc.constantFrom('p', 'q'), value, { maxKeys: 2 }),
    after: fc.subarray([0, 1, 2]),
    standsOn: fc.subarray([0, 1, 2]),
  });
  const bundled = fc.record({
    when,
    optional: fc.boolean(),
    quantity: fc.option(fc.constantFrom<Expression>({ value: 0 }, { value: 2 }, { from: 'x' }), { nil: undefined }),
    characteristics: fc.option(value, { nil: undefined }),
  });
  return fc
    .record({
      services: fc.array(service, { minLength: level === 0 ? 1 : 0, maxLength: 3 }),
      products: fc.array(bundled, { maxLength: level === 0 ? 0 : 2 }),
    })
    .map(({ services, products }) => ({
      characteristics: [declared('x', { default: 1 }), declared('y')],
      services: services.map(({ after, standsOn, when: condition, ...one }, at) => {
        const refs = (to: readonly number[]) => to.filter((index) => index < at).map((index) => names[index] ?? '');
        const below = products.length > 0 && after.includes(at) ? [`${names[0]}-part/a`] : [];
        return aService(names[at] ?? '', {
          ...one,
          ...(condition === undefined ? {} : { when: condition }),
          after: [...refs(after), ...below],
          standsOn: refs(standsOn),
        });
      }),
      products: products.map(({ when: condition, quantity, characteristics, optional }, at) =>
        aPart(`${names[at]}-part`, `level-${level - 1}`, {
          optional,
          ...(condition === undefined ? {} : { when: condition }),
          ...(quantity === undefined ? {} : { quantity }),
          ...(characteristics === undefined
            ? {}
            : { characteristics: { x: { first: [characteristics, { value: 1 }] } } }),
        }),
      ),
    }));
};

/** Up to three versions of a rule for each of three levels of bundles. */
const ruleSets: fc.Arbitrary<DecompositionRule[]> = fc
  .tuple(...[0, 1, 2].map((level) => fc.array(content(level), { minLength: 1, maxLength: 3 })))
  .map((levels) =>
    levels.flatMap((versions, level) =>
      versions.map((one, at) => aRule(`level-${level}`, { ...one, version: `${at + 1}`, revision: at + 1 })),
    ),
  );

const newItem = fc
  .record({
    level: fc.integer({ min: 0, max: 2 }),
    quantity: fc.integer({ min: 1, max: 3 }),
    x: fc.option(fc.integer({ min: 0, max: 4 })),
  })
  .map(({ level, quantity, x }) =>
    anItem('', `level-${level}`, { quantity, characteristics: x === null ? {} : { x } }),
  );
const orders = fc
  .tuple(fc.array(newItem, { minLength: 1, maxLength: 3 }), fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }))
  .map(([items, edges]) =>
    anOrder(
      'one',
      ...items.map((item, at) => ({
        ...item,
        itemId: `${at}`,
        dependsOn: items.flatMap((_, other) => (other < at && edges[at * 3 + other] === true ? [`${other}`] : [])),
      })),
    ),
  );

/** The plan; undefined for what is refused with sentences, as text that is no number is. */
function tryPlan(
  order: Parameters<typeof decompose>[0],
  rules: readonly DecompositionRule[],
  products: readonly Product[] = [],
) {
  const chosen = chooseRules(order, rules, products);
  const result = decompose(order, { rules: chosen.rules, former: chosen.former, products }, idOf);
  if ('plan' in result) return result.plan;
  for (const { itemId, failure } of result.faults) {
    expect(order.items.map((item) => item.itemId)).toContain(itemId);
    expect(failure.reason).toMatch(/\.$/);
  }
  return undefined;
}

function expectSound({ products, deliveries }: ProductOrderPlan): void {
  const ids = [
    ...products.map(({ id }) => id),
    ...deliveries.map(({ id }) => id),
    ...deliveries.map(({ serviceId }) => serviceId),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  const done = new Set<string>();
  for (const { id, dependsOn, productId, component, action } of deliveries) {
    // Each after all it depends on: so all of them are there, and there is no circle.
    for (const other of dependsOn) expect(done).toContain(other);
    done.add(id);
    const product = products.find((one) => one.id === productId);
    expect(product?.components.some(({ name }) => name === component)).toBe(action !== 'delete');
  }
  products.forEach(({ bundle }, at) => {
    if (bundle !== undefined) expect(products.slice(0, at).map(({ id }) => id)).toContain(bundle.productId);
  });
}

/** Whether one delivery must be done before another, be it by way of others. */
function isBefore({ deliveries }: ProductOrderPlan, first: string, second: string): boolean {
  const open = [second];
  for (const id of open) {
    const { dependsOn = [] } = deliveries.find((one) => one.id === id) ?? {};
    if (dependsOn.includes(first)) return true;
    open.push(...dependsOn.filter((one) => !open.includes(one)));
  }
  return false;
}

const reversed = <T>(one: T): T =>
  Array.isArray(one)
    ? (one.map((part: unknown) => reversed(part)) as T)
    : typeof one === 'object' && one !== null
      ? (Object.fromEntries(
          Object.entries(one)
            .toReversed()
            .map(([name, part]) => [name, reversed(part as unknown)]),
        ) as T)
      : one;

describe('whatever the rules and the order', () => {
  test('the plan is sound and repeats itself byte for byte, also from what a database gives back', () => {
    let planned = 0;
    fc.assert(
      fc.property(ruleSets, orders, (rules, order) => {
        const plan = tryPlan(order, rules);
        if (plan === undefined) return;
        planned += 1;
        expectSound(plan);
        expect(JSON.stringify(tryPlan(reversed(order), reversed(rules)))).toBe(JSON.stringify(plan));
        expect(JSON.stringify(tryPlan(order, rules.toReversed()))).toBe(JSON.stringify(plan));
        const { rules: pinned } = chooseRules(order, rules, []);
        expect(decompose(order, { rules: pinned, products: [] }, idOf)).toEqual({ plan });
      }),
      runs,
    );
    expect(planned).toBeGreaterThan(100);
  });

  test('what stands on a service is made after it', () => {
    fc.assert(
      fc.property(ruleSets, orders, (rules, order) => {
        const plan = tryPlan(order, rules);
        for (const one of plan?.deliveries ?? []) {
          for (const serviceId of one.standsOn) {
            const below = plan?.deliveries.find((other) => other.serviceId === serviceId);
            expect(below && plan && isBefore(plan, below.id, one.id)).toBe(true);
          }
        }
      }),
      runs,
    );
  });

  test('a modify that says nothing comes to nothing', () => {
    fc.assert(
      fc.property(ruleSets, orders, (rules, order) => {
        const plan = tryPlan(order, rules);
        if (plan === undefined) return;
        const products = realize(plan, order);
        const again = tryPlan(
          anOrder('two', ...tops(plan).map((id, at) => about(id, 'modify', { itemId: `${at}` }))),
          rules,
          products,
        );
        expect(again?.deliveries).toEqual([]);
        expect(
          again?.products.map(({ id, components, characteristics }) => ({ id, components, characteristics })),
        ).toEqual(
          plan.products
            .filter(({ bundle }) => bundle === undefined)
            .map(({ id, components, characteristics }) => ({ id, components, characteristics })),
        );
      }),
      runs,
    );
  });

  test('a modify leads to what a new order would have led to, and its plan is sound', () => {
    fc.assert(
      fc.property(ruleSets, orders, fc.integer({ min: 0, max: 4 }), (rules, order, x) => {
        const plan = tryPlan(order, rules);
        if (plan === undefined) return;
        const products = realize(plan, order);
        const items = tops(plan).map((id, at) => about(id, 'modify', { itemId: `${at}`, characteristics: { x } }));
        const modify = anOrder('two', ...items);
        const changed = tryPlan(modify, rules, products);
        if (changed === undefined) return;
        expectSound(changed);
        const fresh = tryPlan(
          anOrder('three', ...order.items.map((item) => ({ ...item, dependsOn: [], characteristics: { x } }))),
          rules,
        );
        expect(shapeOf(realize(changed, modify, products).filter(({ status }) => status !== 'terminated'))).toEqual(
          shapeOf(fresh === undefined ? [] : realize(fresh, modify)),
        );
      }),
      runs,
    );
  });

  test('a delete takes every component, each before what it stands on', () => {
    fc.assert(
      fc.property(ruleSets, orders, (rules, order) => {
        const plan = tryPlan(order, rules);
        if (plan === undefined) return;
        const products = realize(plan, order);
        const ended = tryPlan(
          anOrder('two', ...tops(plan).map((id, at) => about(id, 'delete', { itemId: `${at}` }))),
          rules,
          products,
        );
        if (ended === undefined) throw new Error('a delete is always possible');
        expectSound(ended);
        expect(ended.deliveries.map(({ serviceId }) => serviceId).toSorted()).toEqual(
          products.flatMap(({ components }) => components.map(({ serviceId }) => serviceId)).toSorted(),
        );
        expect(ended.deliveries.every(({ action }) => action === 'delete')).toBe(true);
        for (const one of ended.deliveries) {
          for (const serviceId of one.standsOn) {
            const below = ended.deliveries.find((other) => other.serviceId === serviceId);
            expect(below && isBefore(ended, one.id, below.id)).toBe(true);
          }
        }
        expect(ended.products.map(({ id }) => id).toSorted()).toEqual(products.map(({ id }) => id).toSorted());
      }),
      runs,
    );
  });

  test('rules that come later change nothing for an order that is pinned', () => {
    fc.assert(
      fc.property(ruleSets, ruleSets, orders, (rules, others, order) => {
        const pinned = chooseRules(order, rules, []).rules;
        const later = others.map((one) => ({ ...one, version: `later ${one.version}`, revision: one.revision + 10 }));
        const again = chooseRules(
          order,
          [...rules, ...later],
          [],
          pinned.map(({ specification, version }) => ({ specification, version })),
        );
        expect(again.rules).toEqual(pinned);
      }),
      runs,
    );
  });

  test('the linter takes them for what they are: whole', () => {
    fc.assert(
      fc.property(ruleSets, (rules) => {
        const findings = lint({ rules, policies: [{ serviceType: '*', revision: 1, cases: {} }] });
        // What must be delivered may stand on what is optional here, a bundle may have nothing in it, a text may be meant for a number.
        const known = /must be delivered and stands on|comes to nothing|is no component of|must be an integer/;
        expect(findings.map(({ message }) => message).filter((message) => !known.test(message))).toEqual([]);
      }),
      runs,
    );
  });
});

const tops = ({ products }: ProductOrderPlan): string[] =>
  products.filter(({ bundle }) => bundle === undefined).map(({ id }) => id);

/** Products without what only an id says, in an order of their own. */
function shapeOf(products: readonly Product[]): string[] {
  const shape = (product: Product): string => {
    const within = products
      .filter(({ bundle }) => bundle?.productId === product.id)
      .map(shape)
      .toSorted();
    const components = product.components.map(({ name, characteristics }) => [name, characteristics]);
    return JSON.stringify([product.bundle?.name, product.specification?.id, product.rule, components, within]);
  };
  return products
    .filter(({ bundle }) => bundle === undefined)
    .map(shape)
    .toSorted();
}
