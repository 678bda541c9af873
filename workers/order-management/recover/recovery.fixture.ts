/** A small world around one product order: an inventory that grants and records, and service orders that succeed or fail as told. */
import type { ErrorClass, RecoveryStep } from '../../../contracts/messages/decomposition.ts';
import type { Outgoing } from '../../../contracts/messages/message.ts';
import type { RecordProducts } from '../../../contracts/messages/product-inventory.ts';
import type { RequestedItem, ServiceOrderRequest } from '../../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../../contracts/messages/values.ts';
import type { ServiceOrderState } from '../../../contracts/states/service-order.ts';
import { onDue } from '../due.decide.ts';
import { onStanding } from '../deliver/facts.decide.ts';
import type { Effects, OrderState } from '../order.state.ts';
import {
  accepted,
  anItem,
  anOrder,
  claimed,
  deliveryStates,
  itemStates,
  noon,
  recorded,
  turn,
} from '../orders.fixture.ts';
import { orderEnded } from '../product-order.machine.ts';

/** How a service order ends that comes to such an error. */
const endings: Readonly<Record<ErrorClass, { state: ServiceOrderState; failure?: Failure }>> = {
  rejected: { state: 'rejected', failure: { code: 'invalidCharacteristic', reason: 'rate is too high.' } },
  refused: { state: 'failed', failure: { code: 'noPort', reason: 'No port is free.' } },
  timedOut: { state: 'failed', failure: { code: 'deadlinePassed', reason: 'The partner did not answer.' } },
  unreachable: { state: 'failed', failure: { code: 'unreachable', reason: 'Nobody is there.' } },
  partial: { state: 'partial', failure: { code: 'noGuide', reason: 'An optional step was refused.' } },
  cancelled: { state: 'cancelled' },
  unexpected: { state: 'failed', failure: { code: 'unexpected', reason: 'It broke.' } },
};

export interface Trial {
  readonly fails: string;
  readonly errorClass: ErrorClass;
  /** For that class of errors; anything else is held. */
  readonly policy: readonly RecoveryStep[];
  /** How often it goes wrong before it works. */
  readonly times: number;
}

export interface Outcome {
  readonly order: string;
  readonly items: string;
  readonly deliveries: string;
  readonly products: string;
  /** Components whose services are on the network, `~` before those that are there in part. */
  readonly network: string;
  readonly serviceOrders: number;
}

/** Plays an order of a trio (first, middle, and last, which is optional) and a solo (alone) to its end, or until it is held. */
export function played({ fails, errorClass, policy, times }: Trial): Outcome {
  const network = new Map<string, string>();
  const products = new Map<string, string>();
  const queue: Outgoing[] = [];
  let state: OrderState | undefined;
  let now = noon;
  let left = times;
  let serviceOrders = 0;
  const apply = (effects: Effects): void => {
    state = effects.save?.at(-1) ?? state;
    queue.push(...(effects.send ?? []));
  };
  const carryOut = (order: ServiceOrderRequest, item: RequestedItem): void => {
    serviceOrders += 1;
    const { deliveryId = '' } = order.requestedBy ?? {};
    const goesWrong = item.itemId === fails && item.action !== 'delete' && left > 0;
    if (goesWrong) left -= 1;
    const ending = goesWrong ? endings[errorClass] : { state: 'completed' as const };
    if (item.action === 'delete') network.delete(item.serviceId);
    else if (ending.state === 'completed') network.set(item.serviceId, item.itemId);
    else if (ending.state === 'partial') network.set(item.serviceId, `~${item.itemId}`);
    const running = { deliveryId, serviceOrderId: order.id };
    apply(onStanding(state, { ...running, revision: 1, state: 'inProgress' }, turn(now)));
    apply(onStanding(state, { ...running, revision: 2, ...ending }, turn(now)));
  };
  const answer = ({ definition: { name }, body }: Outgoing): void => {
    if (name.includes('.claim-products.')) apply(claimed()(state));
    if (name.includes('.accept-service-order.')) {
      const { order } = body as { order: ServiceOrderRequest };
      for (const item of order.items) carryOut(order, item);
    }
    if (!name.includes('.record-products.')) return;
    for (const one of (body as RecordProducts).products) products.set(one.productId, one.status);
    apply(recorded(state));
  };
  const items = [anItem('1', { specification: { id: 'trio' } }), anItem('2')];
  const cases = { [errorClass]: [...policy], any: [{ do: 'hold' as const }] };
  apply(accepted(anOrder(...items), { serviceType: '*', revision: 1, cases })(undefined));
  for (let turns = 0; turns < 100; turns += 1) {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) answer(one);
    const at: OrderState | undefined = state;
    if (at === undefined || orderEnded(at.order.stage) || at.dueAt === null) break;
    now = at.dueAt;
    apply(onDue(at, turn(now)));
  }
  if (state === undefined) throw new Error('there is no order');
  const named = Object.entries(deliveryStates(state)).toSorted(([a], [b]) => places.indexOf(a) - places.indexOf(b));
  return {
    order: state.order.stage,
    items: Object.values(itemStates(state)).join(' '),
    deliveries: named.map(([, stands]) => stands).join(' '),
    products: (state.plan?.products ?? []).map(({ id }) => products.get(id)).join(' '),
    network: [...network.values()]
      .toSorted((a, b) => places.indexOf(a.replace('~', '')) - places.indexOf(b.replace('~', '')))
      .join(' '),
    serviceOrders,
  };
}

const places = ['first', 'middle', 'last', 'alone'];
