/** TMF638 to the fleet's words and back. Pure. */
import type { Service, ServiceWrite } from '../../../contracts/messages/service-inventory.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import type { Service as TmfService } from '../../../contracts/tmf/tmf638.ts';
import { defined, listed } from '../left-out.ts';
import { fromCharacteristics, toCharacteristics, toParties, toPlaces, toSpecification } from '../service-attributes.ts';

/** What a created or patched document asks the inventory to hold. */
export function toWrite(doc: TmfService): ServiceWrite {
  const { serviceType, name, description, category, startDate, endDate } = doc;
  return {
    ...defined({ serviceType, name, description, category, startDate, endDate }),
    state: doc.state ?? 'designed',
    ...toSpecification(doc.serviceSpecification),
    characteristics: toCharacteristics(doc.serviceCharacteristic, 'the service'),
    supportingServices: (doc.supportingService ?? []).map((one) => one.id),
    resources: (doc.supportingResource ?? []).map((one) => ({
      id: one.id,
      name: one.name ?? one.id,
      type: one['@referredType'] ?? 'resource',
    })),
    parties: toParties(doc.relatedParty),
    places: toPlaces(doc.place),
  };
}

/** A service as it is shown: what a client wrote, with what the inventory holds laid over it. */
export function toView(service: Service, submitted: JsonObject | undefined): JsonObject {
  const base: TmfService = submitted ?? {};
  // Of these lists the inventory says what is in them: a patched document holds them as they were then.
  const {
    supportingService: _on,
    supportingResource: _of,
    relatedParty: _who,
    place: _where,
    missingStep: _without,
    ...rest
  } = base;
  const { serviceType, name, description, category, specification, startDate, endDate } = service;
  return {
    '@type': 'Service',
    ...rest,
    ...defined({ serviceType, name, description, category, startDate, endDate }),
    id: service.id,
    state: service.state,
    operatingStatus: service.operatingStatus,
    ...listed('missingStep', service.missing ?? []),
    serviceDate: base.serviceDate ?? service.serviceDate,
    ...(specification === undefined
      ? {}
      : { serviceSpecification: { ...base.serviceSpecification, ...specification } }),
    serviceCharacteristic: fromCharacteristics(service.characteristics, base.serviceCharacteristic),
    ...listed(
      'supportingService',
      service.supportingServices.map((id) => ({ ...base.supportingService?.find((one) => one.id === id), id })),
    ),
    ...listed(
      'supportingResource',
      service.resources.map((one) => ({
        ...base.supportingResource?.find(({ id }) => id === one.id),
        id: one.id,
        name: one.name,
        '@referredType': one.type,
      })),
    ),
    ...listed('relatedParty', service.parties),
    ...listed('place', service.places),
    ...listed('serviceOrderItem', orderItems(service, base)),
  };
}

/** What of a document a client owns: kept as submitted, so that a later PATCH finds it again. */
export function toSubmitted(doc: JsonObject): JsonObject {
  const { id: _id, href: _href, operatingStatus: _ours, missingStep: _too, ...own } = doc;
  return own;
}

/** The orders that made the service what it is, after those a client named. */
function orderItems({ orderItems: known }: Service, base: TmfService): JsonObject[] {
  const ours = known.map(({ orderId, itemId, action }) => ({
    serviceOrderId: orderId,
    itemId,
    itemAction: action,
    '@referredType': 'ServiceOrder',
  }));
  const named = (base.serviceOrderItem ?? []).filter(
    (one) => !known.some(({ orderId, itemId }) => one.serviceOrderId === orderId && one.itemId === itemId),
  );
  return [...named, ...ours];
}
