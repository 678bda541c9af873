/** What a product order's story has beside messages and calls: stages, transitions, service orders, products. Pure. */
import { orderManagementQueue } from '../../../contracts/topology.ts';
import type { ProductRecords } from './product.store.ts';
import { orderEnds } from './words.ts';

/** What an order goes through until its first service order is placed, in this order. */
export const stages = ['receive', 'translate', 'map', 'decompose', 'submit'] as const;
export type Stage = (typeof stages)[number];

export interface StageReached {
  readonly stage: Stage;
  readonly at: string;
  readonly by: string;
  readonly what: string;
}

const stageWords = new RegExp(`^(${stages.join('|')})(?:: (.*))?$`, 's');

/**
 * The stages an order has been through. The gateway receives and translates it in the one statement that accepts it; of
 * the others order management's audit tells. An order that is turned away is so at the stage it did not get through.
 *
 * @param request what it was received by; undefined for an order that was placed inside the fleet
 */
export function stagesOf(
  { order, audit }: ProductRecords,
  request: { readonly at: Date; readonly what: string } | undefined,
): StageReached[] {
  const reached = new Map<Stage, StageReached>();
  for (const { at, about, why } of audit) {
    const [, stage, what] = stageWords.exec(why ?? '') ?? [];
    if (about !== 'order' || stage === undefined || reached.has(stage as Stage)) continue;
    reached.set(stage as Stage, { stage: stage as Stage, at, by: orderManagementQueue, what: what ?? 'taken' });
  }
  const mapped = reached.get('map');
  if (mapped !== undefined && order.rules.length > 0) {
    const rules = order.rules.map(({ specification: { id, version = '' }, version: rule }) =>
      [id, version, `rule ${rule}`].filter((part) => part !== '').join(' '),
    );
    reached.set('map', { ...mapped, what: `${mapped.what}: ${rules.join(', ')}` });
  }
  if (request !== undefined) {
    const at = request.at.toISOString();
    const count = Object.keys(order.items).length;
    const translated = `TMF622 to order management's words: ${count} item${count === 1 ? '' : 's'}`;
    reached.set('receive', { stage: 'receive', at, by: 'gateway', what: request.what });
    reached.set('translate', { stage: 'translate', at, by: 'gateway', what: translated });
  }
  const rejection = audit.find(({ about, to }) => about === 'order' && to === 'rejected');
  const turnedAwayAt = stages.find((stage, place) => place > 1 && !reached.has(stage));
  if (rejection !== undefined && turnedAwayAt !== undefined) {
    const what = `rejected: ${order.failure?.reason ?? rejection.why ?? 'no reason is kept'}`;
    reached.set(turnedAwayAt, { stage: turnedAwayAt, at: rejection.at, by: orderManagementQueue, what });
  }
  return stages.flatMap((stage) => reached.get(stage) ?? []);
}

/** A service order that a product order came to. */
export interface PlacedServiceOrder {
  readonly id: string;
  /** The component it is for, as the events name it; numbered where several have the same. */
  readonly item: string;
  readonly serviceType: string;
  readonly state: string;
}

/**
 * Every service order, in the order of the plan, those that were tried before too.
 *
 * @param stateOf as service ordering keeps it; undefined for what it does not know, such as an order placed outside
 */
export function placedOf(
  { order, work }: Pick<ProductRecords, 'order' | 'work'>,
  stateOf: (id: string) => string | undefined,
): PlacedServiceOrder[] {
  const names = namesOf({ order });
  return order.deliveries.flatMap(({ id, serviceType, state }) =>
    (work[id]?.serviceOrders ?? []).map((serviceOrderId) => ({
      id: serviceOrderId,
      item: names.get(id) ?? '',
      serviceType,
      state: stateOf(serviceOrderId) ?? state,
    })),
  );
}

/** What each delivery is called: its component, with a number where others are of the same name. */
function namesOf({ order }: Pick<ProductRecords, 'order'>): ReadonlyMap<string, string> {
  const alike = Map.groupBy(order.deliveries, ({ component }) => component);
  return new Map(
    [...alike].flatMap(([component, those]) =>
      those.map(({ id }, place) => [id, those.length === 1 ? component : `${component} #${place + 1}`] as const),
    ),
  );
}

/**
 * Deliveries that are not over, and what they wait for.
 *
 * @param told service orders whose own steps tell that already
 */
export function openDeliveries(
  { order, work }: ProductRecords,
  told: ReadonlySet<string>,
): { readonly item: string; readonly what: string; readonly until?: string; readonly reason?: string }[] {
  if (orderEnds.has(order.state)) return [];
  const names = namesOf({ order });
  return order.deliveries.flatMap(({ id, state, serviceOrderId, failure }) => {
    const { heldHere, waitUntil } = work[id] ?? {};
    if (over.has(state) || (serviceOrderId !== undefined && told.has(serviceOrderId))) return [];
    const what =
      heldHere === true
        ? 'held until a person says how it goes on (patchbay fallout)'
        : state === 'waiting'
          ? 'to be tried again'
          : state === 'planned'
            ? 'its turn has not come'
            : `service order ${serviceOrderId} is ${state}`;
    return [
      {
        ...{ item: names.get(id) ?? '', what },
        ...(state === 'waiting' && waitUntil !== undefined ? { until: waitUntil } : {}),
        ...(failure === undefined ? {} : { reason: failure.reason }),
      },
    ];
  });
}

const over: ReadonlySet<string> = new Set([...orderEnds, 'undone', 'skipped']);
