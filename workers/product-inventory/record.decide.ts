import { send } from '../../contracts/messages/message.ts';
import {
  type ProductRecord,
  type RecordProducts,
  productsRecorded,
} from '../../contracts/messages/product-inventory.ts';
import { mostOrderItems } from '../../contracts/messages/values.ts';
import { tellServices } from '../../contracts/messages/service-inventory.ts';
import type { ProductStatus } from '../../contracts/states/product.ts';
import { add, newcomer } from './claims.decide.ts';
import { follow, givenBack, untold } from './consistency.decide.ts';
import { mayBecome, productEnded } from './product.machine.ts';
import {
  type Draft,
  type Effects,
  type Get,
  type ProductState,
  type Realization,
  draftOf,
  liveParts,
  orderOf,
  productOf,
  productsRealizedBy,
  withStatus,
} from './product.state.ts';

/** A record that contradicts what the inventory knows: for a person, because no repetition mends it. */
export interface Contradiction {
  readonly code: string;
  readonly reason: string;
}

/**
 * Writes what an order came to, and gives its products back where it is done with them. An older record than the last is
 * late and changes nothing; the last one is answered again.
 */
export function record(get: Get, command: RecordProducts, now: Date): Effects | Contradiction {
  const { orderId, number, release, products } = command;
  const known = orderOf(get, orderId) ?? newcomer(orderId);
  const answer = send(productsRecorded, { orderId, number });
  if (number < known.recorded) return {};
  if (number === known.recorded) return { send: [answer] };
  const against = products.map((one, place) => contradiction(get, orderId, one, products.slice(0, place)));
  const contradicted = against.find((one) => one !== undefined);
  if (contradicted !== undefined) return contradicted;
  if (known.released && products.length > 0)
    return { code: 'productsReleased', reason: `Product order ${orderId} has given its products back.` };

  const draft = draftOf(get);
  const held = [...new Set([...known.held, ...products.map(({ productId }) => productId)])];
  for (const one of products) if (productOf(draft.get, one.productId) === undefined) enter(draft, orderId, one, now);
  const written = new Map(products.map((one) => [one.productId, one]));
  const touched = new Set([...written.keys(), ...(release ? held : [])]);
  for (const id of partsFirst(draft.get, [...touched])) {
    const state = productOf(draft.get, id);
    if (state?.product.claim?.orderId !== orderId) continue;
    write(draft, state, written.get(id), release, now);
  }
  if (release) {
    const serviceIds = held.flatMap((id) => {
      const state = productOf(draft.get, id);
      return state === undefined ? [] : untold(state);
    });
    if (serviceIds.length > 0) draft.send(send(tellServices, { serviceIds }));
    for (const id of held) {
      const bundleId = productOf(draft.get, id)?.product.bundle?.productId;
      // What an order holds it has spoken for; a bundle beside it follows its parts.
      if (bundleId !== undefined && !held.includes(bundleId)) follow(draft, bundleId, now);
    }
  }
  draft.save({ ...known, held: release ? [] : held, recorded: number, released: known.released || release });
  draft.send(answer);
  return draft.effects();
}

function contradiction(
  get: Get,
  orderId: string,
  { productId, draft, status }: ProductRecord,
  earlier: readonly ProductRecord[],
): Contradiction | undefined {
  const state = productOf(get, productId);
  if (earlier.some((one) => one.productId === productId))
    return { code: 'productTwice', reason: `Product ${productId} is written twice by one record.` };
  if (state === undefined) {
    if (draft === undefined)
      return {
        code: 'unknownProduct',
        reason: `Product ${productId} is not in the inventory, and nothing describes it.`,
      };
    return mayBecome({ status: 'created', claim: null }, status) ? undefined : illegal(productId, 'created', status);
  }
  const { product } = state;
  if (product.claim?.orderId !== orderId)
    return { code: 'productNotHeld', reason: `Product ${productId} is not held by product order ${orderId}.` };
  return mayBecome(product, status) ? undefined : illegal(productId, product.status, status);
}

const illegal = (id: string, from: ProductStatus, to: ProductStatus): Contradiction => ({
  code: 'illegalStatus',
  reason: `Product ${id} is ${from} and cannot become ${to}.`,
});

/** A product that an order adds without having claimed it: a part of a bundle. */
function enter(
  draft: Draft,
  orderId: string,
  { productId, itemId, action, draft: drafted }: ProductRecord,
  now: Date,
): void {
  if (drafted !== undefined) add(draft, { orderId, itemId, action, productId, drafted }, now);
}

function write(draft: Draft, state: ProductState, one: ProductRecord | undefined, release: boolean, now: Date): void {
  const noted = one === undefined ? state : { ...state, product: described(state, one) };
  const status = one === undefined ? leftAs(state, release) : standing(draft.get, noted, one.status);
  const product = withStatus(noted.product, status, now);
  const services = Object.fromEntries(
    product.components.flatMap(({ serviceId }) => {
      const told = state.services[serviceId];
      return told === undefined ? [] : [[serviceId, told]];
    }),
  );
  const next: ProductState = { ...noted, services, product: release ? { ...product, claim: null } : product };
  const kept = release ? givenBack(draft.get, { ...next, before: null }, now) : next;
  draft.revise(kept, kept.product, now);
  realize(draft, kept);
}

/** What the record says of the product, beside its status. */
function described({ product }: ProductState, one: ProductRecord): ProductState['product'] {
  const { itemId, action, specification, rule, characteristics, components, missing } = one;
  const orderId = product.claim?.orderId ?? '';
  const isListed = product.orderItems.some((item) => item.orderId === orderId && item.itemId === itemId);
  return {
    ...product,
    ...(specification === undefined ? {} : { specification }),
    ...(rule === undefined ? {} : { rule }),
    ...(characteristics === undefined ? {} : { characteristics }),
    ...(components === undefined ? {} : { components }),
    ...(missing === undefined ? {} : { missing }),
    orderItems: isListed
      ? product.orderItems
      : [...product.orderItems, { orderId, itemId, action }].slice(-mostOrderItems),
  };
}

/**
 * What an order gives back without a word is as it was before it: an amendment may have taken it out of the plan after the
 * order had written that it works on it. What the order itself added comes to nothing.
 */
function leftAs({ product, before }: ProductState, release: boolean): ProductStatus {
  if (!release || productEnded(product.status)) return product.status;
  const was = before === null ? 'cancelled' : before.status;
  return mayBecome(product, was) ? was : product.status;
}

/** A bundle ends after its parts: as long as one of them is left, it is about to. */
const standing = (get: Get, state: ProductState, status: ProductStatus): ProductStatus =>
  status === 'terminated' && liveParts(get, state).length > 0 ? 'pendingTerminate' : status;

/** Parts come before the bundles they are in: what ends, ends from the inside. */
function partsFirst(get: Get, ids: readonly string[]): string[] {
  const depth = (id: string, seen: ReadonlySet<string> = new Set()): number => {
    const above = productOf(get, id)?.product.bundle?.productId;
    return above === undefined || seen.has(id) ? 0 : 1 + depth(above, new Set([...seen, id]));
  };
  return ids.toSorted((a, b) => depth(b) - depth(a));
}

/** Notes which services realize the product, for what comes after it in the same batch. */
function realize(draft: Draft, { product: { id, components } }: ProductState): void {
  for (const { serviceId } of components) {
    const known = productsRealizedBy(draft.get, serviceId);
    if (known.includes(id)) continue;
    const entry: Realization = { kind: 'service', serviceId, productIds: [...known, id] };
    draft.save(entry);
  }
}

export const isContradiction = (decided: Effects | Contradiction): decided is Contradiction => 'code' in decided;
