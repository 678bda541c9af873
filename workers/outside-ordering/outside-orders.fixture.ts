import type { Outgoing } from '../../contracts/messages/message.ts';
import { outsideOrderChanged } from '../../contracts/messages/outside-ordering.ts';
import type { RequestedItem, ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import { onDue, onOutcome, place } from './outside-order.decide.ts';
import type { Effects, OutsideOrder, Result, Rules } from './outside-order.state.ts';

export const start = new Date('2026-03-01T09:00:00Z');
export const later = (from: Date, ms: number): Date => new Date(from.getTime() + ms);

export const rules: Rules = {
  ...{ leaseMs: 8_000, pollMs: 2_000, settleMs: 1_000, vanishedMs: 10_000, deadlineMs: 600_000, attempts: 3 },
  backoff: (failures) => 500 * failures,
};

export const anItem = (over: Partial<RequestedItem> = {}): RequestedItem => ({
  ...{ itemId: 'access', action: 'add', dependsOn: [], serviceId: 'service-1', serviceNamed: true },
  ...{ characteristics: {}, supportingServices: [], parties: [], places: [] },
  ...over,
});
export const aRequest = (over: Partial<ServiceOrderRequest> = {}): ServiceOrderRequest => ({
  ...{ id: '019f0000-0000-7000-8000-000000000001', orderDate: start.toISOString(), parties: [], items: [anItem()] },
  requestedBy: { orderId: 'product-order', deliveryId: 'delivery', attempt: 0 },
  ...over,
});

/** An order with everything it did so far. */
export interface Course {
  readonly order: OutsideOrder | undefined;
  readonly now: Date;
  readonly told: readonly (typeof outsideOrderChanged extends { schema: { parse(data: unknown): infer Body } }
    ? Body
    : never)[];
}
const toldIn = (sends: readonly Outgoing[] = []): Course['told'] =>
  sends.map(({ body }) => outsideOrderChanged.schema.parse(body));

export const after = (course: Course, effects: Effects): Course => ({
  ...course,
  order: effects.save?.at(-1) ?? course.order,
  told: [...course.told, ...toldIn(effects.send)],
});
export const placed = (request = aRequest(), now = start): Course =>
  after({ order: undefined, now, told: [] }, place(undefined, { serviceType: 'access', order: request }, rules, now));

/** The endpoint answers the open call. */
export const answered = (course: Course, result: Result, afterMs = 10): Course => {
  const now = later(course.now, afterMs);
  const { order } = course;
  if (order === undefined) throw new Error('there is no order');
  return after({ ...course, now }, onOutcome(order, { id: order.id, attempt: order.attempt, result }, rules, now));
};
/** Its alarm rings. */
export const rung = (course: Course): Course => {
  const now = course.order?.dueAt ?? course.now;
  return after({ ...course, now }, onDue(course.order, rules, now));
};
export const ringing = (course: Course, at: Date): Course =>
  after({ ...course, now: at }, onDue(course.order, rules, at));

export const inState = (
  state: Extract<Result, { kind: 'order' }>['order']['state'],
  failure?: { code: string; reason: string },
): Result => ({ kind: 'order', order: { id: 'remote-1', state, failure } });
export const absent: Result = { kind: 'absent' };
export const lost: Result = { kind: 'unknown', failure: { code: 'outcomeUnknown', reason: 'reset' }, counted: true };
export const away = (counted: boolean): Result => ({
  kind: 'notReached',
  failure: { code: 'unreachable', reason: 'connection refused' },
  counted,
});
