import { describe, expect, test } from 'vitest';
import { productOrderPlan } from '../../../contracts/messages/order-management.ts';
import { decompose } from './decompose.decide.ts';
import {
  aPart,
  aRule,
  aService,
  about,
  anItem,
  anOrder,
  declared,
  faultsOf,
  idOf,
  inShort,
  planOf,
} from './orders.fixture.ts';
import { realize } from './realize.decide.ts';

const line = aRule('line', {
  characteristics: [declared('speed', { default: 100, minimum: 10, maximum: 1000 }), declared('vlan')],
  services: [aService('access', { characteristics: { down: { from: 'speed' }, vlan: { from: 'vlan' } } })],
});
const router = aRule('router', {
  services: [
    aService('prefix'),
    aService('box', { standsOn: ['prefix'] }),
    aService('watch', { after: ['box'], optional: true }),
  ],
});
const voice = aRule('voice', {
  characteristics: [declared('number', { valueType: 'string' })],
  services: [
    aService('phone', {
      standsOn: ['line/access'],
      characteristics: { number: { from: 'number' }, fast: { from: 'bundle.speed' } },
    }),
  ],
});
const home = aRule('home', {
  characteristics: [
    declared('speed', { default: 100 }),
    declared('voices', { default: 1 }),
    declared('support', { valueType: 'boolean', default: true }),
  ],
  services: [
    aService('care', { when: { characteristic: 'support', is: true }, after: ['voice/phone'], optional: true }),
  ],
  products: [
    aPart('line', 'line', { characteristics: { speed: { from: 'speed' } } }),
    aPart('voice', 'voice', { quantity: { from: 'voices' }, optional: true }),
  ],
});
const rules = [line, router, voice, home];
const order = anOrder('home', anItem('home', 'home', { characteristics: { voices: 2 } }));
const plan = planOf(order, { rules });
const products = realize(plan, order);
const bundle = products[0]?.id ?? '';
const parts = products.filter((product) => product.bundle?.name === 'voice');

describe('an order for new products', () => {
  test('comes to the components of its rule, each after what it stands on', () => {
    expect(inShort(planOf(anOrder('1', anItem('1', 'router')), { rules }))).toEqual([
      'add prefix',
      'add box <- prefix',
      'add watch <- box',
    ]);
  });

  test('comes to each unit of a quantity, with ids of its own', () => {
    const three = planOf(anOrder('1', anItem('1', 'router', { quantity: 3 })), { rules });
    expect(three.products.map(({ unit }) => unit)).toEqual([1, 2, 3]);
    expect(three.deliveries).toHaveLength(9);
    expect(new Set(three.deliveries.flatMap(({ id, serviceId }) => [id, serviceId])).size).toBe(18);
  });

  test('comes to the parts of bundles, as many as the bundle has, across which components are related', () => {
    expect(inShort(plan)).toEqual([
      'add line/access',
      'add voice#1/phone <- line/access',
      'add voice#2/phone <- line/access',
      'add care <- voice#1/phone, voice#2/phone',
    ]);
    expect(plan.products.map(({ bundle: within, unit, optional }) => [within?.name, unit, optional])).toEqual([
      [undefined, 1, false],
      ['line', 1, false],
      ['voice', 1, true],
      ['voice', 2, true],
    ]);
    const [access, phone] = plan.deliveries;
    expect(phone?.standsOn).toEqual([access?.serviceId]);
    expect(phone).toMatchObject({ characteristics: { fast: 100 }, optional: true, itemId: 'home' });
    expect(productOrderPlan.parse(plan)).toEqual(plan);
  });

  test('says why: conditions that held, and of each value where it is from', () => {
    expect(plan.deliveries.map(({ because }) => because)).toMatchObject([
      {
        specification: { id: 'line', version: '1.0' },
        rule: '1',
        reasons: ['down = 100: speed (home 1.0 (rule 1) says speed (default of the product))'],
      },
      { reasons: ['fast = 100: bundle.speed (of the bundle, default of the product)'] },
      { reasons: ['fast = 100: bundle.speed (of the bundle, default of the product)'] },
      { component: 'care', reasons: ['taken, as support is true'] },
    ]);
  });

  test('takes values in the type that is declared, defaults where nothing is said', () => {
    const [one] = planOf(anOrder('1', anItem('1', 'line', { characteristics: { vlan: '12' } })), { rules }).products;
    expect(one?.characteristics).toEqual({ speed: 100, vlan: 12 });
  });

  test('is the same plan byte for byte, whatever order the keys come in', () => {
    const backwards = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(backwards)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .toReversed()
                .map(([name, one]) => [name, backwards(one)]),
            )
          : value;
    const again = decompose(
      backwards(order) as typeof order,
      backwards({ rules, products: [] }) as { rules: typeof rules },
      idOf,
    );
    expect(JSON.stringify(again)).toBe(JSON.stringify({ plan }));
  });

  test('waits for the items it depends on, and stands on their services', () => {
    const both = planOf(anOrder('1', anItem('net', 'line'), anItem('box', 'router', { dependsOn: ['net'] })), {
      rules,
    });
    expect(inShort(both)).toEqual(['add access', 'add prefix <- access', 'add box <- prefix', 'add watch <- box']);
    const [access, prefix, box] = both.deliveries;
    expect(prefix?.standsOn).toEqual([access?.serviceId]);
    expect(box?.standsOn).toEqual([prefix?.serviceId]);
  });

  test('stands on the services of products it relies on', () => {
    const there = products.find(({ bundle: within }) => within?.name === 'line');
    const relationships = [
      { type: 'reliesOn', productId: there?.id ?? '' },
      { type: 'billedWith', productId: bundle },
    ];
    const one = planOf(anOrder('1', anItem('1', 'router', { relationships })), { rules, products });
    expect(one.deliveries[0]?.standsOn).toEqual(there?.components.map(({ serviceId }) => serviceId));
  });

  test('waits through items that come to nothing', () => {
    const items = [
      anItem('a', 'line'),
      about('other', 'noChange', { itemId: 'b', dependsOn: ['a'] }),
      anItem('c', 'line', { dependsOn: ['b'] }),
    ];
    expect(inShort(planOf(anOrder('1', ...items), { rules }))).toEqual(['add access', 'add access <- access']);
  });

  test('has nested items say more about parts, by name or specification, in turn or by id', () => {
    const said = anOrder(
      'home',
      anItem('home', 'home', { characteristics: { voices: 2 } }),
      anItem('first', 'voice', { partOf: 'home', characteristics: { number: '1' }, places: [{ id: 'p' }] }),
      anItem('second', '', { partOf: 'home', name: 'voice', characteristics: { number: '2' } }),
    );
    const both = planOf(said, { rules }).products.filter(({ bundle: within }) => within?.name === 'voice');
    expect(both.map(({ characteristics }) => characteristics)).toEqual([{ number: '1' }, { number: '2' }]);
    expect(both.map(({ places }) => places)).toEqual([[{ id: 'p' }], undefined]);
    expect(both.map(({ itemId }) => itemId)).toEqual(['home', 'home']);
    expect(both.map(({ saidBy }) => saidBy)).toEqual(['first', 'second']);
  });

  test('has what nobody depends on of its parts depend on items they name', () => {
    const said = anOrder(
      'home',
      anItem('extra', 'line'),
      anItem('home', 'home'),
      anItem('phone', 'voice', { partOf: 'home', dependsOn: ['extra'] }),
    );
    expect(inShort(planOf(said, { rules }))).toEqual([
      'add access',
      'add line/access',
      'add voice/phone <- access, line/access',
      'add care <- voice/phone',
    ]);
  });
});

describe('an order for a product that is there', () => {
  test('comes to nothing where nothing changes', () => {
    const nothing = planOf(anOrder('2', about(bundle, 'modify')), { rules, products });
    expect(nothing.deliveries).toEqual([]);
    expect(nothing.products.map(({ id, action }) => [id, action])).toEqual([[bundle, 'modify']]);
    expect(planOf(anOrder('2', about(bundle, 'noChange')), { rules, products })).toEqual({
      products: [],
      deliveries: [],
    });
  });

  test('changes what changes, adds what is more, ends what is less', () => {
    const less = about(bundle, 'modify', { characteristics: { speed: 200, voices: 1, support: false } });
    const changed = planOf(anOrder('2', less), { rules, products });
    expect(inShort(changed)).toEqual([
      'modify line/access',
      'delete care',
      'modify voice#1/phone <- line/access',
      'delete voice#2/phone <- care',
    ]);
    expect(changed.deliveries[0]).toMatchObject({ characteristics: { down: 200 }, previous: { down: 100 } });
    expect(changed.deliveries[0]?.because.reasons[0]).toBe('down changes from 100');
    expect(changed.products.map(({ action, status }) => [action, status])).toEqual([
      ['modify', 'active'],
      ['delete', 'terminated'],
      ['modify', 'active'],
      ['modify', 'active'],
    ]);
    const more = planOf(anOrder('3', about(bundle, 'modify', { characteristics: { voices: 3 } })), { rules, products });
    expect(inShort(more)).toEqual(['add voice/phone']);
    expect(products.map(({ id }) => id)).not.toContain(more.products[1]?.id);
  });

  test('takes a characteristic away that is said to be null', () => {
    const first = anOrder('1', anItem('1', 'line', { characteristics: { vlan: 7 } }));
    const there = realize(planOf(first, { rules }), first);
    const [delivery] = planOf(anOrder('2', about(there[0]?.id ?? '', 'modify', { characteristics: { vlan: null } })), {
      rules,
      products: there,
    }).deliveries;
    expect(delivery).toMatchObject({ characteristics: { down: 100 }, previous: { down: 100, vlan: 7 } });
    expect(delivery?.characteristics).not.toHaveProperty('vlan');
  });

  test('keeps what the customer said of a part, and changes what the bundle says of it', () => {
    const said = anOrder(
      '1',
      anItem('home', 'home'),
      anItem('net', 'line', { partOf: 'home', characteristics: { speed: 500, vlan: 9 } }),
    );
    const there = realize(planOf(said, { rules }), said);
    const again = about(there[0]?.id ?? '', 'modify', { characteristics: { speed: 300 } });
    const own = planOf(anOrder('2', again), { rules, products: there });
    expect(own.deliveries.filter(({ component }) => component === 'access')).toEqual([]);
    const otherwise = planOf(anOrder('2', about(bundle, 'modify', { characteristics: { speed: 300 } })), {
      rules,
      products,
    });
    expect(otherwise.deliveries[0]).toMatchObject({ component: 'access', characteristics: { down: 300 } });
  });

  test('takes it off the network from the top, and up again from below', () => {
    const suspended = planOf(anOrder('2', about(bundle, 'modify', { status: 'suspended' })), { rules, products });
    expect(inShort(suspended)).toEqual([
      'modify suspended care',
      'modify suspended voice#1/phone <- care',
      'modify suspended voice#2/phone <- care',
      'modify suspended line/access <- voice#1/phone, voice#2/phone',
    ]);
    const asleep = realize(suspended, order, products);
    expect(asleep.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'suspended'));
    const resumed = planOf(anOrder('3', about(bundle, 'modify', { status: 'active' })), { rules, products: asleep });
    expect(inShort(resumed)).toEqual([
      'modify active line/access',
      'modify active voice#1/phone <- line/access',
      'modify active voice#2/phone <- line/access',
      'modify active care <- voice#1/phone, voice#2/phone',
    ]);
    const changed = about(bundle, 'modify', { characteristics: { voices: 3 } });
    expect(faultsOf(anOrder('3', changed), { rules, products: asleep })).toEqual([
      expect.stringMatching(/^1 suspended: .*its component "phone" is new/),
    ]);
  });

  test('ends it in the reverse of what stands on what, parts of bundles with it', () => {
    expect(inShort(planOf(anOrder('2', about(bundle, 'delete')), { rules, products }))).toEqual([
      'delete care',
      'delete voice#1/phone <- care',
      'delete voice#2/phone <- care',
      'delete line/access <- voice#1/phone, voice#2/phone',
    ]);
    expect(inShort(planOf(anOrder('2', about(bundle, 'delete')), { rules: [], products }))).toEqual([
      'delete voice#1/phone',
      'delete voice#2/phone',
      'delete line/access <- voice#1/phone, voice#2/phone',
      'delete care <- line/access',
    ]);
  });

  test('ends two items in the order in which one stands on the other, whatever they say', () => {
    const made = anOrder('1', anItem('net', 'line'), anItem('box', 'router', { dependsOn: ['net'] }));
    const there = realize(planOf(made, { rules }), made);
    const ends = there.map(({ id }, at) => about(id, 'delete', { itemId: `${at}`, dependsOn: at === 1 ? ['0'] : [] }));
    expect(inShort(planOf(anOrder('2', ...ends), { rules, products: there }))).toEqual([
      'delete watch',
      'delete box <- watch',
      'delete prefix <- box',
      'delete access <- prefix',
    ]);
  });

  test('makes the new before it ends the old where a component changes its service type', () => {
    const newer = aRule('router', {
      version: '2',
      revision: 2,
      services: [aService('prefix', { serviceType: 'routes' }), aService('box', { standsOn: ['prefix'] })],
    });
    const made = anOrder('1', anItem('1', 'router'));
    const there = realize(planOf(made, { rules }), made);
    const changed = planOf(anOrder('2', about(there[0]?.id ?? '', 'modify')), {
      rules: [...rules, newer],
      products: there,
    });
    expect(inShort(changed)).toEqual(['add prefix', 'delete watch', 'modify box <- prefix', 'delete prefix <- box']);
    expect(new Set(changed.deliveries.map(({ id }) => id)).size).toBe(4);
  });

  test('delivers what was missing, and what ended by itself', () => {
    const made = anOrder('1', anItem('1', 'router'));
    const [there] = realize(planOf(made, { rules }), made);
    if (there === undefined) throw new Error('there is one');
    const without = { ...there, missing: ['watch'] };
    expect(inShort(planOf(anOrder('2', about(there.id, 'modify')), { rules, products: [without] }))).toEqual([
      'add watch',
    ]);
  });

  test('of a bundle, is refused where only the bundle could say what it is to be', () => {
    const changed = about(parts[0]?.id ?? '', 'modify', { characteristics: { number: '3' } });
    expect(faultsOf(anOrder('2', changed), { rules, products: parts })).toEqual([
      expect.stringMatching(/^1 partOfBundle: .* order a change of the bundle\.$/),
    ]);
    expect(inShort(planOf(anOrder('2', about(parts[0]?.id ?? '', 'delete')), { rules, products: parts }))).toEqual([
      'delete voice/phone',
    ]);
  });
});

describe('rules side by side', () => {
  const second = aRule('line', {
    ...line,
    version: '2',
    revision: 2,
    services: [aService('access', { characteristics: { down: { value: 7 } } })],
  });
  test('give each order the plan of those it was accepted under', () => {
    const before = planOf(order, { rules });
    expect(planOf(order, { rules: [...rules] })).toEqual(before);
    const after = planOf(order, { rules: [...rules, second] });
    expect(after.products[1]?.rule).toBe('2');
    expect(after.deliveries[0]?.id).not.toBe(before.deliveries[0]?.id);
    const changed = planOf(anOrder('2', about(bundle, 'modify')), {
      rules: [...rules, second],
      former: rules,
      products,
    });
    expect(inShort(changed)).toEqual(['modify line/access']);
  });
});

test('before the products are claimed, items about them come to nothing', () => {
  const result = decompose(anOrder('1', about('unknown', 'modify'), anItem('2', 'line')), { rules }, idOf);
  expect(result).toMatchObject({ plan: { products: [{ itemId: '2' }] } });
});
