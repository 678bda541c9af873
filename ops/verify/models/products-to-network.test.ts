import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type DecompositionRule,
  type RecoveryPolicy,
  decompositionRule,
} from '../../../contracts/messages/decomposition.ts';
import { productEnded } from '../../../workers/product-inventory/product.machine.ts';
import type { Fate } from './orders-to-network.fixture.ts';
import { aWatcher, judge, told } from './products-to-network.judge.fixture.ts';
import { type World, aWorld } from './products-to-network.fixture.ts';
import { theManagers } from './products-to-network.fleet.fixture.ts';
import { aWish, itemOf, somePolicy, someRules } from './random-products.fixture.ts';
import { aNetwork } from './wire.fixture.ts';

const aMove = fc.record({
  what: fc.oneof(
    { weight: 120, arbitrary: fc.constant('message' as const) },
    { weight: 48, arbitrary: fc.constant('call' as const) },
    { weight: 48, arbitrary: fc.constant('record' as const) },
    { weight: 10, arbitrary: fc.constant('ring' as const) },
    { weight: 3, arbitrary: fc.constant('attend' as const) },
    { weight: 5, arbitrary: fc.constant('replay' as const) },
    { weight: 4, arbitrary: fc.constant('order' as const) },
    { weight: 3, arbitrary: fc.constant('publish' as const) },
    { weight: 1, arbitrary: fc.constant('cancel' as const) },
    { weight: 2, arbitrary: fc.constant('amend' as const) },
  ),
  // Mostly in order: only then anybody gets anywhere.
  pick: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 1_000 }) }),
  how: fc.constantFrom('once', 'once', 'once', 'once', 'twice', 'lost' as const),
  fate: fc.constantFrom<Fate>(...Array<Fate>(10).fill('answer'), 'lost', 'late', 'never', 'refuse', 'notReached'),
  wish: aWish('add'),
});
type Move = typeof aMove extends fc.Arbitrary<infer One> ? One : never;

/** Mostly about products that can be changed: what is busy, or has ended, is refused. */
const anOrder = fc.record({
  wishes: fc.array(aWish('add', 'add', 'modify', 'modify', 'suspend', 'resume', 'delete'), {
    minLength: 1,
    maxLength: 2,
  }),
  isLikely: fc.constantFrom(true, true, true, false),
});
type Asked = typeof anOrder extends fc.Arbitrary<infer One> ? One : never;

function place(world: World, { wishes, isLikely }: Asked): void {
  const tops = world.products().flatMap(({ product }) => (product.bundle === undefined ? [product] : []));
  const free = tops.filter(({ status, claim }) => claim === null && !productEnded(status));
  const existing = new Set((isLikely ? free : tops).map(({ id }) => id));
  const items = wishes.map((wish, at) => {
    const item = itemOf(wish, `${at}`, [...existing]);
    if (item.productId !== undefined) existing.delete(item.productId);
    return { ...item, dependsOn: wish.isAfter && at > 0 ? [`${at - 1}`] : [] };
  });
  world.order(items);
}

function placeNext(world: World, orders: Asked[]): void {
  const next = orders.shift();
  if (next !== undefined) place(world, next);
}

async function play(world: World, { what, pick, how, fate, wish }: Move, orders: Asked[], publish: () => void) {
  switch (what) {
    case 'message':
      return world.hand(pick, how === 'lost' ? 'givenUp' : how);
    case 'call':
      return world.call(pick, fate);
    case 'record':
      return world.record(pick, how);
    case 'ring':
      await world.ring(pick);
      return;
    case 'attend':
      world.attend((['retry', 'skip', 'fail', 'rollBack'] as const)[pick % 4] ?? 'retry');
      return;
    case 'replay':
      world.replay(pick);
      return;
    case 'order':
      return placeNext(world, orders);
    case 'publish':
      return publish();
    case 'cancel':
      return world.cancel(pick);
    case 'amend': {
      const { characteristics } = wish;
      return world.amend(pick, pick % 2 === 0 ? 'followUp' : 'refuse', { characteristics });
    }
    default:
      what satisfies never;
  }
}

/** Nothing is given up any more, and what was is replayed, until nobody waits. */
async function calm(world: World): Promise<void> {
  for (let round = 0; round < 10_000; round += 1) {
    if (world.bag.length > 0) world.hand(0, 'once');
    else if (world.intents() > 0) await world.call(0, 'answer');
    else if (world.outcomes() > 0) world.record(0, 'once');
    else if (!world.replay(0) && !world.attend('fail') && !(await world.ringOthers())) return;
  }
  throw new Error('never quiet');
}

const network = aNetwork(theManagers);
const isOld = ({ version }: DecompositionRule): boolean => version === '1';

test('a person who is told to wait waits: an order that is being cancelled goes on, though something of it is held', async () => {
  const specification = { id: 'ip-addressing-service', version: '1.0' };
  const prefixLength = { from: 'x' };
  const line = decompositionRule.parse({
    ...{ specification: { id: 'line', version: '1.0' }, version: '1', revision: 1 },
    ...{ name: 'line', lifecycleStatus: 'active' },
    characteristics: [{ name: 'x', valueType: 'integer', required: false }],
    services: [{ name: 'prefix', serviceType: 'ip-addressing', specification, characteristics: { prefixLength } }],
  });
  const hold: RecoveryPolicy = { serviceType: '*', revision: 1, cases: { any: [{ do: 'hold' }] } };
  const world = aWorld(network, [line], [hold], aWatcher());
  const wish = { action: 'add', id: 'line', of: 0, quantity: 1, isAfter: false } as const;
  // The catalog refuses the first of these; the second is about to be called.
  world.order([8, 29].map((x, at) => itemOf({ ...wish, characteristics: { x } }, `${at}`, [])));
  while (world.bag.length > 0) world.hand(0, 'once');
  world.cancel(0);
  expect(world.attend('fail')).toBe(false);
  await calm(world);
  judge(world);
  expect(world.orders().map(({ order }) => order.stage)).toEqual(['cancelled']);
});

test('law: whatever is late, doubled, given up, amended or cancelled, product orders end, and products, services and network are one', async () => {
  const ends = new Map<string, number>();
  let undone = 0;
  let retried = 0;
  let followed = 0;
  let heldFor = 0;
  await fc.assert(
    fc.asyncProperty(
      someRules,
      somePolicy,
      fc.array(anOrder, { minLength: 1, maxLength: 3 }),
      fc.array(aMove, { minLength: 20, maxLength: 400, size: 'max' }),
      fc.boolean(),
      async (rules, policy, wanted, moves, again) => {
        const world = aWorld(network, rules.filter(isOld), [policy], aWatcher());
        const orders = [...wanted];
        const young = rules.filter((one) => !isOld(one));
        const publish = (): void => {
          const one = young.shift();
          if (one !== undefined) world.publish(one);
        };
        placeNext(world, orders);
        try {
          for (const move of moves) await play(world, move, orders, publish);
          for (;;) {
            await calm(world);
            if (orders.length === 0) break;
            placeNext(world, orders);
          }
          // Products look after themselves.
          for (let look = 0; look < 3; look += 1) {
            for (let rung = world.products().length; rung > 0; rung -= 1) await world.ringLooks();
            await calm(world);
          }
          if (again) {
            // What was ever said comes once more, the newest first.
            for (const message of world.posted.toReversed()) world.say(message);
            await calm(world);
          }
          judge(world);
        } catch (error) {
          throw new Error(told(world), { cause: error });
        }
        for (const { order, work, audit } of world.orders()) {
          ends.set(order.stage, (ends.get(order.stage) ?? 0) + 1);
          followed += order.followUps.length;
          heldFor += audit.filter(({ to, why }) => to === 'held' && why === 'given up').length;
          undone += order.deliveries.filter(({ state }) => state === 'undone').length;
          retried += Object.values(work).filter(({ serviceOrders }) => serviceOrders.length > 1).length;
        }
      },
    ),
    { numRuns: 150 },
  );
  // What never happens proves nothing.
  for (const stage of ['completed', 'partiallyCompleted', 'failed', 'cancelled', 'rejected'])
    expect([stage, (ends.get(stage) ?? 0) >= (stage === 'completed' ? 50 : 3)]).toEqual([stage, true]);
  expect(undone).toBeGreaterThan(10);
  expect(retried).toBeGreaterThan(10);
  expect(followed).toBeGreaterThan(10);
  expect(heldFor).toBeGreaterThan(10);
}, 60_000);
