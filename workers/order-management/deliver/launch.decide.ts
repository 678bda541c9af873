/** What an order asks of those who carry deliveries out: a service order each, and its cancellation. */
import { type Outgoing, send } from '../../../contracts/messages/message.ts';
import type { PlannedDelivery } from '../../../contracts/messages/order-management.ts';
import { cancelOutsideOrder, placeOutsideOrder } from '../../../contracts/messages/outside-ordering.ts';
import {
  type RequestedItem,
  type ServiceOrderRequest,
  acceptServiceOrder,
  cancelServiceOrder,
} from '../../../contracts/messages/service-ordering.ts';
import { isDone, isSettled } from '../delivery.machine.ts';
import { type Delivery, type Draft, advance, all, put } from '../draft.decide.ts';

/** Submits every delivery whose turn has come. */
export function launch(draft: Draft): void {
  const standsStill = !['decomposed', 'inProgress', 'held'].includes(draft.order.stage);
  if (standsStill || draft.ending !== null) return;
  for (const one of all(draft)) {
    const { goal, waitUntil } = one.work;
    if (goal !== 'deliver') continue;
    const again = one.progress.state === 'waiting' && waitUntil !== undefined && new Date(waitUntil) <= draft.now;
    if (again || (one.progress.state === 'planned' && isReady(draft, one))) submit(draft, one, 'deliver');
  }
}

const isReady = (draft: Draft, { planned }: Delivery): boolean =>
  planned.dependsOn.every((id) => {
    const before = draft.deliveries.get(id);
    // What the order goes on without is over once nothing of it is there, or nothing can be done about that.
    return before === undefined || isDone(before) || (before.work.goal === 'takeBack' && isSettled(before));
  });

/** Places a service order for a delivery, or for taking it back; each attempt has an id of its own. */
export function submit(draft: Draft, one: Delivery, purpose: 'deliver' | 'undo', why?: string): void {
  const { planned, progress, work } = one;
  const { idOf } = draft.tools;
  const attempt = work.serviceOrders.length === 0 ? 0 : progress.attempt + 1;
  const serviceOrderId = attempt === 0 ? planned.id : idOf(planned.id, String(attempt));
  // What an add that failed leaves is a terminated service: nobody can be given its id again.
  const anew = planned.action === 'add' && purpose === 'deliver' && attempt > 0 && !work.landed;
  const serviceId = anew ? idOf(planned.id, 'service', String(attempt)) : progress.serviceId;
  put(draft, planned.id, {
    progress: { state: 'acknowledged', purpose, attempt, serviceOrderId, serviceId, failure: undefined },
    work: {
      heard: 0,
      serviceOrders: [...work.serviceOrders, serviceOrderId],
      waitUntil: undefined,
      trouble: undefined,
      asked: undefined,
      heldHere: undefined,
      fellOut: undefined,
      spoiled: undefined,
    },
    ...(why === undefined ? {} : { why }),
  });
  if (draft.order.startedAt === undefined) draft.order = { ...draft.order, startedAt: draft.now.toISOString() };
  advance(draft, 'submit', `submit: ${planned.component} is the first service order`);
  place(draft, planned.id);
}

/** Sends the service order that runs for a delivery: the same again, where a person has it sent again. */
export function place(draft: Draft, id: string): void {
  const one = draft.deliveries.get(id);
  if (one !== undefined) draft.send.push(placement(draft, one));
}

function placement(draft: Draft, one: Delivery): Outgoing {
  const order = serviceOrderOf(draft, one);
  const { serviceType } = one.planned;
  return draft.tools.outsideTypes.has(serviceType)
    ? send(placeOutsideOrder, { serviceType, order })
    : send(acceptServiceOrder, { order });
}

function serviceOrderOf(draft: Draft, one: Delivery): ServiceOrderRequest {
  const { id: orderId, request } = draft.order;
  const { planned, progress } = one;
  const { priority, requestedCompletionDate } = request;
  return {
    id: progress.serviceOrderId ?? planned.id,
    orderDate: request.orderDate,
    ...(request.externalId === undefined ? {} : { externalId: request.externalId }),
    ...(priority === undefined ? {} : { priority }),
    ...(requestedCompletionDate === undefined ? {} : { requestedCompletionDate }),
    description: `${planned.component} of product order ${orderId}`,
    parties: request.parties,
    items: [itemOf(draft, one)],
    requestedBy: requestedBy(draft, one),
  };
}

const requestedBy = ({ order }: Draft, { planned, progress }: Delivery) => ({
  orderId: order.id,
  deliveryId: planned.id,
  attempt: progress.attempt,
});

function itemOf(draft: Draft, one: Delivery): RequestedItem {
  const { planned, progress, work } = one;
  const asked = draft.order.request.items.find(({ itemId }) => itemId === planned.itemId);
  const common = {
    itemId: planned.component,
    dependsOn: [],
    serviceId: progress.serviceId,
    serviceNamed: true,
    serviceType: planned.serviceType,
    parties: asked?.parties ?? [],
    places: asked?.places ?? [],
  };
  const supportingServices = planned.standsOn.map((serviceId) => serviceIdNow(draft, serviceId));
  if (progress.purpose === 'undo') return { ...common, ...inverse(planned), supportingServices: [] };
  // Done in part and tried again: the service is there, what is missing of it is not.
  const action = planned.action === 'add' && work.landed ? 'modify' : planned.action;
  return {
    ...common,
    action,
    ...(action === 'delete' ? {} : { specification: planned.specification }),
    ...(planned.operatingStatus === undefined ? {} : { operatingStatus: planned.operatingStatus }),
    characteristics: planned.characteristics,
    supportingServices: action === 'delete' ? [] : supportingServices,
  };
}

/** What takes a delivery back: an add is deleted, a modify is modified to what was. */
function inverse(planned: PlannedDelivery): Pick<RequestedItem, 'action' | 'characteristics' | 'operatingStatus'> {
  if (planned.action === 'add') return { action: 'delete', characteristics: {} };
  const { operatingStatus } = planned;
  const back = operatingStatus === 'suspended' ? ('active' as const) : ('suspended' as const);
  return {
    action: 'modify',
    characteristics: planned.previous,
    ...(operatingStatus === undefined ? {} : { operatingStatus: back }),
  };
}

/** The service that stands for a planned one now: an add that is tried again makes another. */
export function serviceIdNow(draft: Pick<Draft, 'deliveries'>, plannedId: string): string {
  for (const { planned, progress } of draft.deliveries.values())
    if (planned.serviceId === plannedId) return progress.serviceId;
  return plannedId;
}

/**
 * Asks for the cancellation of the service order that runs for a delivery. Service ordering refuses to cancel what it does not
 * know: it is asked once the order has been heard of. Outside ordering takes a cancellation that overtakes its order.
 */
export function askToCancel(draft: Draft, one: Delivery, round: number): void {
  const { planned, progress, work } = one;
  const isOutside = draft.tools.outsideTypes.has(planned.serviceType);
  if (work.heard === 0 && !isOutside) return;
  const asks = work.asks + 1;
  const id = [draft.order.id, planned.id, progress.attempt, asks].join('.');
  put(draft, planned.id, { work: { asks, asked: { id, round } } });
  const reason = draft.order.cancellationReason ?? `Product order ${draft.order.id} takes it back.`;
  const body = { id, orderId: progress.serviceOrderId ?? planned.id, reason };
  draft.send.push(
    isOutside
      ? send(cancelOutsideOrder, { ...body, requestedBy: requestedBy(draft, one) })
      : send(cancelServiceOrder, body),
  );
}

/** Of which delivery a cancellation tells that we asked for; undefined for those of others. */
export function askedFor(cancellationId: string): { orderId: string; deliveryId: string } | undefined {
  const [orderId, deliveryId, attempt, asks, ...rest] = cancellationId.split('.');
  if (orderId === undefined || deliveryId === undefined || attempt === undefined) return undefined;
  return asks === undefined || rest.length > 0 ? undefined : { orderId, deliveryId };
}
