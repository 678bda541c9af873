/** The workers that are on the way from product orders to the network: all their handlers, and what these look up. */
import { activateItem, cancelItem } from '../../../contracts/messages/activation.ts';
import type { DecompositionRule, RecoveryPolicy } from '../../../contracts/messages/decomposition.ts';
import { acceptProductOrder, amendProductOrder, correctService } from '../../../contracts/messages/order-management.ts';
import { productsClaimed } from '../../../contracts/messages/product-inventory.ts';
import { serviceSpecification } from '../../../contracts/messages/service-catalog.ts';
import { servicesClaimed } from '../../../contracts/messages/service-inventory.ts';
import { acceptServiceOrder } from '../../../contracts/messages/service-ordering.ts';
import {
  activatorControlQueue,
  activatorQueue,
  orderManagementQueue,
  productInventoryQueue,
  serviceInventoryQueue,
  serviceOrderingQueue,
} from '../../../contracts/topology.ts';
import broadband from '../../../workers/activators/broadband/index.ts';
import ipAddressing from '../../../workers/activators/ip-addressing/index.ts';
import managedRouter from '../../../workers/activators/managed-router/index.ts';
import tv from '../../../workers/activators/tv/index.ts';
import iptv from '../../../workers/activators/tv/simulated.ts';
import { decompose } from '../../../workers/order-management/decomposition/decompose.decide.ts';
import { chooseRules } from '../../../workers/order-management/decomposition/rules.decide.ts';
import { handlersOf as orderManagement } from '../../../workers/order-management/handlers.ts';
import type { Tools } from '../../../workers/order-management/order.state.ts';
import { productOrders } from '../../../workers/order-management/product-order.store.ts';
import { decompositionRules } from '../../../workers/order-management/receive/rule.store.ts';
import { handlers as productInventory } from '../../../workers/product-inventory/handlers.ts';
import { type Entry, type ProductState, serviceKey } from '../../../workers/product-inventory/product.state.ts';
import { inventory } from '../../../workers/product-inventory/product.store.ts';
import type { Rules, Specified } from '../../../workers/activation/activation.state.ts';
import { activations } from '../../../workers/activation/activation.store.ts';
import { activationHandlers } from '../../../workers/activation/handlers.ts';
import { rulesOf } from '../../../workers/activation/rules.ts';
import { createContents } from '../../platform/contents.store.ts';
import type { Handler } from '../../platform/messaging/handler.ts';
import { handlers as serviceInventory } from '../../../workers/service-inventory/handlers.ts';
import { handlersOf as serviceOrdering } from '../../../workers/service-ordering/handlers.ts';
import { serviceOrders } from '../../../workers/service-ordering/service-order.store.ts';
import { managers } from '../../simulator/managers/index.ts';
import { derivedId } from '../../platform/ids.ts';
import { aFleet } from './fleet.fixture.ts';
import { specifications } from './random-products.fixture.ts';

export const activators = [broadband, ipAddressing, managedRouter, tv];
export const theManagers = { ...managers, iptv };
export const tools: Tools = { idOf: derivedId, outsideTypes: new Set(), chooseRules, decompose };

/** Three calls of a step, and waits that are the same every time. */
const rules = new Map(
  activators.map((one): [string, Rules] => [
    one.serviceType,
    { ...rulesOf(one), attempts: 3, backoff: (failures) => failures * 500 },
  ]),
);
export const rulesFor = (serviceType: string): Rules => {
  const found = rules.get(serviceType);
  if (found === undefined) throw new Error(`no activator for ${serviceType}`);
  return found;
};
const contents = createContents(serviceSpecification);
export const activationRows = activations({ contents });
const runs = activators.map((one) => ({
  one,
  ...activationHandlers(one, activationRows, () => rulesFor(one.serviceType), contents),
}));

/** Who records what came of a call. */
export const recorderOf = (serviceType: string): Handler | undefined =>
  runs.find(({ one }) => one.serviceType === serviceType)?.recorder;

export function theFleet(policies: readonly RecoveryPolicy[]) {
  const known = () => ({ specifications, durations: new Map<string, number>() });
  const fleet = aFleet(
    [
      { queue: orderManagementQueue, handlers: orderManagement(productOrders, tools) },
      { queue: productInventoryQueue, handlers: productInventory },
      { queue: serviceOrderingQueue, handlers: serviceOrdering(serviceOrders, new Map()) },
      { queue: serviceInventoryQueue, handlers: serviceInventory },
      ...runs.flatMap(({ one: { serviceType }, work, control }) => [
        { queue: activatorQueue(serviceType), handlers: work },
        { queue: activatorControlQueue(serviceType), handlers: control },
      ]),
    ],
    {
      contexts: {
        [acceptProductOrder.name]: () => ({ rules: knownRules(), policies }),
        [productsClaimed.name]: () => knownRules(),
        [amendProductOrder.name]: () => knownRules(),
        [correctService.name]: () => policies,
        [acceptServiceOrder.name]: known,
        [servicesClaimed.name]: known,
        // Nothing is written here: what is in memory is whole.
        [activateItem.name]: () => (command: Specified) => command,
        [cancelItem.name]: () => (command: Specified) => command,
      },
      derived: (aggregate, key) => (aggregate === inventory.name ? realization(key) : undefined),
    },
  );
  const knownRules = (): DecompositionRule[] =>
    [...fleet.rows(decompositionRules).values()].toSorted((a, b) => a.revision - b.revision);
  const products = (): ProductState[] => [...fleet.rows(inventory).values()].filter((one) => one.kind === 'product');

  /** Which products a service realizes: read off the products, as their store does. */
  function realization(key: string): Entry | undefined {
    if (!key.startsWith(serviceKey(''))) return undefined;
    const serviceId = key.slice(serviceKey('').length);
    const productIds = products().flatMap(({ product }) =>
      product.components.some((one) => one.serviceId === serviceId) ? [product.id] : [],
    );
    return { kind: 'service', serviceId, productIds };
  }

  return { fleet, knownRules, products };
}
