/** The fleet's words to TMF641, as one who orders from others speaks it. Pure. */
import type { RequestedItem, ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type { Characteristics, PartyRef, PlaceRef } from '../../contracts/messages/values.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';

/** What an endpoint calls specifications, by our id. */
export type Renames = Readonly<Record<string, { readonly id: string; readonly version?: string | undefined }>>;

/**
 * The body of POST /serviceOrder. It carries our id as `externalId`, by which the order is found again, and the ids of
 * services, new ones too; whom it is placed for stays here.
 */
export function toServiceOrder(request: ServiceOrderRequest, serviceType: string, renames: Renames): JsonObject {
  const { id, description, category, priority, requestedStartDate, requestedCompletionDate, parties, items } = request;
  return {
    ...{ '@type': 'ServiceOrder', externalId: id },
    ...present({ description, category, priority, requestedStartDate, requestedCompletionDate }),
    ...listed('relatedParty', parties.map(toParty)),
    serviceOrderItem: items.map((item) => toItem(item, serviceType, renames)),
  };
}

const toItem = (item: RequestedItem, serviceType: string, renames: Renames): JsonObject => ({
  ...{ '@type': 'ServiceOrderItem', id: item.itemId, action: item.action },
  ...listed(
    'serviceOrderItemRelationship',
    item.dependsOn.map((itemId) => ({ relationshipType: 'dependsOn', orderItem: { itemId, id: itemId } })),
  ),
  service: {
    ...{ '@type': 'Service', id: item.serviceId, serviceType: item.serviceType ?? serviceType },
    ...present({
      name: item.name,
      description: item.description,
      category: item.category,
      operatingStatus: item.operatingStatus,
      serviceSpecification: specificationOf(item, renames),
    }),
    ...listed('serviceCharacteristic', characteristicsOf(item.characteristics)),
    ...listed(
      'serviceRelationship',
      item.supportingServices.map((id) => ({
        relationshipType: 'reliesOn',
        service: { id, '@referredType': 'Service' },
      })),
    ),
    ...listed('place', item.places.map(toPlace)),
    ...listed('relatedParty', item.parties.map(toParty)),
  },
});

function specificationOf({ specification }: RequestedItem, renames: Renames): JsonObject | undefined {
  if (specification === undefined) return undefined;
  const renamed = Object.hasOwn(renames, specification.id) ? renames[specification.id] : undefined;
  return { ...present(renamed ?? specification), '@referredType': 'ServiceSpecification' };
}

const characteristicsOf = (characteristics: Characteristics): JsonObject[] =>
  Object.entries(characteristics)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => ({ name, value, valueType: valueTypeOf(value) }));

function valueTypeOf(value: Characteristics[string]): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return value === null ? 'object' : typeof value;
}

/** TMF641 requires what an id is of, and a place's role; orders from within may leave both out. */
const toParty = (party: PartyRef): JsonObject => ({ '@type': 'RelatedParty', '@referredType': 'Party', ...party });
const toPlace = (place: PlaceRef): JsonObject => ({ role: 'installation', ...place });

/** The body of POST /cancelServiceOrder. */
export const toCancellation = (remoteId: string, reason: string | undefined): JsonObject => ({
  ...{ '@type': 'CancelServiceOrder', serviceOrder: { id: remoteId, '@referredType': 'ServiceOrder' } },
  ...present({ cancellationReason: reason }),
});

/** The attributes that are there. */
const present = (object: object): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
const listed = (name: string, list: readonly JsonObject[]): JsonObject => (list.length === 0 ? {} : { [name]: list });
