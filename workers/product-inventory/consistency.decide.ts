/** What the state of its services makes of a product, outside of orders; and what is done about what does not agree. */
import { send } from '../../contracts/messages/message.ts';
import { correctService } from '../../contracts/messages/order-management.ts';
import type { RealizedComponent } from '../../contracts/messages/product-inventory.ts';
import type { ProductStatus } from '../../contracts/states/product.ts';
import { isLive, productEnded } from './product.machine.ts';
import {
  type Draft,
  type Effects,
  type Get,
  type ProductState,
  type ServiceFact,
  draftOf,
  liveParts,
  productOf,
  productsRealizedBy,
  withStatus,
} from './product.state.ts';

/**
 * When a product is compared whose services do not agree with what its order says: their events and the order's word come each in
 * its own time. Longer than events take, shorter than a person's patience.
 */
const settleMs = 30_000;
/** How long until a service that stays broken is complained of again: order management repairs it so often in a day and no more. */
const complaintMs = 3_600_000;

/** A service as its event shows it. */
export interface ToldService {
  readonly id: string;
  readonly revision: number;
  readonly state: string;
  readonly operatingStatus: string;
  /** An order changes it now. */
  readonly claim: unknown;
}

/**
 * Takes in what became of a service. Of most services nothing here knows, and what an order is still changing says nothing
 * yet; an older revision than the known one is late.
 */
export function onService(get: Get, service: ToldService, deleted: boolean, now: Date): Effects {
  if (service.claim !== null && !deleted) return {};
  const draft = draftOf(get);
  for (const id of productsRealizedBy(get, service.id)) {
    const state = productOf(draft.get, id);
    if (state !== undefined) take(draft, state, service, deleted, now);
  }
  return draft.effects();
}

function take(draft: Draft, state: ProductState, service: ToldService, deleted: boolean, now: Date): void {
  const known = state.services[service.id];
  if (state.deleted || !isRealizedBy(state, service.id)) return;
  if (known !== undefined && known.revision >= service.revision) return;
  const { id, revision, state: serviceState, operatingStatus } = service;
  const fact: ServiceFact = deleted
    ? { revision, state: 'terminated', operatingStatus: 'terminated' }
    : { revision, state: serviceState, operatingStatus };
  const next = { ...state, services: { ...state.services, [id]: fact } };
  // While an order holds the product, it is the order that says what becomes of it.
  if (state.product.claim !== null) return draft.save(next);
  const moved = known !== undefined && !alike(known, fact);
  const shown = state.product.components.find(({ serviceId }) => serviceId === id)?.service;
  const isNews = shown === undefined || !alike(shown, fact);
  // The first word of a service may be an old one: it is compared at the next look.
  const status = moved ? statusByServices(draft.get, next) : undefined;
  settle(draft, next, status, isNews, now);
  if (status !== undefined) follow(draft, state.product.bundle?.productId, now);
}

const alike = (one: ServiceFact, other: ServiceFact): boolean =>
  one.state === other.state && one.operatingStatus === other.operatingStatus;

const isRealizedBy = ({ product }: ProductState, serviceId: string): boolean =>
  product.components.some((component) => component.serviceId === serviceId);

/** Brings a bundle to what its parts have come to, and the bundle that is part of. */
export function follow(draft: Draft, bundleId: string | undefined, now: Date): void {
  const bundle = bundleId === undefined ? undefined : productOf(draft.get, bundleId);
  if (bundle === undefined || bundle.deleted || bundle.product.claim !== null) return;
  const status = statusByServices(draft.get, bundle);
  if (status === undefined) return;
  settle(draft, bundle, status, false, now);
  follow(draft, bundle.product.bundle?.productId, now);
}

/** A look at a product whose time has come: what still does not agree is corrected, what is still broken complained of. */
export function onDue(get: Get, id: string, now: Date): Effects {
  const state = productOf(get, id);
  if (state === undefined || state.dueAt === null || state.dueAt > now) return {};
  if (!watched(state)) return { save: [{ ...state, dueAt: null }] };
  const draft = draftOf(get);
  for (const component of expected(state)) {
    const revision = state.corrections[component.serviceId];
    if (revision !== undefined) draft.send(complaint(state, component, revision));
  }
  const status = disagreement(get, state);
  settle(draft, state, status, false, now);
  if (status !== undefined) follow(draft, state.product.bundle?.productId, now);
  return draft.effects();
}

/** Saves a product that no order holds: in its status, with its complaints, and when it is looked at next. */
function settle(
  draft: Draft,
  state: ProductState,
  status: ProductStatus | undefined,
  isNews: boolean,
  now: Date,
): ProductState {
  const after = status === undefined ? state : { ...state, product: withStatus(state.product, status, now) };
  const { next, complaints } = examined(draft.get, after, now);
  if (status !== undefined || isNews) draft.revise(next, next.product, now);
  else draft.save(next);
  for (const { component, revision } of complaints) draft.send(complaint(next, component, revision));
  return next;
}

/**
 * Compares a product with what is known of its services: what is broken now, and when to look again. What is newly broken
 * is complained of at once, under the revision at which it was found; that stays the key until it is right again.
 */
export function examined(
  get: Get,
  state: ProductState,
  now: Date,
): { next: ProductState; complaints: { component: RealizedComponent; revision: number }[] } {
  if (!watched(state)) return { next: { ...state, corrections: {}, dueAt: null }, complaints: [] };
  const broken = expected(state).flatMap((component) => {
    const told = state.services[component.serviceId];
    return told !== undefined && isBroken(state.product.status, told) ? [{ component, revision: told.revision }] : [];
  });
  const corrections = Object.fromEntries(
    broken.map(({ component: { serviceId }, revision }) => [serviceId, state.corrections[serviceId] ?? revision]),
  );
  const complaints = broken.filter(({ component }) => state.corrections[component.serviceId] === undefined);
  const wait = disagreement(get, state) !== undefined ? settleMs : broken.length > 0 ? complaintMs : undefined;
  const dueAt = wait === undefined ? null : new Date(now.getTime() + wait);
  return { next: { ...state, corrections, dueAt }, complaints };
}

const complaint = (
  { product, services }: ProductState,
  { service: _shown, ...component }: RealizedComponent,
  revision: number,
) => {
  const told = services[component.serviceId];
  return send(correctService, {
    productId: product.id,
    revision,
    component: told === undefined ? component : { ...component, service: told },
  });
};

/** A product that its order has given back: it is compared when what its services came to is known. */
export function givenBack(get: Get, state: ProductState, now: Date): ProductState {
  const { next, complaints } = examined(get, { ...state, corrections: {} }, now);
  return complaints.length === 0 ? next : { ...next, dueAt: new Date(now.getTime() + settleMs) };
}

/** Services of a product that runs of which nothing was told: they were there before the product was known to have them. */
export const untold = (state: ProductState): string[] =>
  watched(state) ? expected(state).flatMap(({ serviceId }) => (serviceId in state.services ? [] : [serviceId])) : [];

/** Products that are compared with their services: those that run, outside of orders. */
const watched = ({ product, deleted }: ProductState): boolean =>
  !deleted && product.claim === null && product.components.length > 0 && !productEnded(product.status);

/** The components a product should have: what could not be delivered is not among them. */
const expected = ({ product }: ProductState): RealizedComponent[] =>
  product.components.filter(({ name }) => !product.missing.includes(name));

/** A product whose order ended without something runs degraded by that order's own word: only what is gone is broken. */
const isBroken = (status: ProductStatus, { state, operatingStatus }: ServiceFact): boolean =>
  isLive(status) && (state === 'terminated' || (status !== 'pendingActive' && operatingStatus === 'degraded'));

/** What a look would correct. That something was left behind is an order's word, which no look takes back. */
const disagreement = (get: Get, state: ProductState): ProductStatus | undefined =>
  state.product.status === 'pendingTerminate' ? undefined : statusByServices(get, state);

/**
 * The status that a product's services, and the parts of a bundle, put it into; undefined where that is the one it has, or
 * where they do not agree among themselves.
 */
export function statusByServices(get: Get, state: ProductState): ProductStatus | undefined {
  const { product } = state;
  if (state.deleted || product.claim !== null) return undefined;
  const told = expected(state).map(({ serviceId }) => state.services[serviceId]);
  const parts = liveParts(get, state).map((part) => part.product.status);
  if (told.length + state.parts.length === 0) return undefined;
  if (product.status === 'pendingTerminate')
    // A bundle ends after its parts.
    return parts.length === 0 && told.every((fact) => fact?.state === 'terminated') ? 'terminated' : undefined;
  if (!isLive(product.status) || told.length + parts.length === 0) return undefined;
  if (told.every((fact) => fact?.operatingStatus === 'suspended') && parts.every((status) => status === 'suspended'))
    return otherThan(product.status, 'suspended');
  const isUp = told.every((fact) => fact?.state === 'active' && fact.operatingStatus !== 'suspended');
  if (!isUp || !parts.every((status) => status === 'active' || status === 'pendingActive')) return undefined;
  const isWhole =
    product.missing.length === 0 &&
    told.every((fact) => fact?.operatingStatus === 'active') &&
    parts.every((status) => status === 'active');
  if (isWhole) return otherThan(product.status, 'active');
  // Up again, and as incomplete as it was.
  if (product.status === 'suspended') return product.missing.length === 0 ? 'active' : 'pendingActive';
  return undefined;
}

const otherThan = (status: ProductStatus, to: ProductStatus): ProductStatus | undefined =>
  status === to ? undefined : to;
