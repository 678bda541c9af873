/** TMF641 to the fleet's words and back. Pure. */
import type {
  RequestedItem,
  ServiceOrder,
  ServiceOrderAmendment,
  ServiceOrderRequest,
} from '../../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../../contracts/messages/values.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import {
  type OrderedService,
  type ServiceOrderCreate,
  type ServiceOrderItem,
  itemIdOf,
} from '../../../contracts/tmf/tmf641.ts';
import { derivedId } from '../../../ops/platform/ids.ts';
import { refuse } from '../../tmf630/errors.ts';
import { picked } from '../left-out.ts';
import { withWaitingNotes, withoutWaitingNotes } from './waiting-notes.ts';
import { toCharacteristics, toParties, toPlaces, toSpecification } from '../service-attributes.ts';

/** Relations of services that say: this one stands on that one. */
const standsOn = new Set(['reliesOn', 'dependsOn', 'supportedBy']);

/**
 * What a created order asks of service ordering.
 *
 * @throws 400 for what no worker could act on: a quantity over one, a characteristic named twice, a new service suspended
 */
export function toRequest(body: ServiceOrderCreate, id: string, now: Date): ServiceOrderRequest {
  return {
    id,
    orderDate: now.toISOString(),
    ...picked(body, [
      'externalId',
      'description',
      'category',
      'priority',
      'requestedStartDate',
      'requestedCompletionDate',
    ]),
    parties: toParties(body.relatedParty),
    items: toItems(body.serviceOrderItem, id),
  };
}

/** Items with those nested in them, each before its own. */
const toItems = (items: readonly ServiceOrderItem[], orderId: string): RequestedItem[] =>
  items.flatMap((item) => [toItem(item, orderId), ...toItems(item.serviceOrderItem ?? [], orderId)]);

function toItem(item: ServiceOrderItem, orderId: string): RequestedItem {
  if (item.quantity !== undefined && item.quantity !== 1) {
    throw refuse(
      'invalidBody',
      `Item '${item.id}' has quantity ${item.quantity}; a service order item is about one service.`,
      {
        message: 'Send one item per service.',
      },
    );
  }
  const { service } = item;
  if (service.operatingStatus !== undefined && item.action !== 'modify') {
    throw refuse('invalidBody', `Item '${item.id}' has action ${item.action} and service.operatingStatus.`, {
      message: 'Only action modify suspends a service or takes it up again.',
    });
  }
  return {
    itemId: item.id,
    action: item.action,
    dependsOn: dependenciesOf(item),
    serviceId: service.id ?? derivedId(orderId, item.id),
    serviceNamed: service.id !== undefined,
    ...toSpecification(service.serviceSpecification),
    ...picked(service, ['serviceType', 'name', 'description', 'category', 'operatingStatus']),
    characteristics: toCharacteristics(service.serviceCharacteristic, `item '${item.id}'`),
    supportingServices: supportingOf(service),
    parties: toParties(service.relatedParty),
    places: toPlaces(service.place),
  };
}

function supportingOf({ supportingService = [], serviceRelationship = [] }: OrderedService): string[] {
  return distinct([
    ...supportingService.flatMap((one) => one.id ?? []),
    ...serviceRelationship.flatMap((one) => (standsOn.has(one.relationshipType) ? (one.service?.id ?? []) : [])),
  ]);
}

function dependenciesOf({ serviceOrderItemRelationship = [] }: ServiceOrderItem): string[] {
  const relations = serviceOrderItemRelationship.filter((one) => one.relationshipType?.toLowerCase() === 'dependson');
  return distinct(relations.flatMap((one) => (one.orderItem === undefined ? [] : itemIdOf(one.orderItem))));
}

const distinct = (ids: string[]): string[] => (ids.length < 2 ? ids : [...new Set(ids)]);

/** What a patched order asks of service ordering, of the attributes it knows. */
export function toAmendment(doc: JsonObject, changed: readonly string[]): ServiceOrderAmendment {
  const amendment: Record<string, unknown> = {};
  for (const name of ['externalId', 'description', 'priority', 'requestedStartDate', 'requestedCompletionDate']) {
    if (changed.includes(name)) amendment[name] = doc[name] ?? null;
  }
  if (changed.includes('relatedParty'))
    amendment['parties'] = toParties(doc['relatedParty'] as Parameters<typeof toParties>[0]);
  return amendment;
}

/** What of a document the client owns: kept as submitted, so that a later PATCH finds it again. */
export function toSubmitted(doc: JsonObject): JsonObject {
  const {
    id: _id,
    href: _href,
    state: _state,
    orderDate: _ordered,
    startDate: _started,
    completionDate: _completed,
    expectedCompletionDate: _expected,
    errorMessage: _errors,
    milestone: _milestones,
    jeopardyAlert: _alerts,
    ...own
  } = doc;
  return withoutWaitingNotes(own);
}

/** An order as it is shown from its acceptance until service ordering has taken it. */
export function acknowledged(body: JsonObject, id: string, now: Date): JsonObject {
  const items = (body as ServiceOrderCreate).serviceOrderItem.map((item) =>
    withItem(item, () => ({ state: 'acknowledged' })),
  );
  return {
    '@type': 'ServiceOrder',
    ...body,
    id,
    orderDate: now.toISOString(),
    state: 'acknowledged',
    serviceOrderItem: items,
  };
}

/**
 * An order as it is shown: what the client sent, with what service ordering says laid over it.
 *
 * @param submitted the client's document with its patches; absent for orders that came from inside the fleet
 */
export function toView(order: ServiceOrder, submitted: JsonObject | undefined): JsonObject {
  const { request, progress } = order;
  const base = submitted ?? fromRequest(request);
  const requested = new Map(request.items.map((item) => [item.itemId, item]));
  const items = (base['serviceOrderItem'] as ServiceOrderItem[]).map((item) =>
    withItem(item, ({ id, service }) => {
      const { state = 'acknowledged', failure } = progress[id] ?? {};
      return {
        state,
        service: shownService(service, requested.get(id), progress[id]?.serviceType),
        ...(failure === undefined ? {} : { errorMessage: [errorMessage(failure, order.updatedAt)] }),
      };
    }),
  );
  return {
    '@type': 'ServiceOrder',
    ...base,
    id: order.id,
    orderDate: request.orderDate,
    state: order.state,
    ...(order.startedAt === undefined ? {} : { startDate: order.startedAt }),
    ...(order.completedAt === undefined ? {} : { completionDate: order.completedAt }),
    ...(order.expectedAt === undefined ? {} : { expectedCompletionDate: order.expectedAt }),
    ...(order.cancelledAt === undefined ? {} : { cancellationDate: order.cancelledAt }),
    ...(order.cancellationReason === undefined ? {} : { cancellationReason: order.cancellationReason }),
    ...withWaitingNotes(base, order),
    serviceOrderItem: items,
    ...(order.failure === undefined ? {} : { errorMessage: [errorMessage(order.failure, order.updatedAt)] }),
    ...(order.milestones.length === 0
      ? {}
      : {
          milestone: order.milestones.map(({ at, itemIds, status = 'completed', ...one }) => ({
            ...one,
            milestoneDate: at,
            status,
            serviceOrderItem: itemRefs(itemIds),
          })),
        }),
    ...(order.jeopardies.length === 0
      ? {}
      : {
          jeopardyAlert: order.jeopardies.map(({ at, itemIds, ...one }) => ({
            ...one,
            alertDate: at,
            jeopardyType: one.name,
            serviceOrderItem: itemRefs(itemIds),
          })),
        }),
  };
}

/** Both names of the item's id: the attribute is `itemId`, the document's list of required ones says `id`. */
const itemRefs = (itemIds: readonly string[]) => itemIds.map((itemId) => ({ itemId, id: itemId }));

/** An item with what only happens laid over it; what a patch kept of an earlier happening is not the client's word. */
function withItem(
  { errorMessage: _past, ...item }: ServiceOrderItem,
  over: (item: ServiceOrderItem) => JsonObject,
): JsonObject {
  const nested =
    item.serviceOrderItem === undefined
      ? {}
      : { serviceOrderItem: item.serviceOrderItem.map((one) => withItem(one, over)) };
  return { ...item, ...nested, ...over(item) };
}

/** The item's service, as the client sent it, with its id and type as soon as they are known. */
function shownService(
  service: OrderedService,
  item: RequestedItem | undefined,
  serviceType: string | undefined,
): JsonObject {
  return {
    ...service,
    ...(item === undefined ? {} : { id: item.serviceId }),
    ...(serviceType === undefined ? {} : { serviceType }),
  };
}

const errorMessage = ({ code, reason }: Failure, timestamp: string): JsonObject => ({
  code,
  reason,
  message: reason,
  timestamp,
});

function fromRequest(request: ServiceOrderRequest): JsonObject {
  const { id: _id, orderDate: _date, parties, items, ...attributes } = request;
  return {
    ...attributes,
    ...(parties.length === 0 ? {} : { relatedParty: parties }),
    serviceOrderItem: items.map(({ itemId, action, dependsOn, ...item }) => ({
      id: itemId,
      action,
      ...(dependsOn.length === 0
        ? {}
        : {
            serviceOrderItemRelationship: dependsOn.map((one) => ({
              relationshipType: 'dependsOn',
              orderItem: { itemId: one, id: one },
            })),
          }),
      service: {
        ...picked(item, ['name', 'description', 'category', 'serviceType', 'operatingStatus']),
        ...(item.specification === undefined ? {} : { serviceSpecification: item.specification }),
        serviceCharacteristic: Object.entries(item.characteristics).map(([name, value]) => ({ name, value })),
        ...(item.places.length === 0 ? {} : { place: item.places }),
        ...(item.parties.length === 0 ? {} : { relatedParty: item.parties }),
      },
    })),
  };
}
