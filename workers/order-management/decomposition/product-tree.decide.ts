import type { DecompositionRule, ServiceComponent } from '../../../contracts/messages/decomposition.ts';
import type { PlannedProduct, RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import type { Product, RealizedComponent } from '../../../contracts/messages/product-inventory.ts';
import type { Characteristics } from '../../../contracts/messages/values.ts';
import type { Scope } from './scope.decide.ts';

/** Where a product stands in an order. */
interface Place {
  readonly id: string;
  /** The order item, and those nested in it that speak for the product, from outside to inside. */
  readonly items: readonly string[];
  readonly unit: number;
  readonly bundle: PlannedProduct['bundle'];
}

/** A product as it is to be, with its parts. */
export interface Wanted extends Place {
  readonly kind: 'wanted';
  readonly optional: boolean;
  /** The innermost item that speaks for it, and whether it speaks for this very product, not for its bundle alone. */
  readonly item: RequestedProductItem;
  readonly spokenFor: boolean;
  readonly parent: Wanted | undefined;
  readonly rule: DecompositionRule;
  /** As it is, where it is there, and the rule it was realized by, where that is known. */
  readonly before: Product | undefined;
  readonly former: DecompositionRule | undefined;
  /** How the order says it shall run; undefined where it says nothing. */
  readonly ordered: 'active' | 'suspended' | undefined;
  readonly status: 'active' | 'suspended';
  readonly scope: Scope;
  readonly components: readonly WantedComponent[];
  /** By the name the rule has for it. */
  readonly parts: Wanted[];
  /** Parts that are there and shall not be any more. */
  readonly gone: Gone[];
}

export interface WantedComponent {
  readonly component: ServiceComponent;
  readonly characteristics: Characteristics;
  readonly reasons: readonly string[];
}

/** A product that is to end, with its parts. */
export interface Gone extends Place {
  readonly kind: 'gone';
  readonly product: Product;
  readonly former: DecompositionRule | undefined;
  readonly parts: readonly Gone[];
}

const endedStatuses: readonly string[] = ['terminated', 'cancelled', 'aborted'];

export const hasEnded = ({ status }: Product): boolean => endedStatuses.includes(status);

/** The components that a product has services for. */
export const componentsOf = (product: Product | undefined): RealizedComponent[] =>
  (product?.components ?? []).filter(
    ({ name, service }) => product?.missing.includes(name) !== true && service?.state !== 'terminated',
  );

/** The parts of a bundle that are there, in an order that does not change. */
export function partsOf(products: readonly Product[], bundleId: string): Product[] {
  const age = ({ orderDate = '', startDate = '', id }: Product): string => JSON.stringify([orderDate, startDate, id]);
  return products
    .filter((product) => product.bundle?.productId === bundleId && !hasEnded(product))
    .toSorted((a, b) => (age(a) < age(b) ? -1 : 1));
}

/** A product and all below it, bundles before their parts. */
export const withParts = (product: Wanted): Wanted[] => [product, ...product.parts.flatMap(withParts)];
export const withGoneParts = (product: Gone): Gone[] => [product, ...product.parts.flatMap(withGoneParts)];

/** The other way round: parts before their bundles. */
export const partsFirst = (product: Gone): Gone[] => [...product.parts.flatMap(partsFirst), product];
