import { type Outgoing, send } from '../../contracts/messages/message.ts';
import {
  type ClaimProducts,
  type Product,
  type ProductClaim,
  productsClaimed,
} from '../../contracts/messages/product-inventory.ts';
import { type Failure, mostOrderItems } from '../../contracts/messages/values.ts';
import { productEnded } from './product.machine.ts';
import {
  type Draft,
  type Effects,
  type Get,
  type OrderState,
  type ProductState,
  type Refusal,
  draftOf,
  liveParts,
  newProduct,
  orderOf,
  productOf,
} from './product.state.ts';

/** In bytes: a message holds 256 KiB, and there is more in it than the products. */
const largestAnswer = 232 * 1024;

/**
 * Claims the products of an order, all or none. Asked again it answers the same again, with the products as they were
 * before the order; to an order that has given its products back it says nothing, so that a late command claims nothing.
 */
export function claimAll(get: Get, { orderId, claims }: ClaimProducts, now: Date): Effects {
  const known = orderOf(get, orderId);
  if (known?.released === true) return {};
  if (known !== undefined && known.refusals.length > 0) return { send: [refused(orderId, known.refusals)] };
  const refusals = claims.flatMap((claim, place) => {
    const failure = whyNot(get, orderId, claim, claims.slice(0, place), claims);
    return failure === undefined ? [] : [{ itemId: claim.itemId, productId: claim.productId, failure }];
  });
  return refusals.length > 0
    ? refuse(orderId, refusals, known)
    : granted(get, orderId, claims, known ?? newcomer(orderId), now);
}

function refuse(orderId: string, refusals: Refusal[], known: OrderState | undefined): Effects {
  // An order that holds products may ask for more; that it may not have these leaves it those.
  const kept: OrderState = known ?? { ...newcomer(orderId), refusals };
  return { save: [kept], send: [refused(orderId, refusals)] };
}

export const newcomer = (orderId: string): OrderState => ({
  kind: 'order',
  orderId,
  refusals: [],
  held: [],
  recorded: 0,
  released: false,
});

function granted(get: Get, orderId: string, claims: readonly ProductClaim[], known: OrderState, now: Date): Effects {
  const draft = draftOf(get);
  const held = new Set(known.held);
  const before: ProductState[] = [];
  const named = new Set(claims.map(({ productId }) => productId));
  for (const claim of bundlesFirst(claims)) {
    const { itemId, productId, action, draft: drafted } = claim;
    const state = productOf(draft.get, productId);
    held.add(productId);
    if (state === undefined) {
      if (drafted !== undefined) {
        const made = add(draft, { orderId, itemId, action, productId, drafted }, now);
        draft.revise(made, made.product, now);
      }
      continue;
    }
    const parts = descendants(draft.get, state, orderId).filter((part) => !named.has(part.product.id));
    for (const one of [state, ...parts]) {
      held.add(one.product.id);
      before.push(holds(one, orderId) ? one : take(draft, one, { orderId, itemId, action }, now));
    }
  }
  draft.save({ ...known, held: [...held] });
  const products = before.flatMap((state) => (state.before === null ? [] : asTold(state.before)));
  const size = products.length === 0 ? 0 : new TextEncoder().encode(JSON.stringify(products)).length;
  if (size > largestAnswer) {
    const { itemId, productId } = claims.find(({ action }) => action !== 'add') ?? { itemId: '', productId: '' };
    const reason = `The products it changes are ${Math.ceil(size / 1024)} KiB with their parts, more than ${largestAnswer / 1024} KiB; order less at once.`;
    const before = known.held.length === 0 ? undefined : known;
    return refuse(orderId, [{ itemId, productId, failure: { code: 'productsTooLarge', reason } }], before);
  }
  draft.send(send(productsClaimed, { verdict: 'claimed', orderId, products }));
  return draft.effects();
}

/** What an order plans a change by. Who has a product and where has no part in that, and may be as long as orders can be. */
const asTold = ({ description: _said, serialNumber: _number, parts: _parts, ...product }: Product): Product => ({
  ...product,
  ...{ relationships: [], parties: [], places: [], orderItems: [] },
});

interface Taking {
  readonly orderId: string;
  readonly itemId: string;
  readonly action: ProductClaim['action'];
}

function take(draft: Draft, state: ProductState, { orderId, itemId, action }: Taking, now: Date): ProductState {
  const { product } = state;
  const claim = { orderId, itemId, status: product.status };
  const orderItems = [...product.orderItems, { orderId, itemId, action }].slice(-mostOrderItems);
  return draft.revise({ ...state, before: product, dueAt: null }, { ...product, claim, orderItems }, now);
}

/** Enters a product that an order adds, and tells the bundle it is part of. Nothing is shown of it before it is revised. */
export function add(
  draft: Draft,
  asked: Taking & { readonly productId: string; readonly drafted: NonNullable<ProductClaim['draft']> },
  now: Date,
): ProductState {
  const { productId, drafted } = asked;
  const bundle = drafted.bundle === undefined ? undefined : productOf(draft.get, drafted.bundle.productId);
  const made = newProduct(productId, asked, drafted, bundle, now);
  if (bundle !== undefined && !bundle.parts.includes(productId))
    draft.save({ ...bundle, parts: [...bundle.parts, productId] });
  draft.save(made);
  return made;
}

const holds = ({ product }: ProductState, orderId: string): boolean => product.claim?.orderId === orderId;

/** The parts of a product, theirs too: those that have not ended, and those that this order has brought to their end. */
function descendants(get: Get, state: ProductState, orderId: string): ProductState[] {
  const live = new Set(liveParts(get, state));
  return state.parts
    .flatMap((id) => productOf(get, id) ?? [])
    .filter((part) => live.has(part) || holds(part, orderId))
    .flatMap((part) => [part, ...descendants(get, part, orderId)]);
}

/** Why an order may not have a product; undefined when it may. */
function whyNot(
  get: Get,
  orderId: string,
  claim: ProductClaim,
  earlier: readonly ProductClaim[],
  all: readonly ProductClaim[],
): Failure | undefined {
  const { productId, action } = claim;
  const state = productOf(get, productId);
  if (earlier.some((one) => one.productId === productId))
    return { code: 'productTwice', reason: `Product ${productId} is named by two items of the order.` };
  if (state !== undefined && holds(state, orderId)) return undefined;
  if (action === 'add') return whyNotAdd(get, orderId, claim, state, all);
  if (state === undefined || state.deleted)
    return { code: 'unknownProduct', reason: `Product ${productId} is not in the inventory.` };
  if (productEnded(state.product.status))
    return { code: 'productTerminated', reason: `Product ${productId} is ${state.product.status}.` };
  return [state, ...descendants(get, state, orderId)].map((one) => busyWith(one, orderId)).find(Boolean);
}

function whyNotAdd(
  get: Get,
  orderId: string,
  { productId, draft }: ProductClaim,
  state: ProductState | undefined,
  all: readonly ProductClaim[],
): Failure | undefined {
  if (state !== undefined)
    return { code: 'productExists', reason: `Product ${productId} exists already; use action modify.` };
  if (draft === undefined)
    return { code: 'productUndescribed', reason: `Nothing says what the new product ${productId} shall be.` };
  const bundleId = draft.bundle?.productId;
  if (bundleId === undefined) return undefined;
  if (bundleId !== productId && all.some((one) => one.action === 'add' && one.productId === bundleId)) return undefined;
  const bundle = productOf(get, bundleId);
  if (bundle === undefined || bundle.deleted || productEnded(bundle.product.status))
    return { code: 'unknownBundle', reason: `Bundle ${bundleId} is not in the inventory, or has ended.` };
  return busyWith(bundle, orderId);
}

function busyWith({ product }: ProductState, orderId: string): Failure | undefined {
  if (product.claim === null || product.claim.orderId === orderId) return undefined;
  const { orderId: other, itemId } = product.claim;
  return {
    code: 'productBusy',
    reason: `Item "${itemId}" of product order ${other} is changing product ${product.id}.`,
  };
}

/** A bundle is entered before its parts, in whatever order they are named. */
function bundlesFirst(claims: readonly ProductClaim[]): ProductClaim[] {
  const ids = new Set(claims.map(({ productId }) => productId));
  const bundleOf = (claim: ProductClaim) => claim.draft?.bundle?.productId ?? '';
  const inside = claims.filter((claim) => ids.has(bundleOf(claim)));
  if (inside.length === 0 || inside.length === claims.length) return [...claims];
  const outside = claims.filter((claim) => !ids.has(bundleOf(claim)));
  return [...outside, ...bundlesFirst(inside)];
}

const refused = (orderId: string, refusals: readonly Refusal[]): Outgoing =>
  send(productsClaimed, { verdict: 'refused', orderId, refusals: [...refusals] });
