/** What the product inventory keeps, and the words its decisions share. */
import { type Outgoing, send } from '../../contracts/messages/message.ts';
import {
  type Product,
  type ProductDraft,
  type RealizedComponent,
  productChanged,
} from '../../contracts/messages/product-inventory.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import type { OrderItemAction } from '../../contracts/states/service-order.ts';
import type { ProductStatus } from '../../contracts/states/product.ts';
import { productEnded } from './product.machine.ts';

/** What the service inventory told of a service last. */
export type ServiceFact = NonNullable<RealizedComponent['service']>;

/** A product as its worker keeps it. */
export interface ProductState {
  readonly kind: 'product';
  readonly product: Product;
  /** The outermost bundle it is part of; itself when it is part of none. */
  readonly family: string;
  /** Products that are parts of it, in the order they came. */
  readonly parts: readonly string[];
  /** As it was before the order that holds it; null for one that the order itself adds. */
  readonly before: Product | null;
  /** By service id, ahead of what the product shows: a product is not revised for every word about its services. */
  readonly services: Readonly<Record<string, ServiceFact>>;
  /** By service id: at which revision a service was first found broken. Order management is asked to correct it. */
  readonly corrections: Readonly<Record<string, number>>;
  /** When it is compared with its services, or complained of again. */
  readonly dueAt: Date | null;
  readonly deleted: boolean;
}

/** What became of an order's claims: told again to an order that asks again, and a fence against late commands. */
export interface OrderState {
  readonly kind: 'order';
  readonly orderId: string;
  /** Of an order whose claims were not granted. */
  readonly refusals: readonly Refusal[];
  /** The products it holds. */
  readonly held: readonly string[];
  /** Number of its last record; 0 before the first. */
  readonly recorded: number;
  readonly released: boolean;
}

/** Which products a service realizes. Read off the products, never written. */
export interface Realization {
  readonly kind: 'service';
  readonly serviceId: string;
  readonly productIds: readonly string[];
}

export type Entry = ProductState | OrderState | Realization;
/** Products by their id, the others by `orderKey` and `serviceKey`. */
export type Get = (key: string) => Entry | undefined;

export const orderKey = (orderId: string): string => `order ${orderId}`;
export const serviceKey = (serviceId: string): string => `service ${serviceId}`;
export function keyOf(entry: Entry): string {
  switch (entry.kind) {
    case 'product':
      return entry.product.id;
    case 'order':
      return orderKey(entry.orderId);
    case 'service':
      return serviceKey(entry.serviceId);
    default:
      return entry satisfies never;
  }
}

export function productOf(get: Get, id: string): ProductState | undefined {
  const entry = get(id);
  return entry?.kind === 'product' ? entry : undefined;
}
export function orderOf(get: Get, orderId: string): OrderState | undefined {
  const entry = get(orderKey(orderId));
  return entry?.kind === 'order' ? entry : undefined;
}
export function productsRealizedBy(get: Get, serviceId: string): readonly string[] {
  const entry = get(serviceKey(serviceId));
  return entry?.kind === 'service' ? entry.productIds : [];
}

export interface Refusal {
  readonly itemId: string;
  readonly productId: string;
  readonly failure: Failure;
}

export interface Effects {
  readonly save?: readonly Entry[];
  readonly send?: readonly Outgoing[];
}

/** The event that shows a product as it is. */
export const changed = ({ product, parts, deleted }: ProductState): Outgoing =>
  send(productChanged, { product: parts.length === 0 ? product : { ...product, parts: [...parts] }, deleted });

/** The next revision, which shows what is known of the services by now. */
export function revised(state: ProductState, product: Product, now: Date): ProductState {
  const components = product.components.map(({ service: _shown, ...component }): RealizedComponent => {
    const told = state.services[component.serviceId];
    return told === undefined ? component : { ...component, service: told };
  });
  return {
    ...state,
    product: { ...product, components, revision: product.revision + 1, updatedAt: now.toISOString() },
  };
}

/** The product in another status, with the dates that go with it. */
export function withStatus(product: Product, status: ProductStatus, now: Date): Product {
  const at = now.toISOString();
  return {
    ...product,
    status,
    ...(status === 'active' && product.startDate === undefined ? { startDate: at } : {}),
    ...(status === 'terminated' && product.terminationDate === undefined ? { terminationDate: at } : {}),
  };
}

interface Asked {
  readonly orderId: string;
  readonly itemId: string;
  readonly action: OrderItemAction;
}

/** A product that an order adds. Not yet revised: its first revision is 1. */
export function newProduct(
  id: string,
  { orderId, itemId, action }: Asked,
  draft: ProductDraft,
  bundle: ProductState | undefined,
  now: Date,
): ProductState {
  const product: Product = {
    ...draft,
    id,
    revision: 0,
    status: 'created',
    components: [],
    missing: [],
    orderItems: [{ orderId, itemId, action }],
    updatedAt: now.toISOString(),
    claim: { orderId, itemId, status: 'created' },
  };
  return { ...around(product), family: bundle?.family ?? id };
}

/** What is kept around a product that nothing is known of but itself. */
export const around = (product: Product): ProductState => ({
  kind: 'product',
  product,
  family: product.id,
  parts: [],
  before: null,
  services: {},
  corrections: {},
  dueAt: null,
  deleted: false,
});

/** The products that are parts of this one and have not ended. */
export const liveParts = (get: Get, { parts }: ProductState): ProductState[] =>
  parts.flatMap((id) => {
    const part = productOf(get, id);
    return part === undefined || part.deleted || productEnded(part.product.status) ? [] : [part];
  });

/** Effects gathered one after another, each decided on what those before it left. */
export function draftOf(get: Get) {
  const saved = new Map<string, Entry>();
  const sends: Outgoing[] = [];
  return {
    get: (key: string): Entry | undefined => saved.get(key) ?? get(key),
    save(entry: Entry): void {
      saved.set(keyOf(entry), entry);
    },
    send(...messages: readonly Outgoing[]): void {
      sends.push(...messages);
    },
    /** Saves the next revision of a product and shows it. */
    revise(state: ProductState, product: Product, now: Date): ProductState {
      const next = revised(state, product, now);
      saved.set(next.product.id, next);
      sends.push(changed(next));
      return next;
    },
    effects: (): Effects => ({ save: [...saved.values()], send: sends }),
  };
}
export type Draft = ReturnType<typeof draftOf>;
