/** TMF638 Service Inventory v4.0: the service as the inventory keeps it. */
import * as z from 'zod';

import { operatingStatuses } from '../states/service.ts';
import {
  characteristic,
  extensible,
  keptFeature,
  named,
  orderItemAction,
  serviceSpecificationRef,
  signedNote,
} from './common.ts';
import { serviceAttributes, serviceState } from './service-attributes.ts';

/** Where the document's host serves this API. */
export const serviceInventoryBasePath = '/tmf-api/serviceInventory/v4';

/** How a service does, beside its lifecycle state: TMF v4 has no state for suspended or degraded, so this is ours. */
export const operatingStatus = named(
  'OperatingStatus',
  z.enum(operatingStatuses),
  'Extension of ours, beside `state`: how the service runs. Orders change it (TMF641, `service.operatingStatus`). `degraded`: without its `missingStep`s.',
);

const missingStep = named(
  'MissingSteps',
  z.array(z.string()),
  "Extension of ours: what the service runs without, the names of its activator's optional steps that could not be done. The next modify tries them again.",
);

const relatedServiceOrderItem = named(
  'RelatedServiceOrderItem',
  z.looseObject({
    itemId: z.string().min(1),
    serviceOrderId: z.string().min(1),
    serviceOrderHref: z.string().optional(),
    role: z.string().optional(),
    itemAction: orderItemAction.optional(),
    '@referredType': z.string().optional(),
    ...extensible,
  }),
);

const serviceRelationship = z
  .looseObject({
    relationshipType: z.string(),
    serviceRelationshipCharacteristic: z.array(characteristic).optional(),
    ...extensible,
  })
  .extend({
    get service() {
      return serviceRefOrValue;
    },
  });
named('ServiceRelationship', serviceRelationship);

/** Another service: its id, and as much of its value as helps the reader. */
export const serviceRefOrValue = z
  .looseObject({
    id: z.string().min(1),
    href: z.string().optional(),
    ...serviceAttributes,
    feature: z.array(keptFeature).optional(),
    note: z.array(signedNote).optional(),
    serviceOrderItem: z.array(relatedServiceOrderItem).optional(),
    serviceSpecification: serviceSpecificationRef.optional(),
    '@referredType': z.string().optional(),
    ...extensible,
  })
  .extend({
    get serviceRelationship() {
      return z.array(serviceRelationship).optional();
    },
    get supportingService() {
      return z.array(serviceRefOrValue).optional();
    },
  });
named('ServiceRefOrValue', serviceRefOrValue);

const attributes = {
  ...serviceAttributes,
  operatingStatus: operatingStatus.optional(),
  missingStep: missingStep.optional(),
  feature: z.array(keptFeature).optional(),
  note: z.array(signedNote).optional(),
  serviceOrderItem: z.array(relatedServiceOrderItem).optional(),
  serviceRelationship: z.array(serviceRelationship).optional(),
  serviceSpecification: serviceSpecificationRef.optional(),
  supportingService: z.array(serviceRefOrValue).optional(),
  ...extensible,
};

/** A service as it is read. Every attribute is optional here because `fields` may leave any of them out. */
export const service = named(
  'Service',
  z.looseObject({ id: z.string().optional(), href: z.string().optional(), ...attributes }),
);

/** The body of POST /service: the document requires a state and a specification. */
export const serviceCreate = named(
  'Service_Create',
  z.looseObject({ ...attributes, state: serviceState, serviceSpecification: serviceSpecificationRef }),
);

const { serviceDate: _atCreation, operatingStatus: _ordered, missingStep: _shown, ...changeable } = attributes;

/** What a PATCH may change in a service. */
export const serviceUpdate = named('Service_Update', z.looseObject(changeable));

/**
 * Attributes of a service that no PATCH may change: TMF638 v4.0, patchable attributes, and of our own what follows from
 * orders.
 */
export const serviceNotPatchable = ['id', 'href', 'serviceDate', 'operatingStatus', 'missingStep'] as const;

/** Attributes of a service that the server alone sets; a POST that brings one is refused. */
export const serviceNotCreatable = ['id'] as const;

/** The notifications of this API, by the names the document gives them. */
export const serviceInventoryEventTypes = [
  'ServiceCreateEvent',
  'ServiceAttributeValueChangeEvent',
  'ServiceStateChangeEvent',
  'ServiceDeleteEvent',
] as const;

export type ServiceState = z.infer<typeof serviceState>;
export type Service = z.infer<typeof service>;
export type ServiceCreate = z.infer<typeof serviceCreate>;
export type ServiceUpdate = z.infer<typeof serviceUpdate>;
export type ServiceRefOrValue = z.infer<typeof serviceRefOrValue>;
