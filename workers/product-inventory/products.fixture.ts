/** The product inventory in words, for its tests: products and orders that decisions are applied to. */
import type { Outgoing } from '../../contracts/messages/message.ts';
import type {
  Product,
  ProductClaim,
  ProductDraft,
  ProductRecord,
  ProductWrite,
  RealizedComponent,
} from '../../contracts/messages/product-inventory.ts';
import { claimAll } from './claims.decide.ts';
import { type ToldService, onDue, onService } from './consistency.decide.ts';
import { type Effects, type Entry, type Get, type ProductState, around, keyOf, serviceKey } from './product.state.ts';
import { isContradiction, record } from './record.decide.ts';
import { create, remove, replace } from './write.decide.ts';

export const noon = new Date('2026-03-01T12:00:00.000Z');
export const later = (seconds: number): Date => new Date(noon.getTime() + seconds * 1_000);
export const orderId = (n: number): string => `order-${n}`;

export const aDraft = (over: Partial<ProductDraft> = {}): ProductDraft => ({
  name: 'Fiber',
  isBundle: false,
  specification: { id: 'fiber', version: '1.0' },
  characteristics: { speed: 1000 },
  relationships: [],
  parties: [{ id: 'customer', role: 'Customer' }],
  places: [],
  ...over,
});

export const anAdd = (productId = 'p', over: Partial<ProductClaim> = {}): ProductClaim => ({
  itemId: '1',
  productId,
  action: 'add',
  draft: aDraft(),
  ...over,
});
export const aChange = (productId = 'p', over: Partial<ProductClaim> = {}): ProductClaim => ({
  itemId: '1',
  productId,
  action: 'modify',
  ...over,
});

export const aRecord = (over: Partial<ProductRecord> = {}): ProductRecord => ({
  productId: 'p',
  itemId: '1',
  action: 'modify',
  status: 'active',
  ...over,
});

export const aComponent = (serviceId: string, over: Partial<RealizedComponent> = {}): RealizedComponent => ({
  name: serviceId,
  serviceId,
  serviceType: 'broadband',
  specification: { id: 'broadband', version: '1.0' },
  characteristics: { rate: 1000 },
  standsOn: [],
  optional: false,
  ...over,
});

export const aWrite = (over: Partial<ProductWrite> = {}): ProductWrite => ({
  ...aDraft(),
  status: 'active',
  ...over,
});

const up = { revision: 1, state: 'active', operatingStatus: 'active' };

/** A product that runs, with services that run. */
export function aProduct(over: Partial<Product> = {}, ...serviceIds: readonly string[]): ProductState {
  const components = serviceIds.map((id) => ({ ...aComponent(id), service: up }));
  const { status: _status, ...described } = aWrite();
  const state = around({
    ...described,
    id: 'p',
    revision: 1,
    status: 'active',
    components,
    missing: [],
    orderItems: [],
    updatedAt: noon.toISOString(),
    startDate: noon.toISOString(),
    claim: null,
    ...over,
  });
  return { ...state, services: Object.fromEntries(serviceIds.map((id) => [id, up])) };
}

/** A bundle with its parts, each of which runs on a service of its own. */
export function aBundle(id: string, ...partIds: readonly string[]): ProductState[] {
  const bundle = { ...aProduct({ id, isBundle: true }), parts: partIds };
  const part = (partId: string) => ({
    ...aProduct({ id: partId, bundle: { productId: id, name: partId } }, `service of ${partId}`),
    family: id,
  });
  return [bundle, ...partIds.map(part)];
}

export const aService = (over: Partial<ToldService> = {}): ToldService => ({
  id: 's',
  revision: 2,
  state: 'active',
  operatingStatus: 'active',
  claim: null,
  ...over,
});

/** The bodies of one kind of message among those sent. */
export const sent = <Body = unknown>({ send = [] }: Effects, verb: string): Body[] =>
  send.filter(({ definition }) => definition.name.includes(`.${verb}.`)).map(({ body }) => body as Body);

/** What products were shown as, `id status` each, in order. */
export const shown = (effects: Effects): string[] =>
  sent<{ product: Product }>(effects, 'product-changed').map(({ product }) => `${product.id} ${product.status}`);

/** An inventory that remembers what decisions save, and every message they send. */
export function anInventory(...products: readonly ProductState[]) {
  const kept = new Map<string, Entry>(products.map((state) => [keyOf(state), state]));
  const messages: Outgoing[] = [];
  /** As the store loads it: services with the products they realize. */
  const get: Get = (key) => {
    if (!key.startsWith(serviceKey(''))) return kept.get(key);
    const serviceId = key.slice(serviceKey('').length);
    const productIds = all().flatMap(({ product, deleted }) =>
      !deleted && product.components.some((one) => one.serviceId === serviceId) ? [product.id] : [],
    );
    return productIds.length === 0 ? undefined : { kind: 'service', serviceId, productIds };
  };
  const all = (): ProductState[] => [...kept.values()].filter((entry) => entry.kind === 'product');
  const apply = (effects: Effects): Effects => {
    for (const entry of effects.save ?? []) if (entry.kind !== 'service') kept.set(keyOf(entry), entry);
    messages.push(...(effects.send ?? []));
    return effects;
  };
  const state = (id = 'p'): ProductState => {
    const entry = kept.get(id);
    if (entry?.kind !== 'product') throw new Error(`there is no product ${id}`);
    return entry;
  };
  return {
    messages,
    all,
    entries: () => [...kept.values()],
    state,
    product: (id = 'p') => state(id).product,
    statuses: () => Object.fromEntries(all().map(({ product }) => [product.id, product.status])),
    claim: (order: number, ...claims: readonly ProductClaim[]) =>
      apply(claimAll(get, { orderId: orderId(order), claims: [...claims] }, noon)),
    /** What is wrong with the record, or what it did. */
    tryRecord: (order: number, number: number, release: boolean, ...records: readonly ProductRecord[]) =>
      record(get, { orderId: orderId(order), number, release, products: [...records] }, noon),
    record(order: number, number: number, release: boolean, ...records: readonly ProductRecord[]): Effects {
      const decided = this.tryRecord(order, number, release, ...records);
      if (isContradiction(decided)) throw new Error(decided.reason);
      return apply(decided);
    },
    told: (service: ToldService, now = noon, deleted = false) => apply(onService(get, service, deleted, now)),
    due: (id: string, now: Date) => apply(onDue(get, id, now)),
    create: (id: string, write: ProductWrite) => apply(create(get, { commandId: 'c', id }, write, noon)),
    replace: (id: string, write: ProductWrite, expectedRevision?: number) =>
      apply(replace(get, { commandId: 'c', id, expectedRevision }, write, noon)),
    remove: (id: string, expectedRevision?: number) =>
      apply(remove(get, { commandId: 'c', id, expectedRevision }, noon)),
  };
}
