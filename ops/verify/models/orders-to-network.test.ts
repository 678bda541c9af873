import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ActivateItem, activateItem } from '../../../contracts/messages/activation.ts';
import { claimServices } from '../../../contracts/messages/service-inventory.ts';
import type { RequestedItem } from '../../../contracts/messages/service-ordering.ts';
import { aService as aKeptService } from '../../../workers/service-inventory/services.fixture.ts';
import { anItem, noon } from '../../../workers/service-ordering/orders.fixture.ts';
import { itemEnded, orderEnded } from '../../../workers/service-ordering/service-order.machine.ts';
import { giveUp, orderOf, replay, taken } from './ground.fixture.ts';
import {
  type Fate,
  type World,
  aWorld,
  cancelOrder,
  carryOut,
  deliver,
  order,
  retryHeld,
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
    { weight: 1, arbitrary: fc.constant('person' as const) },
  ),
  // Mostly in order: only then anybody gets anywhere.
  pick: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 1_000 }) }),
  how: fc.constantFrom('once', 'once', 'once', 'once', 'twice', 'givenUp' as const),
  fate: fc.constantFrom<Fate>(...Array<Fate>(8).fill('answer'), 'lost', 'late', 'never', 'refuse', 'notReached'),
});
type Move = typeof aMove extends fc.Arbitrary<infer One> ? One : never;

const anyOrder = ({ orders }: World, pick: number): string => [...orders.keys()][pick % orders.size] ?? '';

function play(world: World, { what, pick, how, fate }: Move): void {
  switch (what) {
    case 'message': {
      if (how === 'givenUp') return giveUp(world, pick, new Date(world.time));
      const message = taken(world, pick, how === 'twice');
      return message && deliver(world, message);
    }
    case 'call':
      return carryOut(world, pick % Math.max(1, world.intents.length), fate);
    case 'ring':
      ring(world, pick);
      return;
    case 'cancel':
      return cancelOrder(world, anyOrder(world, pick));
    case 'person':
      if (how === 'once') replay(world, pick);
      else retryHeld(world, anyOrder(world, pick));
      return;
    default:
      what satisfies never;
  }
}

/**
 * Nothing is given up any more, and a person replays what was, until nobody waits.
 *
 * @returns how often an item was held up when a person looked
 */
function calm(world: World): number {
  let heldItems = 0;
  for (let round = 0; round < 3_000; round += 1) {
    const message = taken(world, 0, false);
    if (message !== undefined) deliver(world, message);
    else if (world.intents.length > 0) carryOut(world, 0, 'answer');
    else if (!ring(world)) {
      judgeTold(world);
      heldItems += [...world.orders.keys()].flatMap((id) => heldUp(world, id)).length;
      if (!replay(world) && !retryStalled(world)) return heldItems;
    }
  }
  throw new Error(`never quiet: ${told(world)}`);
}

/**
 * When nobody but a person does anything any more, every order has ended, or waits behind another, or a person is told that
 * it has not ended: by a letter, and for what an order itself hears of by an alert on the item that is held.
 */
function judgeTold(world: World): void {
  for (const { order: standing } of world.orders.values()) {
    if (orderEnded(standing.state)) continue;
    const about = world.letters.filter((letter) => orderOf(letter) === standing.id);
    const alerted = standing.jeopardies.flatMap(({ itemIds }) => itemIds);
    const isTold = about.length > 0 || alerted.length > 0 || waitsBehind(world, standing.id);
    expect([standing.id, isTold]).toEqual([standing.id, true]);
    // What says so may be given up itself.
    if (about.some(({ definition }) => definition.kind === 'event')) continue;
    for (const itemId of heldUp(world, standing.id)) {
      const { state = 'failed' } = standing.progress[itemId] ?? {};
      // One that stalled while it was taken back by itself is being cancelled since.
      const isShown = state === 'held' || state === 'pendingCancellation';
      if (!itemEnded(state))
        expect([itemId, state, isShown && alerted.includes(itemId)]).toEqual([itemId, state, true]);
    }
  }
}

const waitsBehind = ({ services }: World, id: string): boolean =>
  [...services.values()].some(
    ({ waiting, service }) => service.claim !== null && waiting.some(({ orderId }) => orderId === id),
  );

/** Items of an order that stalled at a step, or that nobody has claimed or begun because that was given up. */
function heldUp({ activations, orders, letters }: World, id: string): string[] {
  const work = orders.get(id)?.work ?? {};
  const own = [...activations.values()].flatMap(({ command, phase }) =>
    command.orderId === id ? [{ itemId: command.itemId, phase }] : [],
  );
  const unheard = letters
    .filter((letter) => orderOf(letter) === id)
    .flatMap(({ definition: { name }, body }) => {
      if (name === claimServices.name)
        return (body as { claims: { itemId: string }[] }).claims.filter(
          (one) => work[one.itemId]?.claimNumber === undefined,
        );
      return name === activateItem.name ? [body as ActivateItem] : [];
    });
  return [
    ...own.filter(({ phase }) => phase === 'stalled'),
    ...unheard.filter(({ itemId }) => !own.some((one) => one.itemId === itemId)),
  ].map(({ itemId }) => itemId);
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

test('law: whatever is given up, late, doubled or cancelled, orders end or somebody is told, and inventory and network are what they say', () => {
  let cancelled = 0;
  let refused = 0;
  let heldItems = 0;
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
        try {
          heldItems += calm(world);
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
  expect(heldItems).toBeGreaterThan(50);
});
