import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Entry, keyOf as productKey } from '../../../workers/product-inventory/product.state.ts';
import { aService, aWrite } from '../../../workers/service-inventory/services.fixture.ts';
import { replace as replaceService } from '../../../workers/service-inventory/write.decide.ts';
import * as products from '../../../workers/product-inventory/products.fixture.ts';
import { replace as replaceProduct } from '../../../workers/product-inventory/write.decide.ts';
import type { Aggregate } from '../../platform/messaging/handler.ts';
import type { Fleet, Handled } from '../models/fleet.fixture.ts';
import { aWorld } from '../models/products-to-network.fixture.ts';
import { theManagers } from '../models/products-to-network.fleet.fixture.ts';
import { aWish, itemOf, somePolicy, someRules } from '../models/random-products.fixture.ts';
import { aNetwork } from '../models/wire.fixture.ts';
import { strippedIn, withAdditions } from './additions.fixture.ts';

/** Values that are replaced whole: what was added to them, or in them, goes with them. */
const replaced: readonly string[] = [
  // The message, the cancellation and the failure that count now.
  ...['activation origin', 'activation cancelling', 'activation failure', 'activation entries[].failure'],
  // A record says what the product and its components are; a service tells how it is.
  ...['product product.specification', 'product product.components[]', 'product services.*'],
  // The plan is made anew from the order, and pins the rules it was made by.
  ...['product-order plan', 'product-order order.rules[]'],
  // How the last change ended, and how its activation stands.
  ...['service lastSettled', 'service-order work.*.status'],
];
const isReplaced = (path: string): boolean => replaced.some((one) => path === one || path.startsWith(`${one}.`));

const network = aNetwork(theManagers);

const keys: Readonly<Record<string, (state: never) => string>> = {
  product: (state: Entry) => productKey(state),
  'product-order': ({ order: { id } }: { order: { id: string } }) => id,
  'service-order': ({ order: { id } }: { order: { id: string } }) => id,
  service: ({ service: { id } }: { service: { id: string } }) => id,
  activation: ({ id }: { id: string }) => id,
};

/** Gives every row that is saved what a newer release might add, and notes where the next save left it out. */
function aRelease() {
  const rows = new Map<string, unknown>();
  const stripped = new Set<string>();
  const saves = new Map<string, number>();
  return {
    stripped,
    saves,
    watch({ aggregate, saved }: Handled, fleet: Fleet): void {
      const keyOf = keys[aggregate];
      for (const state of saved) {
        if (keyOf === undefined || (state as { kind?: string }).kind === 'service') continue;
        const key = keyOf(state as never);
        const before = rows.get(`${aggregate} ${key}`);
        if (before !== undefined) saves.set(aggregate, (saves.get(aggregate) ?? 0) + 1);
        for (const path of strippedIn(before, state)) stripped.add(`${aggregate} ${path}`);
        const after = withAdditions(state);
        rows.set(`${aggregate} ${key}`, after);
        fleet.rows({ name: aggregate } as Aggregate<unknown>).set(key, after);
      }
    },
  };
}

test('law: what a newer release added to a row stays in it, whatever is decided', async () => {
  const saves = new Map<string, number>();
  const wishes = fc.array(fc.tuple(aWish('add', 'add', 'modify', 'suspend', 'resume', 'delete'), fc.nat(5)), {
    minLength: 2,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(someRules, somePolicy, wishes, async (rules, policy, wanted) => {
      const release = aRelease();
      const world = aWorld(network, rules, [policy], release.watch);
      for (const [wish, then] of wanted) {
        const free = world
          .products()
          .filter(({ product: { bundle, claim } }) => bundle === undefined && claim === null);
        world.order([
          itemOf(
            wish,
            '0',
            free.map(({ product: { id } }) => id),
          ),
        ]);
        for (let round = 0; round < 300; round += 1) {
          if (round === 15 && then === 1) world.cancel(world.orders().length - 1);
          if (round === 12 && then === 2) world.amend(0, 'followUp', { characteristics: { x: 2 } });
          if (world.bag.length > 0) world.hand(0, 'once');
          else if (world.intents() > 0)
            await world.call(0, round % 7 === 0 ? 'lost' : round % 31 === 0 ? 'refuse' : 'answer');
          else if (world.outcomes() > 0) world.record(0, 'once');
          else if (!world.attend(then === 3 ? 'retry' : 'fail') && !(await world.ringOthers())) break;
        }
        await world.ringLooks();
      }
      expect([...release.stripped].filter((path) => !isReplaced(path))).toEqual([]);
      for (const [aggregate, count] of release.saves) saves.set(aggregate, (saves.get(aggregate) ?? 0) + count);
    }),
    { numRuns: 25, seed: 7, endOnFailure: true },
  );
  // What is never saved again proves nothing.
  for (const aggregate of Object.keys(keys))
    expect([aggregate, (saves.get(aggregate) ?? 0) > 50]).toEqual([aggregate, true]);
});

test('what a newer release added to a service or a product stays when a client replaces what is the client’s', () => {
  const service = withAdditions(aService({ revision: 3, activated: false }));
  const command = { commandId: 'c', id: 's', expectedRevision: 3 };
  const { save: [written] = [] } = replaceService(service, command, aWrite({ name: 'mine' }), products.noon);
  expect(written?.service).toMatchObject({ name: 'mine', revision: 4 });
  expect(strippedIn(service, written)).toEqual([]);

  const product = withAdditions(products.aProduct({ revision: 3 }));
  const { save: [kept] = [] } = replaceProduct(
    () => product,
    { commandId: 'c', id: 'p', expectedRevision: 3 },
    products.aWrite({ name: 'mine' }),
    products.noon,
  );
  expect(kept).toMatchObject({ product: { name: 'mine', revision: 4 } });
  expect(strippedIn(product, kept).filter((path) => !/specification|parties/.test(path))).toEqual([]);
});
