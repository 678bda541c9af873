import type { Mix } from '../order-mix.ts';
import * as kinds from './kinds.ts';
import type { ExistingProduct } from './kinds.ts';

/** What customers ask for in products, in turn. An odd number of them, so that each kind meets both even and odd customers. */
export const productKinds: Mix = [
  (key, n) => [kinds.business(key, n)],
  (key, n) => [kinds.fiber(key, n)],
  (key, n) => [kinds.home(key, n, true)],
  (key, n) => [kinds.mobile(key, n)],
  (key, n, { products }) => modifyAny(key, n, products.one('fiber-1g') ?? products.one('mobile-plan')),
  (key, n) => [kinds.mobileRefused(key, n, n % 2 === 0)],
  (key, n) => [kinds.home(key, n, false)],
  (key, n) => [kinds.calledOffMidway(key, n)],
  (key, n, { products }) => modifyAny(key, n, products.one('business-internet')),
  (key, n) => [kinds.several(key, n)],
  (key, n, { products }) => disconnectAny(key, products.one('home-bundle')),
  (key, n) => [kinds.homeRefused(key, n)],
  (key, n) => [kinds.senseless(key, n)],
  (key, n, { products }) => modifyAny(key, n, products.one('home-bundle', kinds.hasTelevision)),
  (key, n) => [kinds.business(key, n)],
  (key, _n, { products }) => disconnectAny(key, products.one('business-internet')),
  (key, n) => [kinds.calledOff(key, n)],
  (key, n, { products }) => modifyAny(key, n, products.one('mobile-plan')),
  (key, _n, { products }) => disconnectAny(key, products.one('fiber-1g') ?? products.one('mobile-plan')),
];

const modifyAny = (key: string, n: number, found: ExistingProduct | undefined) =>
  found === undefined ? [kinds.mobile(key, n)] : [kinds.modify(key, n, found)];
const disconnectAny = (key: string, found: ExistingProduct | undefined) =>
  found === undefined ? [kinds.mobile(key, 1)] : [kinds.disconnect(key, found)];
