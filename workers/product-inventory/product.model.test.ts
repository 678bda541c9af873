import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Product, ProductClaim, ProductRecord } from '../../contracts/messages/product-inventory.ts';
import type { ProductStatus } from '../../contracts/states/product.ts';
import { type ToldService, statusByServices } from './consistency.decide.ts';
import { mayBecome, productEnded } from './product.machine.ts';
import { type Effects, productOf } from './product.state.ts';
import {
  aBundle,
  aChange,
  aDraft,
  aProduct,
  aRecord,
  aService,
  anAdd,
  anInventory,
  noon,
  orderId,
  sent,
} from './products.fixture.ts';

/**
 * A small world around the inventory: orders that want the same products, their commands and the answers, what happens to
 * services meanwhile, alarms; everything late, twice, in any order, or given up until a person replays it. Orders behave as order
 * management does: they record when they were granted, and record on when they were answered.
 */
interface Order {
  readonly number: number;
  readonly claims: readonly ProductClaim[];
  readonly statuses: readonly ProductStatus[];
  granted: readonly string[] | undefined;
  recorded: number;
  over: boolean;
}
type Message =
  | { readonly to: 'claim' | 'record'; readonly order: Order; readonly record?: number }
  | { readonly to: 'granted' | 'refused'; readonly order: Order; readonly products: readonly string[] }
  | { readonly to: 'recorded'; readonly order: Order; readonly record: number }
  | { readonly to: 'service'; readonly service: ToldService };

const wants: readonly (readonly ProductClaim[])[] = [
  [aChange('bundle')],
  [aChange('tv')],
  [aChange('tv'), aChange('p', { itemId: '2' })],
  [aChange('p')],
  [aChange('p'), aChange('bundle', { itemId: '2' })],
  [
    aChange('bundle'),
    anAdd('radio', { itemId: '2', draft: aDraft({ bundle: { productId: 'bundle', name: 'radio' } }) }),
  ],
];
const serviceIds = ['service of tv', 'service of voice', 'a', 'b'];
const records = 3;

function aWorld(chosen: readonly { readonly want: number; readonly statuses: readonly ProductStatus[] }[]) {
  const inventory = anInventory(...aBundle('bundle', 'tv', 'voice'), aProduct({}, 'a', 'b'));
  const orders = chosen.map(({ want, statuses }, at): Order => {
    return { number: at, claims: wants[want] ?? [], statuses, granted: undefined, recorded: 0, over: false };
  });
  const services = new Map(serviceIds.map((id) => [id, aService({ id, revision: 1 })]));
  const messages: Message[] = [];
  const posted: Message[] = [];
  const post = (message: Message): void => {
    messages.push(message);
    posted.push(message);
  };
  for (const order of orders) post({ to: 'claim', order });
  /** By product: who wrote it last, and with which record. */
  const writers = new Map<string, string>();
  const shownAt = new Map<string, Product>(inventory.all().map(({ product }) => [product.id, product]));
  let now = noon;

  /** What every step leaves behind is lawful, whoever took it. */
  function watch(effects: Effects, byOrder = false): void {
    for (const { product } of sent<{ product: Product }>(effects, 'product-changed')) {
      const before = shownAt.get(product.id);
      expect(product.revision).toBe((before?.revision ?? 0) + 1);
      // What an order holds, neither services nor alarms change.
      if (!byOrder) expect(before?.claim).toBeNull();
      if (before !== undefined)
        expect([before.status, product.status, mayBecome(before, product.status)]).toContain(true);
      const [from, to] = [before?.claim?.orderId, product.claim?.orderId];
      // From one order to another there is no way but through none.
      if (from !== undefined && to !== undefined) expect(to).toBe(from);
      shownAt.set(product.id, product);
    }
  }

  function recordOf(order: Order, number: number): { release: boolean; products: ProductRecord[] } {
    const products = (order.granted ?? []).map((productId) => {
      const isEnd = productEnded(inventory.product(productId).status);
      return aRecord({
        productId,
        status: isEnd ? inventory.product(productId).status : (order.statuses[number - 1] ?? 'active'),
        characteristics: { by: `${order.number}.${number}` },
      });
    });
    return { release: number === records, products };
  }
  const pending = new Map<string, ReturnType<typeof recordOf>>();
  function sendNext(order: Order): void {
    if (order.over) return;
    if (order.granted === undefined) post({ to: 'claim', order });
    else post({ to: 'record', order, record: order.recorded + 1 });
  }

  function deliver(message: Message): void {
    switch (message.to) {
      case 'claim': {
        const effects = inventory.claim(message.order.number, ...message.order.claims);
        watch(effects, true);
        for (const body of sent<{ verdict: string }>(effects, 'products-claimed')) {
          const held = inventory
            .all()
            .filter(({ product }) => product.claim?.orderId === orderId(message.order.number));
          const products = held.map(({ product }) => product.id);
          post({ to: body.verdict === 'claimed' ? 'granted' : 'refused', order: message.order, products });
        }
        return;
      }
      case 'granted':
        if (message.order.granted !== undefined || message.order.over) return;
        message.order.granted = message.products;
        return sendNext(message.order);
      case 'refused':
        message.order.over = true;
        return;
      case 'record': {
        const { order, record: number = 1 } = message;
        const key = `${order.number}.${number}`;
        const command = pending.get(key) ?? recordOf(order, number);
        pending.set(key, command);
        const before = new Map(inventory.all().map(({ product }) => [product.id, product]));
        const effects = inventory.record(order.number, number, command.release, ...command.products);
        watch(effects, true);
        for (const { product } of sent<{ product: Product }>(effects, 'product-changed')) {
          if (!command.products.some(({ productId }) => productId === product.id)) continue;
          expect(before.get(product.id)?.claim?.orderId).toBe(orderId(order.number));
          writers.set(product.id, key);
        }
        if (sent(effects, 'products-recorded').length > 0) post({ to: 'recorded', order, record: number });
        return;
      }
      case 'recorded':
        if (message.record !== message.order.recorded + 1) return;
        message.order.recorded = message.record;
        if (message.record === records) message.order.over = true;
        return sendNext(message.order);
      case 'service':
        return watch(inventory.told(message.service, now));
      default:
        return message satisfies never;
    }
  }

  return {
    inventory,
    orders,
    writers,
    messages,
    posted,
    deliver,
    change(id: string, over: Partial<ToldService>) {
      const known = services.get(id) ?? aService({ id });
      const service = { ...known, claim: null, ...over, revision: known.revision + 1 };
      services.set(id, service);
      post({ to: 'service', service });
    },
    ring(seconds: number) {
      now = new Date(now.getTime() + seconds * 1_000);
      for (const { product } of inventory.all()) watch(inventory.due(product.id, now));
    },
    /** The service inventory answers what was asked of it. */
    tellAll() {
      for (const service of services.values()) watch(inventory.told({ ...service, claim: null }, now));
    },
  };
}

const status = fc.constantFrom<ProductStatus>('active', 'suspended', 'pendingActive', 'pendingTerminate', 'terminated');
const fact = fc.constantFrom<Partial<ToldService>>(
  {},
  { operatingStatus: 'active', state: 'active' },
  { operatingStatus: 'suspended', state: 'active' },
  { operatingStatus: 'suspended', state: 'active' },
  { operatingStatus: 'degraded', state: 'active' },
  { operatingStatus: 'terminated', state: 'terminated' },
  { claim: { orderId: 'service order' } },
);
const step = fc.record({
  kind: fc.constantFrom('deliver', 'deliver', 'deliver', 'deliver', 'service', 'ring', 'giveUp', 'replay'),
  pick: fc.nat(1_000),
  again: fc.boolean(),
  fact,
});

test('whatever comes late, twice, in any order, or is given up and replayed: one order at a time writes a product, its last record stands, statuses are lawful', () => {
  let written = 0;
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ want: fc.nat(wants.length - 1), statuses: fc.array(status, { minLength: 3, maxLength: 3 }) }),
        {
          minLength: 1,
          maxLength: 5,
        },
      ),
      fc.array(step, { maxLength: 120 }),
      (chosen, steps) => {
        const world = aWorld(chosen);
        const letters: Message[] = [];
        for (const { kind, pick, again, fact: over } of steps) {
          const at = pick % Math.max(1, world.messages.length);
          const message = world.messages[at];
          if (kind === 'service') world.change(serviceIds[pick % serviceIds.length] ?? '', over);
          else if (kind === 'ring') world.ring(pick * 10);
          else if (kind === 'replay') world.messages.push(...letters.splice(pick % Math.max(1, letters.length), 1));
          else if (message !== undefined) {
            if (kind === 'giveUp' || !again) world.messages.splice(at, 1);
            if (kind === 'giveUp') letters.push(message);
            else world.deliver(message);
          }
        }
        // What was given up is replayed; nobody asks for anything again.
        world.messages.push(...letters);
        for (let round = 0; world.messages.length > 0; round += 1) {
          expect(round).toBeLessThan(50);
          for (const message of world.messages.splice(0)) world.deliver(message);
        }
        expect(world.orders.filter(({ over }) => !over)).toEqual([]);
        // And then everything that was ever sent comes once more, the newest first.
        for (const message of world.posted.toReversed()) world.deliver(message);
        for (const { product, before } of world.inventory.all()) {
          const by = world.writers.get(product.id);
          expect([product.claim, before]).toEqual([null, null]);
          if (by === undefined) continue;
          written += 1;
          expect(by.endsWith(`.${records}`)).toBe(true);
          expect(product.characteristics).toEqual({ by });
        }
        // In calm, products and services come to agree. What no product had yet when it was told was asked for.
        world.tellAll();
        world.ring(3_600);
        const get = (id: string) =>
          world.inventory.entries().find((one) => one.kind === 'product' && one.product.id === id);
        for (const { product } of world.inventory.all()) {
          const state = productOf(get, product.id);
          if (state === undefined || product.status === 'pendingTerminate') continue;
          expect([product.id, product.status, statusByServices(get, state)]).toEqual([
            product.id,
            product.status,
            undefined,
          ]);
        }
      },
    ),
    { numRuns: 400 },
  );
  expect(written).toBeGreaterThan(400);
});
