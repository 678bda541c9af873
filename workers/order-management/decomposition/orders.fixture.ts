/** Rules and orders in few words. */
import { createHash } from 'node:crypto';
import {
  type DecompositionRule,
  type DecompositionRuleFile,
  decompositionRule,
} from '../../../contracts/messages/decomposition.ts';
import type {
  PlannedDelivery,
  ProductOrderPlan,
  ProductOrderRequest,
  RequestedProductItem,
} from '../../../contracts/messages/order-management.ts';
import { type KnownToDecompose, decompose } from './decompose.decide.ts';

/** The same id for the same names. */
export function idOf(...names: string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(names)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const aRule = (id: string, said: Partial<DecompositionRuleFile> = {}): DecompositionRule =>
  decompositionRule.parse({
    specification: { id, version: '1.0' },
    version: '1',
    revision: 1,
    lifecycleStatus: 'active',
    name: id,
    ...said,
  });

type Component = NonNullable<DecompositionRuleFile['services']>[number];

export const aService = (name: string, said: Partial<Component> = {}): Component => ({
  name,
  specification: { id: `${name}-service`, version: '1.0' },
  serviceType: name,
  ...said,
});

export const aPart = (name: string, id: string, said = {}) => ({ name, specification: { id }, ...said });

export const declared = (name: string, said = {}) => ({
  name,
  valueType: 'integer' as const,
  required: false,
  ...said,
});

export const anItem = (itemId: string, id: string, said: Partial<RequestedProductItem> = {}): RequestedProductItem => ({
  itemId,
  action: 'add',
  quantity: 1,
  dependsOn: [],
  ...(id === '' ? {} : { specification: { id } }),
  characteristics: {},
  relationships: [],
  parties: [],
  places: [],
  ...said,
});

/** An item about an existing product. */
export const about = (
  productId: string,
  action: 'modify' | 'delete' | 'noChange',
  said: Partial<RequestedProductItem> = {},
): RequestedProductItem => anItem('1', '', { action, productId, ...said });

export const anOrder = (id: string, ...items: RequestedProductItem[]): ProductOrderRequest => ({
  id: idOf('order', id),
  orderDate: '2026-01-01T00:00:00Z',
  parties: [],
  items,
});

/** The plan of an order that must have one. */
export function planOf(order: ProductOrderRequest, known: KnownToDecompose): ProductOrderPlan {
  const result = decompose(order, { products: [], ...known }, idOf);
  if ('plan' in result) return result.plan;
  throw new Error(result.faults.map(({ itemId, failure }) => `${itemId}: ${failure.reason}`).join('\n'));
}

/** Why an order has no plan: by item, code and sentence. */
export function faultsOf(order: ProductOrderRequest, known: KnownToDecompose): string[] {
  const result = decompose(order, { products: [], ...known }, idOf);
  return 'plan' in result
    ? []
    : result.faults.map(({ itemId, failure }) => `${itemId} ${failure.code}: ${failure.reason}`);
}

/** Deliveries in short: `add access`, and behind an arrow what each waits for. */
export function inShort({ products, deliveries }: ProductOrderPlan): string[] {
  const nameOf = ({ productId, component }: PlannedDelivery): string => {
    const product = products.find(({ id }) => id === productId);
    const among = products.filter(({ bundle }) => bundle !== undefined && bundle.name === product?.bundle?.name);
    const unit = among.length > 1 ? `#${product?.unit ?? ''}` : '';
    return product?.bundle === undefined ? component : `${product.bundle.name}${unit}/${component}`;
  };
  return deliveries.map((delivery) => {
    const waits = deliveries.filter(({ id }) => delivery.dependsOn.includes(id)).map(nameOf);
    const after = waits.length === 0 ? '' : ` <- ${waits.join(', ')}`;
    const status = delivery.operatingStatus === undefined ? '' : ` ${delivery.operatingStatus}`;
    return `${delivery.action}${status} ${nameOf(delivery)}${after}`;
  });
}
