/** TMF641 Service Ordering v4.1: the service order, its items, and the request to cancel one. */
import * as z from 'zod';

import { serviceOrderStates } from '../states/service-order.ts';
import {
  appointmentRef,
  characteristic,
  entityRef,
  errorAttributes,
  extensible,
  externalReference,
  instant,
  named,
  note,
  orderedFeature,
  orderItemAction,
  relatedParty,
  serviceSpecificationRef,
} from './common.ts';
import { serviceAttributes } from './service-attributes.ts';

/** Where the documents' host serves this API. */
export const serviceOrderingBasePath = '/tmf-api/serviceOrdering/v4';

/** The most items an order may have, nested ones counted. Keeps its largest event under the broker's message bound. */
export const MAX_ORDER_ITEMS = 200;

export const serviceOrderState = z.enum(serviceOrderStates);

/** Items speak the same states as orders in TMF641 (in TMF622 they have no `partial`). */
export const serviceOrderItemState = z.enum(serviceOrderStates);

/** What the document's enum says; its prose calls the first one acknowledged. */
export const cancelTaskStates = ['accepted', 'terminatedWithError', 'inProgress', 'done'] as const;
export const cancelTaskState = z.enum(cancelTaskStates);

/**
 * A reference to an order item. The attribute is `itemId`; the document's list of required ones says `id`, so we accept
 * that as another name for it. Read it through {@link itemIdOf}.
 */
export const serviceOrderItemRef = named(
  'ServiceOrderItemRef',
  z
    .looseObject({
      itemId: z.string().min(1).optional(),
      id: z.string().min(1).optional(),
      serviceOrderId: z.string().optional(),
      serviceOrderHref: z.string().optional(),
      '@referredType': z.string().optional(),
      ...extensible,
    })
    .refine((ref) => ref.itemId !== undefined || ref.id !== undefined, {
      path: ['itemId'],
      error: 'is required: the id of the item it refers to',
    }),
);

/** The id of the item a reference points to, whichever of its two names it came under. */
export function itemIdOf(ref: z.infer<typeof serviceOrderItemRef>): string {
  const id = ref.itemId ?? ref.id;
  if (id === undefined) throw new TypeError('an order item reference without an id passed its schema');
  return id;
}

const relatedServiceOrderItem = named(
  'RelatedServiceOrderItem',
  z.looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    itemId: z.string().optional(),
    role: z.string().optional(),
    serviceOrderId: z.string().optional(),
    serviceOrderHref: z.string().optional(),
    itemAction: orderItemAction.optional(),
    '@referredType': z.string().optional(),
    ...extensible,
  }),
);

const serviceRelationship = z
  .looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    relationshipType: z.string(),
    serviceRelationshipCharacteristic: z.array(characteristic).optional(),
    ...extensible,
  })
  .extend({
    get service() {
      return orderedService.optional();
    },
  });
named('ServiceRelationship', serviceRelationship);

/** How a modified service shall run. v4 has no word for it, so this is ours; TMF638 shows what came of it under the same name. */
export const orderedOperatingStatus = named(
  'OrderedOperatingStatus',
  z.enum(['active', 'suspended']),
  'Extension of ours, with action modify alone: `suspended` takes the service off the network and keeps what it holds, `active` takes it up again. It is no `state`: a suspended service is still active in its lifecycle.',
);

/** The service an item acts on: a reference (`id`) to an existing one, or the value of a new one. */
export const orderedService = z
  .looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    ...serviceAttributes,
    operatingStatus: orderedOperatingStatus.optional(),
    feature: z.array(orderedFeature).optional(),
    note: z.array(note).optional(),
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
      return z.array(orderedService).optional();
    },
  });
named('ServiceRefOrValue', orderedService);

const serviceOrderItemRelationship = named(
  'ServiceOrderItemRelationship',
  z.looseObject({
    relationshipType: z.string().optional(),
    orderItem: serviceOrderItemRef.optional(),
    ...extensible,
  }),
  '`dependsOn` makes this item wait until the other one is done.',
);

const itemErrorMessage = named(
  'ServiceOrderItemErrorMessage',
  z.looseObject({ ...errorAttributes, timestamp: instant.optional() }),
);

export const serviceOrderItem = z
  .looseObject({
    id: z.string().min(1),
    action: orderItemAction,
    service: orderedService,
    quantity: z.int().min(0).optional(),
    appointment: appointmentRef.optional(),
    errorMessage: z.array(itemErrorMessage).optional(),
    serviceOrderItemRelationship: z.array(serviceOrderItemRelationship).optional(),
    state: serviceOrderItemState.optional(),
    ...extensible,
  })
  .extend({
    get serviceOrderItem() {
      return z.array(serviceOrderItem).optional();
    },
  });
named('ServiceOrderItem', serviceOrderItem);

const aboutItems = { serviceOrderItem: z.array(serviceOrderItemRef).optional() };

export const serviceOrderErrorMessage = named(
  'ServiceOrderErrorMessage',
  z.looseObject({ ...errorAttributes, timestamp: instant.optional(), ...aboutItems }),
);

export const serviceOrderMilestone = named(
  'ServiceOrderMilestone',
  z.looseObject({
    id: z.string().optional(),
    description: z.string().optional(),
    message: z.string().optional(),
    milestoneDate: instant.optional(),
    name: z.string().optional(),
    status: z.string().optional(),
    ...aboutItems,
    ...extensible,
  }),
);

export const serviceOrderJeopardyAlert = named(
  'ServiceOrderJeopardyAlert',
  z.looseObject({
    id: z.string().optional(),
    alertDate: instant.optional(),
    exception: z.string().optional(),
    jeopardyType: z.string().optional(),
    message: z.string().optional(),
    name: z.string().optional(),
    ...aboutItems,
    ...extensible,
  }),
);

const serviceOrderRelationship = named(
  'ServiceOrderRelationship',
  z.looseObject({
    id: z.string().min(1),
    href: z.string().optional(),
    relationshipType: z.string(),
    '@referredType': z.string().optional(),
    ...extensible,
  }),
);

/** What a client may say of an order at any time. */
const clientAttributes = {
  description: z.string().optional(),
  externalId: z.string().optional(),
  notificationContact: z.string().optional(),
  priority: z.string().optional(),
  requestedCompletionDate: instant.optional(),
  requestedStartDate: instant.optional(),
  externalReference: z.array(externalReference).optional(),
  note: z.array(note).optional(),
  orderRelationship: z.array(serviceOrderRelationship).optional(),
  relatedParty: z.array(relatedParty).optional(),
};

/** What a client may say only when it places the order. */
const creationAttributes = {
  category: z.string().optional(),
  cancellationDate: instant.optional(),
  cancellationReason: z.string().optional(),
};

/** What an order is made of: at least one item, at most {@link MAX_ORDER_ITEMS}, no two with one id. */
const items = z
  .array(serviceOrderItem)
  .min(1)
  .superRefine((list, context) => {
    const seen = new Set<string>();
    noteIds(list, seen, (item, path) =>
      context.addIssue({
        code: 'custom',
        path: [...path, 'id'],
        message: `repeats '${item.id}': each item needs an id of its own`,
      }),
    );
    if (seen.size > MAX_ORDER_ITEMS) {
      context.addIssue({
        code: 'custom',
        message: `has ${seen.size} items: split the order, ${MAX_ORDER_ITEMS} is the most`,
      });
    }
  });

/** Notes the ids of items and of those nested in them, and tells of each that was noted before. */
function noteIds(
  list: readonly z.infer<typeof serviceOrderItem>[],
  seen: Set<string>,
  repeated: (item: z.infer<typeof serviceOrderItem>, path: (string | number)[]) => void,
  path: (string | number)[] = [],
): void {
  list.forEach((item, index) => {
    if (seen.has(item.id)) repeated(item, [...path, index]);
    seen.add(item.id);
    if (item.serviceOrderItem !== undefined)
      noteIds(item.serviceOrderItem, seen, repeated, [...path, index, 'serviceOrderItem']);
  });
}

/** The body of POST /serviceOrder. */
export const serviceOrderCreate = named(
  'ServiceOrder_Create',
  z.looseObject({ ...clientAttributes, ...creationAttributes, serviceOrderItem: items, ...extensible }),
);

/** What a PATCH may change in an order. */
export const serviceOrderUpdate = named(
  'ServiceOrder_Update',
  z.looseObject({
    ...clientAttributes,
    cancellationDate: instant.optional(),
    cancellationReason: z.string().optional(),
    expectedCompletionDate: instant.optional(),
    serviceOrderItem: items.optional(),
    state: serviceOrderState.optional(),
    ...extensible,
  }),
);

/** A service order as it is read. Every attribute is optional here because `fields` may leave any of them out. */
export const serviceOrder = named(
  'ServiceOrder',
  z.looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    ...clientAttributes,
    ...creationAttributes,
    orderDate: instant.optional(),
    startDate: instant.optional(),
    completionDate: instant.optional(),
    expectedCompletionDate: instant.optional(),
    state: serviceOrderState.optional(),
    serviceOrderItem: items.optional(),
    errorMessage: z.array(serviceOrderErrorMessage).optional(),
    milestone: z.array(serviceOrderMilestone).optional(),
    jeopardyAlert: z.array(serviceOrderJeopardyAlert).optional(),
    ...extensible,
  }),
);

/** Attributes of an order that no PATCH may change (TMF641 v4.1, patchable attributes). */
export const serviceOrderNotPatchable = [
  'id',
  'href',
  'orderDate',
  'startDate',
  'completionDate',
  'category',
  'milestone',
  'jeopardyAlert',
  'errorMessage',
] as const;

/** Attributes of an order that the server alone sets; a POST that brings one is refused. */
export const serviceOrderNotCreatable = [
  'id',
  'state',
  'orderDate',
  'startDate',
  'completionDate',
  'expectedCompletionDate',
  'milestone',
  'jeopardyAlert',
  'errorMessage',
] as const;

const cancelRequest = {
  cancellationReason: z.string().optional(),
  requestedCancellationDate: instant.optional(),
  ...extensible,
};

/** A reason becomes part of the order, whose largest event has to fit under the broker's message bound. */
const longestReason = 2_000;

/** The body of POST /cancelServiceOrder. */
export const cancelServiceOrderCreate = named(
  'CancelServiceOrder_Create',
  z.looseObject({
    ...cancelRequest,
    cancellationReason: z.string().max(longestReason).optional(),
    serviceOrder: entityRef,
  }),
);

/** The task that cancels an order, as it is read. */
export const cancelServiceOrder = named(
  'CancelServiceOrder',
  z.looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    ...cancelRequest,
    completionMessage: z.string().optional(),
    effectiveCancellationDate: instant.optional(),
    errorMessage: z.looseObject(errorAttributes).optional(),
    serviceOrder: entityRef.optional(),
    state: cancelTaskState.optional(),
  }),
);

/** Attributes of a cancellation that the server alone sets; a POST that brings one is refused. */
export const cancelServiceOrderNotCreatable = [
  'id',
  'state',
  'completionMessage',
  'effectiveCancellationDate',
  'errorMessage',
] as const;

/** The notifications of this API, by the names the document gives them. */
export const serviceOrderingEventTypes = [
  'ServiceOrderCreateEvent',
  'ServiceOrderAttributeValueChangeEvent',
  'ServiceOrderStateChangeEvent',
  'ServiceOrderDeleteEvent',
  'ServiceOrderInformationRequiredEvent',
  'ServiceOrderMilestoneEvent',
  'ServiceOrderJeopardyEvent',
  'CancelServiceOrderCreateEvent',
  'CancelServiceOrderStateChangeEvent',
  'CancelServiceOrderInformationRequiredEvent',
] as const;

export type CancelTaskState = (typeof cancelTaskStates)[number];
export type ServiceOrder = z.infer<typeof serviceOrder>;
export type ServiceOrderCreate = z.infer<typeof serviceOrderCreate>;
export type ServiceOrderUpdate = z.infer<typeof serviceOrderUpdate>;
export type ServiceOrderItem = z.infer<typeof serviceOrderItem>;
export type OrderedService = z.infer<typeof orderedService>;
export type CancelServiceOrder = z.infer<typeof cancelServiceOrder>;
export type CancelServiceOrderCreate = z.infer<typeof cancelServiceOrderCreate>;
