/** What an order asks of others: services from the inventory, changes from activators. */
import { type ActivateItem, activateItem } from '../../contracts/messages/activation.ts';
import { send } from '../../contracts/messages/message.ts';
import { claimServices, releaseClaims } from '../../contracts/messages/service-inventory.ts';
import type { RequestedItem } from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import { type Draft, moved, requestedItem } from './draft.decide.ts';
import { dependants } from './item-graph.decide.ts';
import { progressOf } from './order.state.ts';
import { itemDone } from './service-order.machine.ts';

/** Asks for the services of these items. */
export function claim(draft: Draft, items: readonly RequestedItem[]): void {
  if (items.length === 0) return;
  const claims = items.map((item) => {
    const { dependsOn: _order, serviceNamed: _named, operatingStatus: _status, ...rest } = item;
    const resolved = draft.work[item.itemId]?.resolved;
    if (resolved === undefined) return rest;
    const { id, version, name, serviceType } = resolved.specification;
    const within = item.dependsOn.flatMap((dependency) => requestedItem(draft, dependency)?.serviceId ?? []);
    return {
      ...rest,
      serviceType,
      specification: { id, version, name },
      characteristics: resolved.characteristics,
      supportingServices: [...new Set([...item.supportingServices, ...within])],
    };
  });
  draft.send.push(send(claimServices, { orderId: draft.order.id, claims }));
}

/** @param round up to which cancellation's claims are meant; 0, only those of the changes themselves */
export function giveBack(draft: Draft, serviceIds: readonly string[], round = 0): void {
  if (serviceIds.length === 0) return;
  draft.send.push(
    send(releaseClaims, { orderId: draft.order.id, serviceIds: [...serviceIds], ...(round === 0 ? {} : { round }) }),
  );
}

/** Starts every item that holds its service and waits for nothing. */
export function launch(draft: Draft): void {
  for (const item of draft.order.request.items) {
    const work = draft.work[item.itemId];
    if (work?.claimNumber === undefined || work.resolved === undefined) continue;
    const ready = item.dependsOn.every((dependency) => itemDone(draft.order.progress[dependency]?.state));
    if (!ready || progressOf(draft.order, item.itemId).startedAt !== undefined) continue;
    if (moved(draft, item.itemId, 'start')) draft.send.push(send(activateItem, activation(draft, item)));
  }
}

/** An item as its activator gets it: the same in every command about it. */
export function activation(draft: Draft, item: RequestedItem): ActivateItem {
  const work = draft.work[item.itemId];
  if (work?.resolved === undefined || work.claimNumber === undefined || item.action === 'noChange') {
    throw new Error(`item ${item.itemId} of order ${draft.order.id} is started but holds no claim`);
  }
  const within = item.dependsOn.flatMap((dependency) => draft.work[dependency]?.settled ?? []);
  return {
    orderId: draft.order.id,
    itemId: item.itemId,
    action: item.action,
    serviceId: item.serviceId,
    serviceType: work.resolved.specification.serviceType,
    claimNumber: work.claimNumber,
    requested: work.resolved.characteristics,
    previous: item.action === 'add' ? {} : (work.previous ?? {}),
    supporting: [
      ...(work.supporting ?? []).filter((one) => !within.some((service) => service.id === one.serviceId)),
      ...within.map(({ id, serviceType, characteristics, resources }) => ({
        serviceId: id,
        ...(serviceType === undefined ? {} : { serviceType }),
        characteristics,
        resources,
      })),
    ],
    specification: work.resolved.specification,
    ...(item.operatingStatus === undefined
      ? {}
      : { operation: item.operatingStatus === 'suspended' ? ('suspend' as const) : ('resume' as const) }),
    ...(work.missing === undefined || work.missing.length === 0 ? {} : { missing: [...work.missing] }),
  };
}

/** An item fails, what depends on it is abandoned, and what either still holds is given back. */
export function fail(draft: Draft, itemId: string, failure: Failure): void {
  moved(draft, itemId, 'fail', failure);
  const given = dependants(draft.order.request.items, itemId);
  const reason = `Not started: item "${itemId}", which it depends on, failed.`;
  const abandoned = [...given].filter((id) => moved(draft, id, 'abandon', { code: 'dependencyFailed', reason }));
  const unsettled = [itemId, ...abandoned].filter((id) => draft.work[id]?.settled === undefined);
  giveBack(
    draft,
    unsettled.flatMap((id) => requestedItem(draft, id)?.serviceId ?? []),
  );
}
