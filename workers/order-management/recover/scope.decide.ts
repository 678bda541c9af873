/** How far a failure reaches: which deliveries and products go with the one that failed. */
import type { PlannedProduct } from '../../../contracts/messages/order-management.ts';
import { type Delivery, type Draft, all, productsOf } from '../draft.decide.ts';

export interface Scope {
  readonly deliveries: ReadonlySet<string>;
  readonly products: ReadonlySet<string>;
}

/** The whole order. */
export const everything = (draft: Draft): Scope => ({
  deliveries: new Set(draft.deliveries.keys()),
  products: new Set(productsOf(draft).map(({ id }) => id)),
});

/**
 * The items that fail with a delivery: its own, with bundles and their parts whole, and those whose deliveries build on
 * any of that. An item is delivered whole or not at all.
 */
export function itemsOf(draft: Draft, failed: Delivery): Scope {
  const products = new Set([failed.planned.productId]);
  const deliveries = new Set([failed.planned.id]);
  for (;;) {
    const size = products.size + deliveries.size;
    const items = new Set(productsOf(draft).flatMap(({ id, itemId }) => (products.has(id) ? [itemId] : [])));
    for (const { id, itemId, bundle } of productsOf(draft)) {
      if (items.has(itemId) || (bundle !== undefined && products.has(bundle.productId))) products.add(id);
      if (products.has(id) && bundle !== undefined) products.add(bundle.productId);
    }
    for (const { planned } of all(draft)) {
      if (items.has(planned.itemId) || products.has(planned.productId)) deliveries.add(planned.id);
      if (planned.dependsOn.some((id) => deliveries.has(id))) {
        deliveries.add(planned.id);
        products.add(planned.productId);
      }
    }
    if (products.size + deliveries.size === size) return { deliveries, products: planned(draft, products) };
  }
}

/** A bundle that exists and is not changed may have no plan of its own. */
const planned = (draft: Draft, products: ReadonlySet<string>): Set<string> =>
  new Set(productsOf(draft).flatMap(({ id }) => (products.has(id) ? [id] : [])));

/**
 * What is left out when the order goes on without a delivery: itself and what stands on its service, or the optional
 * product it belongs to, with all of that.
 *
 * @returns undefined where something would be left out that is not optional
 */
export function leftOutWith(draft: Draft, failed: Delivery): Scope | undefined {
  const products = new Set<string>();
  const deliveries = new Set<string>();
  const todo = [failed];
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    if (deliveries.has(one.planned.id)) continue;
    const whole = optionalProduct(draft, one.planned.productId);
    if (whole !== undefined) {
      for (const id of partsOf(draft, whole)) products.add(id);
      for (const { planned } of all(draft)) if (products.has(planned.productId)) deliveries.add(planned.id);
    } else if (one.planned.optional) deliveries.add(one.planned.id);
    else return undefined;
    const gone = new Set(
      all(draft).flatMap(({ planned: { id, serviceId } }) => (deliveries.has(id) ? [serviceId] : [])),
    );
    const above = all(draft).filter(({ planned }) => planned.standsOn.some((serviceId) => gone.has(serviceId)));
    todo.push(...above.filter(({ planned }) => !deliveries.has(planned.id)));
  }
  return { deliveries, products };
}

export const canBeLeftOut = (draft: Draft, one: Delivery): boolean => leftOutWith(draft, one) !== undefined;

/** The outermost product around it that its bundle can do without: what it bundles is optional with it. */
function optionalProduct(draft: Draft, productId: string): PlannedProduct | undefined {
  const product = productsOf(draft).find(({ id }) => id === productId);
  if (product?.bundle === undefined) return undefined;
  return optionalProduct(draft, product.bundle.productId) ?? (product.optional ? product : undefined);
}

function partsOf(draft: Draft, { id }: PlannedProduct): string[] {
  const parts = productsOf(draft).filter(({ bundle }) => bundle?.productId === id);
  return [id, ...parts.flatMap((part) => partsOf(draft, part))];
}
