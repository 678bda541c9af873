import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RequestedItem } from '../../../contracts/messages/service-ordering.ts';
import { aService as aKeptService } from '../../../workers/service-inventory/services.fixture.ts';
import { anItem, noon } from '../../../workers/service-ordering/orders.fixture.ts';
import { orderEnded } from '../../../workers/service-ordering/service-order.machine.ts';
import {
  type Fate,
  type World,
  aWorld,
  cancelOrder,
  carryOut,
  deliver,
  isAskedAgain,
  order,
  retryStalled,
  ring,
} from './orders-to-network.fixture.ts';

const shared = ['s', 't'];

const aMove = fc.record({
  what: fc.oneof(
    { weight: 12, arbitrary: fc.constant('message' as const) },
    { weight: 6, arbitrary: fc.constant('call' as const) },
    { weight: 2, arbitrary: fc.constant('ring' as const) },
    { weight: 1, arbitrary: fc.constant('cancel' as const) },
  ),
  // Mostly in order: only then anybody gets anywhere.
  pick: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 1_000 }) }),
  how: fc.constantFrom('once', 'once', 'once', 'once', 'twice', 'lost' as const),
  fate: fc.constantFrom<Fate>(...Array<Fate>(8).fill('answer'), 'lost', 'late', 'never', 'refuse', 'notReached'),
});
type Move = typeof aMove extends fc.Arbitrary<infer One> ? One : never;

function play(world: World, { what, pick, how, fate }: Move): void {
  switch (what) {
    case 'message': {
      const at = pick % Math.max(1, world.bag.length);
      const message = world.bag[at];
      if (message === undefined) return;
      if (how !== 'twice') world.bag.splice(at, 1);
      if (how !== 'lost' || !isAskedAgain(message)) deliver(world, message);
      return;
    }
    case 'call':
      return carryOut(world, pick % Math.max(1, world.intents.length), fate);
    case 'ring':
      ring(world, pick);
      return;
    case 'cancel':
      return cancelOrder(world, [...world.orders.keys()][pick % world.orders.size] ?? '');
    default:
      what satisfies never;
  }
}

/** Nothing is lost any more, and whoever waits asks again, until nobody waits. */
function calm(world: World): void {
  for (let round = 0; round < 3_000; round += 1) {
    const message = world.bag.shift();
    if (message !== undefined) deliver(world, message);
    else if (world.intents.length > 0) carryOut(world, 0, 'answer');
    else if (!retryStalled(world) && !ring(world)) return;
  }
  throw new Error(`never quiet: ${told(world)}`);
}

/** The world in a few lines, for whoever has to find out why it is not as it should be. */
const told = ({ orders, activations, services }: World): string =>
  [
    ...[...orders.values()].map(({ order: { id, state, progress }, work, cancellations }) => {
      const items = Object.entries(progress).map(([item, { state: stands }]) => [item, stands, work[item]?.cancelling]);
      return [id, state, items, cancellations.map((one) => one.state)];
    }),
    ...[...activations.values()].map(({ command, phase, position, entries, cancelling }) => {
      const steps = entries.map(({ step, direction, state }) => `${step} ${direction} ${state}`);
      return [command.orderId, command.itemId, command.claimNumber, phase, position, steps, cancelling];
    }),
    ...[...services.values()].map(({ service, change, lastSettled }) => [
      service.id,
      service.claim,
      change?.again,
      lastSettled,
    ]),
  ]
    .map((line) => JSON.stringify(line))
    .join('\n');

/** One to three items on services of its own and shared ones, in a line or side by side. */
const anOrder = fc
  .record({
    own: fc.integer({ min: 1, max: 2 }),
    wants: fc.subarray(shared),
    action: fc.constantFrom('modify' as const, 'delete' as const),
    isLine: fc.boolean(),
  })
  .map(({ own, wants, action, isLine }) => (id: string): RequestedItem[] => {
    const mine = Array.from({ length: own }, (_, at) => anItem(`${at}`, { serviceId: `${id}-own-${at}` }));
    const theirs = wants.map((serviceId, at) =>
      anItem(`${own + at}`, { serviceId, action, characteristics: action === 'delete' ? {} : { rate: 7 } }),
    );
    const items = [...mine, ...theirs];
    return isLine ? items.map((item, at) => (at === 0 ? item : { ...item, dependsOn: [`${at - 1}`] })) : items;
  });

/** Everything that must hold when all is quiet. */
function judge(world: World): void {
  for (const [reference, times] of world.effects) expect([reference, times]).toEqual([reference, 1]);
  const { steps } = world.rules;
  for (const { service, waiting } of world.services.values()) {
    expect([service.id, service.claim, waiting]).toEqual([service.id, null, []]);
    const held = [...(world.held.get(service.id) ?? [])].toSorted();
    const wanted = service.state === 'terminated' ? [] : steps.map(({ name }) => name).toSorted();
    expect([service.id, service.state, held]).toEqual([service.id, service.state, wanted]);
    expect(['active', 'terminated']).toContain(service.state);
  }
  for (const { order: ended, cancellations } of world.orders.values()) {
    expect(orderEnded(ended.state)).toBe(true);
    const items = ended.request.items.map(({ itemId }) => ended.progress[itemId]?.state);
    const task = cancellations.at(-1)?.state;
    if (ended.state === 'cancelled') {
      expect(task).toBe('done');
      expect(items.filter((state) => state !== 'cancelled' && state !== 'failed')).toEqual([]);
    } else expect([undefined, 'terminatedWithError']).toContain(task);
    for (const { itemId, action, serviceId } of ended.request.items) {
      const state = ended.progress[itemId]?.state;
      const service = world.services.get(serviceId)?.service;
      if (action === 'add' && service !== undefined)
        expect([serviceId, service.state]).toEqual([serviceId, state === 'completed' ? 'active' : 'terminated']);
      if (action === 'delete' && state === 'completed') expect(service?.state).toBe('terminated');
    }
  }
}

test('law: whatever is lost, late, doubled or cancelled, orders end, and inventory and network are what they say', () => {
  let cancelled = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(anOrder, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(undefined, 'allocate', 'configure'),
      fc.array(aMove, { minLength: 20, maxLength: 200, size: 'max' }),
      (makers, pointOfNoReturn, moves) => {
        const standing = shared.map((id) =>
          aKeptService({ id, specification: { id: 'line' }, characteristics: { rate: 50, port: '1', prefix: 29 } }),
        );
        const world = aWorld(pointOfNoReturn, standing);
        for (const [at, make] of makers.entries()) {
          const id = `order-${at}`;
          order(world, { id, orderDate: noon.toISOString(), parties: [], items: make(id) });
        }
        for (const move of moves) play(world, move);
        calm(world);
        try {
          judge(world);
        } catch (error) {
          throw new Error(told(world), { cause: error });
        }
        const tasks = [...world.orders.values()].flatMap(({ cancellations }) =>
          cancellations.map(({ state }) => state),
        );
        cancelled += tasks.filter((state) => state === 'done').length;
        refused += tasks.filter((state) => state === 'terminatedWithError').length;
      },
    ),
    { numRuns: 250 },
  );
  // What never happens proves nothing.
  expect(cancelled).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(10);
});
