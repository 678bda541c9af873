/** How a trial's order stands, as its client, the customer and the network see it. */
import type { System } from '../verify/testbed/system.ts';
import { places } from './recovery-trial.fixture.ts';

export const productOrders = '/tmf-api/productOrderingManagement/v4/productOrder';

/** What became of an order. */
export interface Outcome {
  /** What order management took the trouble for. */
  readonly errorClass: string;
  readonly order: string;
  readonly items: string;
  readonly serviceOrders: string;
  readonly products: string;
  readonly network: string;
}

/** Nothing comes after that. */
export const hasEnded = ({ order }: Outcome): boolean =>
  ['completed', 'partial', 'failed', 'cancelled', 'rejected'].includes(order);

interface Placed {
  readonly component: string;
  readonly action: string;
  readonly serviceId: string;
  readonly state: string;
}

export async function readOutcome(system: System, id: string): Promise<Outcome> {
  const order = (await (await system.request(`${productOrders}/${id}`)).json()) as {
    state: string;
    productOrderItem: { id: string; state: string }[];
  };
  const placed = await system.sql<Placed[]>`
    select component, action, "serviceId", state from (
      select state, doc #> '{order,request}' as request from service_ordering.service_order
      union all
      select state, doc -> 'request' from outside_ordering.outside_order
    ) as orders, lateral (
      select request #>> '{items,0,itemId}' as component, request #>> '{items,0,action}' as action,
        request #>> '{items,0,serviceId}' as "serviceId"
    ) as item
    where request #>> '{requestedBy,orderId}' = ${id}
    order by (request #>> '{requestedBy,attempt}')::int`;
  const products = await system.sql<{ id: string }[]>`
    select one ->> 'id' as id from order_management.product_order,
      jsonb_array_elements(doc -> 'plan' -> 'products') with ordinality as planned (one, at)
    where product_order.id = ${id} order by one ->> 'itemId'`;
  const statuses = await Promise.all(
    products.map(async (product) => {
      const answer = await system.request(`/tmf-api/productInventory/v4/product/${product.id}`);
      return ((await answer.json()) as { status: string }).status;
    }),
  );
  const holdings = Object.values(await system.network.holdings());
  const heldOf = (component: string): string[] => {
    const services = new Set(placed.filter((one) => one.component === component).map((one) => one.serviceId));
    const held = holdings.flatMap((manager) =>
      [...services].flatMap((service) => (manager[service] === undefined ? [] : [manager[service]])),
    );
    if (held.length === 0) return [];
    const isInPart = held.some((one) => 'packages' in one && !('recordingHours' in one));
    return held.map(() => (isInPart ? `~${component}` : component));
  };
  const components = [...places, 'alone'];
  const [trouble] = await system.sql<{ classes: string | null }[]>`
    select string_agg(distinct substring(line ->> 'why' from '^(\\w+): '), ' ') as classes
    from order_management.product_order, jsonb_array_elements(doc -> 'audit') as line
    where id = ${id} and line ->> 'about' = any(${[...places]}::text[])`;
  return {
    errorClass: trouble?.classes ?? '',
    order: order.state,
    items: order.productOrderItem.map(({ state }) => state).join(' '),
    serviceOrders: components
      .map((name) => placed.filter(({ component }) => component === name).map(signOf))
      .map((signs) => signs.join('') || '.')
      .join(' '),
    products: statuses.join(' '),
    network: components.flatMap(heldOf).join(' '),
  };
}

const signs: Readonly<Record<string, string>> = { partial: '~', failed: '!', rejected: 'r', cancelled: 'x' };

/** How a service order ended, in a letter; `?` for one that runs. */
const signOf = ({ action, state }: Placed): string =>
  state === 'completed' ? (action === 'delete' ? '-' : '+') : (signs[state] ?? '?');
