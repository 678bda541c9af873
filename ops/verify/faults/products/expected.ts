import type { AcceptedProductOrder, ExpectedOnNetwork } from '../book.ts';
import type { LedgerSummary } from '../network-control.ts';
import type { OrderView, ProductOrderView, ProductView, ServiceView } from '../tmf-views.ts';
import { type ExistingProduct } from './kinds.ts';
import type { Characteristics, PlannedProductItem, PlannedService, ProductOrderEnd } from './planned-product-order.ts';

/** An accepted product order with the one of its right ends that it is held against. */
export interface ConcludedOrder {
  readonly id: string;
  readonly plan: ProductOrderEnd & { readonly key: string; readonly kind: string };
}

/** A product and the status it must have. */
export interface ExpectedProduct {
  readonly id: string;
  readonly status: string;
  /** Of what was ordered, as far as later orders need to know it. */
  readonly product: ExistingProduct | undefined;
}

/** What must be true of products and their services once all product orders have ended. */
export interface ProductExpectations {
  readonly orders: readonly ConcludedOrder[];
  /** Service orders that came of product orders. */
  readonly serviceOrders: ReadonlySet<string>;
  readonly products: ReadonlyMap<string, ExpectedProduct>;
  readonly services: ReadonlyMap<string, ExpectedOnNetwork>;
  /** Orders that came to other products or services than they had to, in words. */
  readonly astray: readonly string[];
}

interface Seen {
  readonly orders: ReadonlyMap<string, OrderView>;
  readonly services: ReadonlyMap<string, ServiceView>;
  readonly productOrders: ReadonlyMap<string, ProductOrderView>;
  readonly products: ReadonlyMap<string, ProductView>;
}

/**
 * Follows from the product orders alone; which product and service is whose is read off the views: service orders carry the
 * product order's externalId.
 */
export function expectProducts(
  accepted: readonly AcceptedProductOrder[],
  seen: Seen,
  { references }: Pick<LedgerSummary, 'references'>,
): ProductExpectations {
  const orders = accepted.map(({ id, plan: { orElse, ...plan } }): ConcludedOrder => {
    const state = seen.productOrders.get(id)?.state;
    return { id, plan: orElse !== undefined && state === orElse.end ? { ...plan, ...orElse } : plan };
  });
  const keys = new Set(accepted.map(({ plan: { key } }) => key));
  const requested = Map.groupBy(
    [...seen.orders.values()].filter(({ externalId }) => externalId !== undefined && keys.has(externalId)),
    ({ externalId }) => externalId ?? '',
  );
  const happened = Map.groupBy(
    references.filter(({ effects }) => effects > 0),
    ({ serviceRef }) => serviceRef ?? '',
  );
  const doneTo = (id: string): string[] =>
    (happened.get(id) ?? []).map(({ manager, operation }) => `${manager}.${operation}`);
  const products = new Map<string, ExpectedProduct>();
  const services = new Map<string, ExpectedOnNetwork>();
  const astray: string[] = [];
  for (const { id, plan } of orders) {
    const ids = new Set(
      (requested.get(plan.key) ?? []).flatMap(({ items }) => items.flatMap((one) => one.service.id ?? [])),
    );
    const found = Map.groupBy(ids, (one) => seen.services.get(one)?.serviceType ?? 'nothing');
    for (const planned of plan.services) {
      const own = found.get(planned.type) ?? [];
      found.delete(planned.type);
      // What was called off may never have begun.
      const never = planned.effects.length > 1 || planned.effects.some((all) => all.length === 0);
      if (own.length > planned.units || (own.length < planned.units && !never))
        astray.push(
          `order ${plan.key} (${plan.kind}, ${id}) came to ${own.length} ${planned.type}, not ${planned.units}`,
        );
      for (const service of own) services.set(service, after(services.get(service), service, planned, doneTo(service)));
    }
    for (const [type, own] of found)
      astray.push(`order ${plan.key} (${plan.kind}, ${id}) came to ${type} that it is not about: ${own.join(', ')}`);
    const view = seen.productOrders.get(id);
    // What was rejected names what its customer named, there or not.
    for (const item of plan.items.filter(({ state }) => state !== 'rejected')) {
      const named = view?.items.find((one) => one.id === item.id)?.products ?? [];
      const specified = Map.groupBy(named, (one) => seen.products.get(one)?.productSpecification?.id ?? 'nothing');
      for (const [specification, all] of specified) {
        const status = item.products[specification];
        if (status === undefined)
          astray.push(`item ${item.id} of ${plan.key} (${plan.kind}, ${id}) names a product of ${specification}`);
        for (const one of all)
          products.set(one, {
            id: one,
            status: status ?? 'cancelled',
            product: specification === kindOf(item, products, one) ? known(products.get(one), one, item) : undefined,
          });
      }
      for (const specification of item.state === 'completed' ? Object.keys(item.products) : []) {
        const units = specified.get(specification)?.length ?? 0;
        if (units !== (item.quantity ?? 1))
          astray.push(
            `item ${item.id} of ${plan.key} (${plan.kind}, ${id}) names ${units} ${specification}, not ${item.quantity ?? 1}`,
          );
      }
    }
  }
  const serviceOrders = new Set([...requested.values()].flat().map(({ id }) => id));
  return { orders, serviceOrders, products, services, astray };
}

function after(
  before: ExpectedOnNetwork | undefined,
  id: string,
  { type, characteristics, effects, leaves }: PlannedService,
  done: readonly string[],
): ExpectedOnNetwork {
  const sorted = JSON.stringify(done.toSorted());
  const possible = effects.map((one) => [...(before?.effects ?? []), ...one]);
  return {
    id,
    type,
    state: leaves,
    characteristics: { ...before?.characteristics, ...characteristics },
    effects: possible.find((one) => JSON.stringify(one.toSorted()) === sorted) ?? possible[0] ?? [],
  };
}

const kindOf = (item: PlannedProductItem, products: ReadonlyMap<string, ExpectedProduct>, id: string) =>
  item.specification ?? products.get(id)?.product?.kind;

function known(before: ExpectedProduct | undefined, id: string, item: PlannedProductItem): ExistingProduct {
  const said = [before?.product, item, ...(item.parts ?? [])];
  const characteristics: Characteristics = Object.fromEntries(
    said.flatMap((one) => Object.entries(one?.characteristics ?? {})),
  );
  const kind = (item.specification ?? before?.product?.kind) as ExistingProduct['kind'];
  return { id, kind, characteristics };
}

/** Those that stand and may be changed: whoever holds a number that others ask for keeps it. */
export const standingProducts = ({ products }: ProductExpectations): ExistingProduct[] =>
  [...products.values()].flatMap(({ status, product }) =>
    status === 'active' && product !== undefined && product.characteristics['number'] === undefined ? [product] : [],
  );
