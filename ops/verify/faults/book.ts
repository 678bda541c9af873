import type { ExistingService } from './kinds.ts';
import type { ServicePool } from './order-mix.ts';
import type { PlannedItem, PlannedOrder, ServiceType } from './planned-order.ts';
import type { PlannedProductOrder, ProductServiceType } from './products/planned-product-order.ts';

/** An order that was answered 201. */
export interface AcceptedOrder {
  readonly id: string;
  readonly plan: PlannedOrder;
}

/** A product order that was answered 201. */
export interface AcceptedProductOrder {
  readonly id: string;
  readonly plan: PlannedProductOrder;
}

/** What must be true of one service once all orders that were about it have ended. */
export interface ExpectedOnNetwork {
  readonly id: string;
  readonly type: ProductServiceType;
  readonly state: 'active' | 'terminated';
  /** Of its characteristics, those that orders asked for. */
  readonly characteristics: Readonly<Record<string, unknown>>;
  /** Operations that took effect on the network, over its whole life. */
  readonly effects: readonly string[];
}

/** One that customers ordered as a service. */
export interface ExpectedService extends ExpectedOnNetwork {
  readonly type: ServiceType;
  readonly business: string | undefined;
}

/** Every accepted order, and what follows from all of them. */
export interface Book {
  readonly accepted: readonly AcceptedOrder[];
  readonly acceptedProducts: readonly AcceptedProductOrder[];
  write(order: AcceptedOrder | AcceptedProductOrder): void;
  /** @param serviceIdOf the id of an item's service, as the order's view shows it */
  services(serviceIdOf: (order: AcceptedOrder, item: PlannedItem) => string): Map<string, ExpectedService>;
}

export function createBook(): Book {
  const accepted: AcceptedOrder[] = [];
  const acceptedProducts: AcceptedProductOrder[] = [];
  return {
    accepted,
    acceptedProducts,
    write({ id, plan }) {
      if ('of' in plan) acceptedProducts.push({ id, plan });
      else accepted.push({ id, plan });
    },
    services(serviceIdOf) {
      const services = new Map<string, ExpectedService>();
      for (const order of accepted) {
        for (const item of order.plan.items) {
          const id = serviceIdOf(order, item);
          const after = serviceAfter(services.get(id), id, item, order);
          if (after !== undefined) services.set(id, after);
        }
      }
      return services;
    },
  };
}

function serviceAfter(
  before: ExpectedService | undefined,
  id: string,
  item: PlannedItem,
  { plan }: AcceptedOrder,
): ExpectedService | undefined {
  const effects = [...(before?.effects ?? []), ...item.effects];
  switch (item.leaves) {
    case 'nothing':
      return before;
    case 'kept':
      return before && { ...before, effects };
    case 'terminated':
    case 'active':
      return {
        id,
        type: item.type,
        state: item.leaves,
        characteristics: { ...before?.characteristics, ...item.characteristics },
        effects,
        business:
          before === undefined && plan.items.length === 3 && plan.end === 'completed' ? plan.key : before?.business,
      };
    default:
      return item.leaves satisfies never;
  }
}

/** Offers what stands, each service once. */
export function poolOf(services: Iterable<ExpectedService>): ServicePool {
  const active = [...services].filter(({ state }) => state === 'active');
  const stubborn = active.filter(({ id }) => id.startsWith('stubborn-'));
  const standing = active.filter(
    ({ id, characteristics }) => !id.startsWith('stubborn-') && characteristics['port'] === undefined,
  );
  const alone = standing.filter(({ business }) => business === undefined);
  const together = [...Map.groupBy(standing, ({ business }) => business)]
    .filter(([business, group]) => business !== undefined && group.length === 3)
    .map(([, group]) => group);
  const order: readonly ServiceType[] = ['managed-router', 'ip-addressing', 'broadband'];
  return {
    one(type): ExistingService | undefined {
      const at = alone.findIndex((service) => service.type === type);
      return at < 0 ? undefined : alone.splice(at, 1)[0];
    },
    stubborn: () => stubborn.shift(),
    business: () => together.shift()?.toSorted((a, b) => order.indexOf(a.type) - order.indexOf(b.type)),
  };
}
