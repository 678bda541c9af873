/** What must hold of the way from product orders to the network: at every step of it, and when all is quiet. */
import { expect } from 'vitest';
import type { Condition, DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import { type Product, productChanged } from '../../../contracts/messages/product-inventory.ts';
import type { Service } from '../../../contracts/messages/service-inventory.ts';
import type { OrderState as ProductOrderState } from '../../../workers/order-management/order.state.ts';
import { orderEnded } from '../../../workers/order-management/product-order.machine.ts';
import { productOrders } from '../../../workers/order-management/product-order.store.ts';
import { planOf } from '../../../workers/order-management/receive/receive.decide.ts';
import { productEnded } from '../../../workers/product-inventory/product.machine.ts';
import { services } from '../../../workers/service-inventory/service.store.ts';
import { orderEnded as serviceOrderEnded } from '../../../workers/service-ordering/service-order.machine.ts';
import { serviceOrders } from '../../../workers/service-ordering/service-order.store.ts';
import type { Fleet, Handled } from './fleet.fixture.ts';
import type { World } from './products-to-network.fixture.ts';
import { activationRows, tools } from './products-to-network.fleet.fixture.ts';

/** Looks at every step: what is shown of a product is so already, and what rules an order runs by stays. */
export function aWatcher() {
  const pinned = new Map<string, readonly string[]>();
  return ({ aggregate, saved, sent }: Handled, fleet: Fleet): void => {
    for (const { definition, body } of sent) {
      if (definition.name !== productChanged.name) continue;
      const { product } = body as { product: Product };
      if (product.status !== 'active') continue;
      for (const { serviceId, name } of product.components) {
        const state = fleet.read(services, serviceId)?.service.state;
        expect([product.id, name, product.status, state]).toEqual([product.id, name, product.status, 'active']);
      }
    }
    if (aggregate !== productOrders.name) return;
    for (const { order } of saved as readonly ProductOrderState[]) {
      const rules = order.rules.map((one) => JSON.stringify(one));
      expect(rules).toEqual(expect.arrayContaining([...(pinned.get(order.id) ?? [])]));
      pinned.set(order.id, rules);
    }
  };
}

/** Everything that must hold when all is quiet. */
export function judge(world: World): void {
  for (const { reference, manager, operation, effects } of world.network.ledger.summary({ since: 0 }))
    expect([manager, operation, reference, effects <= 1]).toEqual([manager, operation, reference, true]);
  for (const { order } of world.fleet.rows(serviceOrders).values())
    expect([order.id, order.state, serviceOrderEnded(order.state)]).toEqual([order.id, order.state, true]);
  for (const state of world.orders()) judgeOrder(world, state);
  for (const { product } of world.products()) judgeProduct(world, product);
  for (const { service, waiting } of world.services()) {
    expect([service.id, service.claim, waiting]).toEqual([service.id, null, []]);
    expect(['active', 'terminated']).toContain(service.state);
  }
  const active = world.services().flatMap(({ service }) => (service.state === 'active' ? [service] : []));
  const wanted = world
    .products()
    .flatMap(({ product: { status, components } }) =>
      productEnded(status) ? [] : components.map(({ serviceId }) => serviceId),
    );
  expect(active.map(({ id }) => id).toSorted()).toEqual(wanted.toSorted());
  const held = new Map(world.network.holdings.all().map((one) => [one.serviceRef, one.holdings]));
  expect([...held.keys()].toSorted()).toEqual(wanted.toSorted());
  for (const service of active) expect([service.id, held.get(service.id)]).toEqual([service.id, heldFor(service)]);
}

function judgeOrder(world: World, one: ProductOrderState): void {
  const { order, plan, planned, products, cancellations, followUps } = one;
  expect([order.id, order.stage, orderEnded(order.stage)]).toEqual([order.id, order.stage, true]);
  for (const { state } of cancellations) expect(['done', 'terminatedWithError']).toContain(state);
  const known = new Set(world.orders().map(({ order: { id } }) => id));
  expect([order.id, order.followUps.filter((id) => !known.has(id)), followUps]).toEqual([order.id, [], []]);
  if (!planned) return;
  // Decomposing it again, from what a database would give back, comes to the same, whatever was published since.
  const again = planOf(turned(order.request), turned(world.knownRules()).toReversed(), turned(products), order.rules, {
    tools,
  });
  expect(JSON.stringify('plan' in again ? again.plan : again.faults)).toBe(JSON.stringify(plan));
  for (const { itemId, action, quantity } of order.request.items) {
    const made = world
      .products()
      .filter(
        ({ product: { bundle, orderItems } }) =>
          bundle === undefined && orderItems.some((one) => one.orderId === order.id && one.itemId === itemId),
      );
    if (action === 'add') expect([order.id, itemId, made.length]).toEqual([order.id, itemId, quantity]);
  }
}

function judgeProduct(world: World, product: Product): void {
  const { id, status, claim, components, missing, characteristics } = product;
  expect([id, claim]).toEqual([id, null]);
  // What could not be taken back is a person's to end.
  const isSpoiled = world
    .orders()
    .some(({ order, work }) =>
      order.deliveries.some((one) => one.productId === id && work[one.id]?.spoiled !== undefined),
    );
  const stable = ['active', 'suspended', 'pendingActive', 'terminated', 'cancelled', 'aborted'];
  expect(isSpoiled ? [...stable, 'pendingTerminate'] : stable).toContain(status);
  if (productEnded(status) || status === 'pendingTerminate') return;
  for (const { serviceId, characteristics: asked, name } of components) {
    const service = world.fleet.read(services, serviceId)?.service;
    expect([id, name, service?.characteristics]).toEqual([id, name, expect.objectContaining(asked)]);
    if (status === 'suspended') expect(service?.operatingStatus).toBe('suspended');
  }
  if (missing.length > 0) return;
  const rule = world
    .knownRules()
    .find(({ specification, version }) => specification.id === product.specification?.id && version === product.rule);
  expect(components.map(({ name }) => name).toSorted()).toEqual(namesOf(rule, characteristics).toSorted());
  for (const { name, when, quantity } of rule?.products ?? []) {
    const parts = world
      .products()
      .filter(
        ({ product: { bundle, status: stands } }) =>
          bundle?.productId === id && bundle.name === name && !productEnded(stands),
      );
    const count = holds(when, characteristics) ? (numberOf(quantity, characteristics) ?? 1) : 0;
    expect([id, name, parts.length]).toEqual([id, name, count]);
  }
}

type Values = Product['characteristics'];
const namesOf = (rule: DecompositionRule | undefined, values: Values): string[] =>
  (rule?.services ?? []).flatMap(({ name, when }) => (holds(when, values) ? [name] : []));
/** Of the conditions and quantities that are made up here. */
function holds(when: Condition | undefined, values: Values): boolean {
  if (when === undefined) return true;
  const x = Number(values['x']);
  return 'atMost' in when ? x <= when.atMost : 'atLeast' in when ? x >= when.atLeast : false;
}
const numberOf = (quantity: DecompositionRule['products'][number]['quantity'], values: Values): number | undefined =>
  quantity === undefined ? undefined : Number('value' in quantity ? quantity.value : values['n']);

/** What the network holds for a service, by what the inventory says of it. */
function heldFor({ serviceType, characteristics, operatingStatus }: Service): unknown {
  const { port, downMbps, upMbps, allocationId, prefix, prefixLength, reverseDns } = characteristics;
  const { deviceId, model, features, accountId, packages } = characteristics;
  const suspended = operatingStatus === 'suspended' ? { suspended: true } : {};
  switch (serviceType) {
    case 'broadband':
      return { port, downMbps, upMbps, ...suspended };
    case 'ip-addressing':
      return {
        allocations: [
          expect.objectContaining({ allocationId, prefix, prefixLength, reverseDns, ...suspended }) as unknown,
        ],
      };
    case 'managed-router':
      return expect.objectContaining({ deviceId, model, features: features ?? [], ...suspended });
    case 'tv':
      return expect.objectContaining({ accountId, packages, ...suspended });
    case undefined:
    default:
      throw new Error(`nobody knows what ${serviceType} is to hold`);
  }
}

/** The same with its keys the other way round: an order of keys is nothing that JSON keeps. */
const turned = <T>(one: T): T =>
  Array.isArray(one)
    ? (one.map((part: unknown) => turned(part)) as T)
    : typeof one === 'object' && one !== null
      ? (Object.fromEntries(
          Object.entries(one)
            .toReversed()
            .map(([name, part]) => [name, turned(part as unknown)]),
        ) as T)
      : one;

/** The world in a few lines, for whoever has to find out why it is not as it should be. */
export const told = (world: World): string =>
  [
    ...world
      .orders()
      .map(({ order, work, cancellations, planned, claim, ending, givenUp }) => [
        ['product order', order.id, order.stage, { planned, claim, ending }],
        order.request.items.map(({ itemId, action, productId, quantity, specification, characteristics, status }) => [
          itemId,
          action,
          quantity,
          productId ?? specification?.id,
          characteristics,
          status,
        ]),
        order.rules.map(({ specification: { id }, version }) => `${id} ${version}`),
        order.deliveries.map(({ component, productId, serviceId, state, purpose, attempt, failure, id }) => [
          component,
          productId,
          serviceId,
          state,
          purpose,
          attempt,
          failure?.code,
          work[id],
        ]),
        givenUp,
        cancellations.map(({ state }) => state),
      ]),
    ...[...world.fleet.rows(serviceOrders).values()].map(({ order }) => [
      'service order',
      order.id,
      order.state,
      order.request.items.map(({ action, serviceId, itemId }) => [itemId, action, serviceId]),
      order.failure?.code,
      order.request.category,
    ]),
    ...[...world.fleet.rows(activationRows).values()].map(({ command, phase, entries, position }) => [
      'activation',
      command.orderId,
      command.action,
      command.serviceId,
      phase,
      position,
      entries.map(({ step, direction, state, failure }) => `${step} ${direction} ${state} ${failure?.code}`).join(', '),
    ]),
    ...world
      .services()
      .map(({ service: { id, serviceType, state, operatingStatus, claim, characteristics } }) => [
        'service',
        id,
        serviceType,
        state,
        operatingStatus,
        claim,
        characteristics,
      ]),
    ...world
      .products()
      .map(({ product: { id, status, claim, components, missing, bundle, specification, rule, characteristics } }) => [
        'product',
        id,
        status,
        claim,
        specification?.id,
        rule,
        bundle,
        components.map(({ name, serviceId }) => [name, serviceId]),
        missing,
        characteristics,
      ]),
    ...world.network.holdings.all().map(({ manager, serviceRef, holdings }) => ['held', manager, serviceRef, holdings]),
  ]
    .map((line) => JSON.stringify(line))
    .join('\n');
