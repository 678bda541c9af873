import * as kinds from './kinds.ts';
import type { ExistingService } from './kinds.ts';
import type { PlannedOrder } from './planned-order.ts';
import { type ProductPool, productPool } from './products/product-pool.ts';
import type { PlannedProductOrder } from './products/planned-product-order.ts';

/** What a customer orders: services or products. */
export type Plan = PlannedOrder | PlannedProductOrder;

/** Services that stand in the network and that nobody is changing now. What is taken out is not offered again. */
export interface ServicePool {
  one(type: ExistingService['type']): ExistingService | undefined;
  /** A prefix that the network will not rename. */
  stubborn(): ExistingService | undefined;
  /** A router, its prefix and its line, in the order in which they go. */
  business(): readonly ExistingService[] | undefined;
}

export interface Pool extends ServicePool {
  readonly products: ProductPool;
}

type Kind = (key: string, n: number, pool: Pool) => readonly Plan[];
/** Kinds of orders, in turn. */
export type Mix = readonly Kind[];

const business: Kind = (key, n) => [kinds.business(key, n)];
const line: Kind = (key, n) => [kinds.single(key, n, 'broadband')];
const prefix: Kind = (key, n) => [kinds.single(key, n, 'ip-addressing')];
const router: Kind = (key, n) => [kinds.single(key, n, 'managed-router')];

/** What customers ask for, in turn. An odd number of them, so that each kind meets both even and odd customers. */
export const everyKind: Mix = [
  business,
  line,
  business,
  (key, n, pool) => ifAny(pool.one('broadband'), (service) => [kinds.modify(key, n, service)]),
  prefix,
  business,
  (key, n) => [kinds.portTaken(key, n, n % 2 === 0)],
  business,
  (key, n) => [kinds.secondStepRefused(key, n, 'ip-addressing')],
  (key, n, pool) => ifAny(pool.one('ip-addressing'), (service) => [kinds.modify(key, n, service)]),
  business,
  line,
  (key, n) => [kinds.senseless(key, n)],
  business,
  (key, _n, pool) => ifAny(pool.one('ip-addressing'), (service) => [kinds.remove(key, [service])]),
  router,
  business,
  (key, n) => [kinds.routerRefused(key, n)],
  (key, n, pool) => ifAny(pool.one('broadband'), (service) => kinds.modifyTwice(key, n, service)),
  business,
  prefix,
  (key, n) => [kinds.secondStepRefused(key, n, n % 2 === 0 ? 'broadband' : 'managed-router')],
  business,
  (key, _n, pool) => ifAny(pool.business(), (services) => [kinds.remove(key, services)]),
  line,
  business,
  (key, n, pool) => ifAny(pool.one('managed-router'), (service) => [kinds.modify(key, n, service)]),
  (key) => [kinds.unknownService(key)],
  business,
  (key, _n, pool) => ifAny(pool.one('broadband'), (service) => [kinds.remove(key, [service])]),
  (key, n, pool) => ifAny(pool.stubborn(), (service) => [kinds.modifyRefused(key, n, service)]),
];

/** What must be taken back again, in part or whole. */
export const takenBack: Mix = [
  (key, n) => [kinds.secondStepRefused(key, n, 'ip-addressing')],
  (key, n) => [kinds.secondStepRefused(key, n, 'broadband')],
  (key, n) => [kinds.routerRefused(key, n)],
  (key, n) => [kinds.secondStepRefused(key, n, 'managed-router')],
  business,
];

/** No service stands yet. */
export const emptyPool: Pool = {
  one: () => undefined,
  stubborn: () => undefined,
  business: () => undefined,
  products: productPool([]),
};

/** So many orders of every kind; where a change finds no service to change, a line is ordered instead. */
export function orderMix(scenario: string, count: number, pool: Pool, from = 0, mix = everyKind): Plan[] {
  const orders: Plan[] = [];
  for (let n = from; orders.length < count; n += 1) {
    const key = `${scenario}-${n}`;
    const kind = mix[n % mix.length] ?? business;
    const made = kind(key, n, pool);
    orders.push(...(made.length === 0 ? line(key, n, pool) : made));
  }
  return orders.slice(0, count);
}

const ifAny = <Found>(found: Found | undefined, then: (found: Found) => readonly Plan[]) =>
  found === undefined ? [] : then(found);
