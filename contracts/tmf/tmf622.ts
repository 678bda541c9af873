/** TMF622 Product Ordering v4.0: the product order, its items, and the request to cancel one. */
import * as z from 'zod';

import { productOrderCancellationStates, productOrderItemStates, productOrderStates } from '../states/product-order.ts';
import {
  appointmentRef,
  errorAttributes,
  extensible,
  instant,
  named,
  note,
  orderItemAction,
  reference,
  relatedParty,
} from './common.ts';
import {
  billingAccountRef,
  orderPrice,
  orderTerm,
  productOfferingRef,
  productRefOrValue,
} from './product-attributes.ts';
import { faultsOf } from './product-order-bounds.ts';

/** Where the document's host serves this API. */
export const productOrderingBasePath = '/tmf-api/productOrderingManagement/v4';

const productOrderState = named('ProductOrderStateType', z.enum(productOrderStates));
/** An item has an order's states, but `partial`. */
const productOrderItemState = named('ProductOrderItemStateType', z.enum(productOrderItemStates));

const agreementRef = named('AgreementRef', z.looseObject(reference));
const paymentRef = named('PaymentRef', z.looseObject(reference));
const quoteRef = named('QuoteRef', z.looseObject(reference));
const quoteItemRef = named(
  'QuoteItemRef',
  z.looseObject({
    ...reference,
    quoteHref: z.string().optional(),
    quoteId: z.string().min(1),
    quoteName: z.string().optional(),
  }),
);
const qualificationRef = named('ProductOfferingQualificationRef', z.looseObject(reference));
const qualificationItemRef = named(
  'ProductOfferingQualificationItemRef',
  z.looseObject({
    ...reference,
    productOfferingQualificationHref: z.string().optional(),
    productOfferingQualificationId: z.string().min(1),
    productOfferingQualificationName: z.string().optional(),
  }),
);
const relatedChannel = named('RelatedChannel', z.looseObject({ ...reference, role: z.string().optional() }));

const orderItemRelationship = named(
  'OrderItemRelationship',
  z.looseObject({ id: z.string().optional(), relationshipType: z.string().optional(), ...extensible }),
  '`dependsOn` or `reliesOn`: this item waits until the other one is done. `bundles`: the other one is part of this one, as if it were nested.',
);

const orderError = named(
  'ProductOrderErrorMessage',
  z.looseObject({ ...errorAttributes, timestamp: instant.optional() }),
  'Extension of ours, as TMF641 has it: why something did not go as ordered, for machines; notes say it to people.',
);

const resultingProduct = named(
  'ResultingProducts',
  z.array(z.looseObject(reference)),
  'Extension of ours: the products that the item is about, where they are more than one: of a quantity, or a bundle with its parts.',
);

export const productOrderItem = z
  .looseObject({
    id: z.string().min(1),
    action: orderItemAction,
    quantity: z.int().min(1).optional(),
    appointment: appointmentRef.optional(),
    billingAccount: billingAccountRef.optional(),
    errorMessage: z.array(orderError).optional(),
    itemPrice: z.array(orderPrice).optional(),
    itemTerm: z.array(orderTerm).optional(),
    itemTotalPrice: z.array(orderPrice).optional(),
    payment: z.array(paymentRef).optional(),
    product: productRefOrValue.optional(),
    productOffering: productOfferingRef.optional(),
    productOfferingQualificationItem: qualificationItemRef.optional(),
    productOrderItemRelationship: z.array(orderItemRelationship).optional(),
    qualification: z.array(qualificationRef).optional(),
    quoteItem: quoteItemRef.optional(),
    resultingProduct: resultingProduct.optional(),
    state: productOrderItemState.optional(),
    ...extensible,
  })
  .extend({
    get productOrderItem() {
      return z.array(productOrderItem).optional();
    },
  });
named('ProductOrderItem', productOrderItem);

/** What an order is made of: at least one item, and no more than a plan can hold (`product-order-bounds.ts`). */
const items = z
  .array(productOrderItem)
  .min(1)
  .superRefine((list, context) => {
    for (const { path, message } of faultsOf(list)) context.addIssue({ code: 'custom', path: [...path], message });
  });

/** A reason becomes part of the order, whose largest event has to fit under the broker's message bound. */
const longestReason = 2_000;

/** What a client may say of an order. */
const clientAttributes = {
  cancellationDate: instant.optional(),
  cancellationReason: z.string().max(longestReason).optional(),
  category: z.string().optional(),
  description: z.string().optional(),
  externalId: z.string().optional(),
  notificationContact: z.string().optional(),
  priority: z.string().optional(),
  requestedCompletionDate: instant.optional(),
  requestedStartDate: instant.optional(),
  agreement: z.array(agreementRef).optional(),
  billingAccount: billingAccountRef.optional(),
  channel: z.array(relatedChannel).optional(),
  note: z.array(note).optional(),
  orderTotalPrice: z.array(orderPrice).optional(),
  payment: z.array(paymentRef).optional(),
  productOfferingQualification: z.array(qualificationRef).optional(),
  quote: z.array(quoteRef).optional(),
  relatedParty: z.array(relatedParty).optional(),
};

/** The body of POST /productOrder. */
export const productOrderCreate = named(
  'ProductOrder_Create',
  z.looseObject({ ...clientAttributes, productOrderItem: items, ...extensible }),
);

/** What a PATCH may change in an order. The document requires the items here; a patch that leaves them out changes none. */
export const productOrderUpdate = named(
  'ProductOrder_Update',
  z.looseObject({
    ...clientAttributes,
    completionDate: instant.optional(),
    expectedCompletionDate: instant.optional(),
    productOrderItem: items.optional(),
    state: productOrderState.optional(),
    ...extensible,
  }),
);

/** A product order as it is read. Every attribute is optional here because `fields` may leave any of them out. */
export const productOrder = named(
  'ProductOrder',
  z.looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    ...clientAttributes,
    completionDate: instant.optional(),
    expectedCompletionDate: instant.optional(),
    orderDate: instant.optional(),
    errorMessage: z.array(orderError).optional(),
    productOrderItem: items.optional(),
    state: productOrderState.optional(),
    ...extensible,
  }),
);

/** Attributes of an order that no PATCH may change: TMF622 v4.0, patchable attributes, and of our own what only happens. */
export const productOrderNotPatchable = ['id', 'href', 'orderDate', 'errorMessage'] as const;

/** Attributes of an order that the server alone sets; a POST that brings one is refused. */
export const productOrderNotCreatable = [
  'id',
  'state',
  'orderDate',
  'completionDate',
  'expectedCompletionDate',
  'errorMessage',
] as const;

const productOrderRef = named('ProductOrderRef', z.looseObject(reference));
const cancelRequest = {
  cancellationReason: z.string().optional(),
  requestedCancellationDate: instant.optional(),
  ...extensible,
};

/** The body of POST /cancelProductOrder. */
export const cancelProductOrderCreate = named(
  'CancelProductOrder_Create',
  z.looseObject({
    ...cancelRequest,
    cancellationReason: z.string().max(longestReason).optional(),
    productOrder: productOrderRef,
  }),
);

/** The task that cancels an order, as it is read. What it came to is said as TMF641 says it: the document has no words for that. */
export const cancelProductOrder = named(
  'CancelProductOrder',
  z.looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    ...cancelRequest,
    completionMessage: z.string().optional(),
    effectiveCancellationDate: instant.optional(),
    errorMessage: z.looseObject(errorAttributes).optional(),
    productOrder: productOrderRef.optional(),
    state: z.enum(productOrderCancellationStates).optional(),
  }),
);

/** Attributes of a cancellation that the server alone sets; a POST that brings one is refused. */
export const cancelProductOrderNotCreatable = [
  'id',
  'state',
  'completionMessage',
  'effectiveCancellationDate',
  'errorMessage',
] as const;

/** The notifications of this API, by the names the document gives them. */
export const productOrderingEventTypes = [
  'ProductOrderCreateEvent',
  'ProductOrderAttributeValueChangeEvent',
  'ProductOrderStateChangeEvent',
  'ProductOrderDeleteEvent',
  'ProductOrderInformationRequiredEvent',
  'CancelProductOrderCreateEvent',
  'CancelProductOrderStateChangeEvent',
  'CancelProductOrderInformationRequiredEvent',
] as const;

export type ProductOrder = z.infer<typeof productOrder>;
export type ProductOrderCreate = z.infer<typeof productOrderCreate>;
export type ProductOrderItem = z.infer<typeof productOrderItem>;
export type CancelProductOrder = z.infer<typeof cancelProductOrder>;
export type CancelProductOrderCreate = z.infer<typeof cancelProductOrderCreate>;
