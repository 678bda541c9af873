/** A draft of an order's next revision: several changes, one event. */
import type { Outgoing } from '../../contracts/messages/message.ts';
import type {
  DeliveryProgress,
  PlannedDelivery,
  PlannedProduct,
  ProductItemProgress,
  ProductOrder,
  ProductOrderCancellation,
} from '../../contracts/messages/order-management.ts';
import { bounded, cut, roomFor } from './failure.decide.ts';
import type { AuditEntry, DeliveryWork, GivenUp, OrderState, Turn } from './order.state.ts';
import { type StageTrigger, moveStage, orderEnded } from './product-order.machine.ts';

/** A delivery of the plan, and how far it got. */
export interface Delivery {
  readonly planned: PlannedDelivery;
  readonly progress: DeliveryProgress;
  readonly work: DeliveryWork;
}

export type Change<Of> = { [Name in keyof Of]?: Of[Name] | undefined };

export interface Draft extends Turn {
  order: ProductOrder;
  readonly before: OrderState;
  plan: OrderState['plan'];
  planned: boolean;
  products: OrderState['products'];
  policies: OrderState['policies'];
  /** In the order of the plan. */
  deliveries: Map<string, Delivery>;
  givenUp: Record<string, GivenUp>;
  claim: OrderState['claim'];
  records: number;
  ending: OrderState['ending'];
  cancellations: readonly ProductOrderCancellation[];
  followUps: OrderState['followUps'];
  audit: readonly AuditEntry[];
  readonly send: Outgoing[];
}

/** An order that loops for ever must not grow for ever. */
const longestAudit = 500;

export const freshWork: DeliveryWork = {
  heard: 0,
  serviceOrders: [],
  landed: false,
  goal: 'deliver',
  retries: {},
  asks: 0,
};

const planned = ({ id, itemId, productId, component, serviceId, serviceType }: PlannedDelivery): DeliveryProgress => ({
  id,
  itemId,
  productId,
  component,
  serviceId,
  serviceType,
  purpose: 'deliver',
  attempt: 0,
  state: 'planned',
});

/** The deliveries of a plan, each with what is known of it. */
export function deliveriesOf({ plan, order, work }: Pick<OrderState, 'plan' | 'order' | 'work'>): Draft['deliveries'] {
  const known = new Map(order.deliveries.map((one) => [one.id, one]));
  return new Map(
    (plan?.deliveries ?? []).map((one) => [
      one.id,
      { planned: one, progress: known.get(one.id) ?? planned(one), work: work[one.id] ?? freshWork },
    ]),
  );
}

export const draftOf = (state: OrderState, turn: Turn): Draft => ({
  ...turn,
  before: state,
  order: state.order,
  plan: state.plan,
  planned: state.planned,
  products: state.products,
  policies: state.policies,
  deliveries: deliveriesOf(state),
  givenUp: { ...state.givenUp },
  claim: state.claim,
  records: state.records,
  ending: state.ending,
  cancellations: state.cancellations,
  followUps: state.followUps,
  audit: state.audit,
  send: [],
});

/** True once an order has ended, or only waits for the inventory to record how it does. */
export const isOver = ({ order, ending }: Pick<OrderState, 'order' | 'ending'>): boolean =>
  orderEnded(order.stage) || ending !== null;

export function write(draft: Draft, entry: Omit<AuditEntry, 'at' | 'cause'>): void {
  if (draft.audit.length >= longestAudit) return;
  const why = entry.why === undefined ? {} : { why: cut(entry.why) };
  draft.audit = [...draft.audit, { ...entry, ...why, at: draft.now.toISOString(), cause: draft.cause }];
}

/** Moves the order where the trigger leads; false where it leads nowhere. */
export function advance(draft: Draft, trigger: StageTrigger, why?: string): boolean {
  const from = draft.order.stage;
  const to = moveStage(from, trigger);
  if (to === undefined) return false;
  draft.order = { ...draft.order, stage: to };
  write(draft, { about: 'order', from, to, why });
  return true;
}

const laid = <Of extends object>(over: Of, change: Change<Of>): Of =>
  Object.fromEntries(Object.entries({ ...over, ...change }).filter(([, value]) => value !== undefined)) as Of;

const room = ({ deliveries, order }: Draft): number => roomFor(deliveries.size + 2 * order.request.items.length);

/** Lays a change over a delivery; what is undefined is taken away. */
export function put(
  draft: Draft,
  id: string,
  { progress = {}, work = {}, why }: { progress?: Change<DeliveryProgress>; work?: Change<DeliveryWork>; why?: string },
): void {
  const known = draft.deliveries.get(id);
  if (known === undefined) return;
  const failure = progress.failure === undefined ? {} : { failure: bounded(progress.failure, room(draft)) };
  const next = {
    planned: known.planned,
    progress: laid(known.progress, { ...progress, ...failure }),
    work: laid(known.work, work),
  };
  draft.deliveries.set(id, next);
  const [from, to] = [named(known), named(next)];
  if (from !== to) write(draft, { about: known.planned.component, from, to, why });
}

const named = ({ progress: { state, purpose } }: Delivery): string => (purpose === 'undo' ? `undo ${state}` : state);

/** Lays a change over an item's progress; what is undefined is taken away. */
export function note(draft: Draft, itemId: string, change: Change<ProductItemProgress>): void {
  const known = draft.order.items[itemId] ?? { state: 'acknowledged' as const, products: [] };
  const failure = change.failure === undefined ? {} : { failure: bounded(change.failure, room(draft)) };
  const words = change.note === undefined ? {} : { note: cut(change.note, room(draft)) };
  const next = laid(known, { ...change, ...failure, ...words });
  if (JSON.stringify(next) === JSON.stringify(known)) return;
  draft.order = { ...draft.order, items: { ...draft.order.items, [itemId]: next } };
}

export const all = (draft: Draft): Delivery[] => [...draft.deliveries.values()];
export const productsOf = ({ plan }: Pick<Draft, 'plan'>): readonly PlannedProduct[] => plan?.products ?? [];

export const isCancelling = ({ order: { stage } }: Pick<Draft, 'order'>): boolean =>
  stage === 'assessingCancellation' || stage === 'pendingCancellation';
