/** A product as an order (TMF622) and the inventory (TMF637) both write it: the two documents say the same here. */
import * as z from 'zod';

import { type ProductStatus, productStatuses } from '../states/product.ts';
import {
  characteristic,
  extensible,
  instant,
  named,
  relatedParty,
  relatedPlace,
  reference,
  timePeriod,
} from './common.ts';

/** The documents write `aborted` with a blank behind it. Either is taken; the blank is never given. */
const asTheDocumentsWriteIt = 'aborted ';

export const productStatus = named(
  'ProductStatusType',
  z
    .enum([...productStatuses, asTheDocumentsWriteIt])
    .overwrite((status) => (status === asTheDocumentsWriteIt ? 'aborted' : status)),
  'The status of a product. `aborted ` (with the blank of the official document) is taken for `aborted`, and never given.',
);

/** A status that passed {@link productStatus}, in our own words. */
export const productStatusOf = (given: z.infer<typeof productStatus>): ProductStatus =>
  given === asTheDocumentsWriteIt ? 'aborted' : given;

export const billingAccountRef = named('BillingAccountRef', z.looseObject(reference));
export const productOfferingRef = named(
  'ProductOfferingRef',
  z.looseObject({ ...reference, version: z.string().optional() }),
);
const productOfferingPriceRef = named('ProductOfferingPriceRef', z.looseObject(reference));
export const productSpecificationRef = named(
  'ProductSpecificationRef',
  z.looseObject({
    ...reference,
    version: z.string().optional(),
    targetProductSchema: z
      .looseObject({ '@baseType': z.string().optional(), '@schemaLocation': z.string(), '@type': z.string() })
      .optional(),
  }),
  'What kind of product it is; without a version, the newest active one.',
);

const realizingResource = named('ResourceRef', z.looseObject({ ...reference, value: z.string().optional() }));
const realizingService = named('ServiceRef', z.looseObject(reference));
const agreementItemRef = named(
  'AgreementItemRef',
  z.looseObject({ ...reference, agreementItemId: z.string().optional() }),
);

const money = named('Money', z.looseObject({ unit: z.string().optional(), value: z.number().optional() }));
export const price = named(
  'Price',
  z.looseObject({
    percentage: z.number().optional(),
    taxRate: z.number().optional(),
    dutyFreeAmount: money.optional(),
    taxIncludedAmount: money.optional(),
    ...extensible,
  }),
);

/** What every kind of price says of itself. */
const pricing = {
  description: z.string().optional(),
  name: z.string().optional(),
  recurringChargePeriod: z.string().optional(),
  unitOfMeasure: z.string().optional(),
  productOfferingPrice: productOfferingPriceRef.optional(),
  ...extensible,
};
const priceAlteration = named(
  'PriceAlteration',
  z.looseObject({
    ...pricing,
    applicationDuration: z.int().optional(),
    priority: z.int().optional(),
    priceType: z.string(),
    price,
  }),
);
const productPrice = named(
  'ProductPrice',
  z.looseObject({
    ...pricing,
    priceType: z.string(),
    price,
    billingAccount: billingAccountRef.optional(),
    productPriceAlteration: z.array(priceAlteration).optional(),
  }),
);
/** A price of an order or an item (TMF622): nothing of it is required. */
export const orderPrice = named(
  'OrderPrice',
  z.looseObject({
    ...pricing,
    priceType: z.string().optional(),
    price: price.optional(),
    billingAccount: billingAccountRef.optional(),
    priceAlteration: z.array(priceAlteration).optional(),
  }),
);

const term = {
  description: z.string().optional(),
  name: z.string().optional(),
  duration: named(
    'Quantity',
    z.looseObject({ amount: z.number().optional(), units: z.string().optional() }),
  ).optional(),
  ...extensible,
};
const productTerm = named('ProductTerm', z.looseObject({ ...term, validFor: timePeriod.optional() }));
export const orderTerm = named('OrderTerm', z.looseObject(term));

const relatedProductOrderItem = named(
  'RelatedProductOrderItem',
  z.looseObject({
    orderItemId: z.string().min(1),
    productOrderId: z.string().min(1),
    orderItemAction: z.string().optional(),
    productOrderHref: z.string().optional(),
    role: z.string().optional(),
    '@referredType': z.string().optional(),
    ...extensible,
  }),
);

const ownAttributes = {
  description: z.string().optional(),
  isBundle: z.boolean().optional(),
  isCustomerVisible: z.boolean().optional(),
  name: z.string().optional(),
  orderDate: instant.optional(),
  productSerialNumber: z.string().optional(),
  startDate: instant.optional(),
  terminationDate: instant.optional(),
  agreement: z.array(agreementItemRef).optional(),
  billingAccount: billingAccountRef.optional(),
  place: z.array(relatedPlace).optional(),
  productCharacteristic: z.array(characteristic).optional(),
  productOffering: productOfferingRef.optional(),
  productOrderItem: z.array(relatedProductOrderItem).optional(),
  productPrice: z.array(productPrice).optional(),
  productSpecification: productSpecificationRef.optional(),
  productTerm: z.array(productTerm).optional(),
  realizingResource: z.array(realizingResource).optional(),
  realizingService: z.array(realizingService).optional(),
  relatedParty: z.array(relatedParty).optional(),
  status: productStatus.optional(),
};

const productRelationship = z.looseObject({ relationshipType: z.string().min(1), ...extensible }).extend({
  get product() {
    return productRefOrValue;
  },
});
named(
  'ProductRelationship',
  productRelationship,
  '`bundled`: the other one is part of this one. `isPartOf`: this one is part of the other. `reliesOn`: it needs the other.',
);

/** Another product: a reference (`id`) to one that there is, or the value of one. */
export const productRefOrValue = z
  .looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    ...ownAttributes,
    '@referredType': z.string().optional(),
    ...extensible,
  })
  .extend({
    get product() {
      return z.array(productRefOrValue).optional();
    },
    get productRelationship() {
      return z.array(productRelationship).optional();
    },
  });
named('ProductRefOrValue', productRefOrValue);

/** The attributes of a product, whoever writes it. */
export const productAttributes = {
  ...ownAttributes,
  product: z.array(productRefOrValue).optional(),
  productRelationship: z.array(productRelationship).optional(),
  ...extensible,
};

export type ProductRefOrValue = z.infer<typeof productRefOrValue>;
