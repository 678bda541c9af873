/** TMF637 to the fleet's words and back. Pure. */
import type { Product, ProductWrite } from '../../../contracts/messages/product-inventory.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { productStatusOf } from '../../../contracts/tmf/product-attributes.ts';
import type { ProductCreate, Product as TmfProduct } from '../../../contracts/tmf/tmf637.ts';
import { defined, listed } from '../left-out.ts';
import { fromRelationships, toReference, toRelationships } from '../product-attributes.ts';
import { fromCharacteristics, toCharacteristics, toParties, toPlaces } from '../service-attributes.ts';

/** A service that realizes the product, as the inventory knows it; a client's own have no such type. */
const realizing = 'RealizingService';

/** What a created or patched document asks the inventory to hold. */
export function toWrite(doc: ProductCreate): ProductWrite {
  const { name, description, isCustomerVisible, productSerialNumber, orderDate, startDate, terminationDate } = doc;
  const { productOffering: offering, productSpecification: specification } = doc;
  return {
    status: productStatusOf(doc.status),
    isBundle: doc.isBundle ?? false,
    ...defined({ name, description, isCustomerVisible, serialNumber: productSerialNumber }),
    ...defined({ orderDate, startDate, terminationDate }),
    ...(offering === undefined ? {} : { offering: toReference(offering) }),
    ...(specification === undefined ? {} : { specification: toReference(specification) }),
    characteristics: toCharacteristics(doc.productCharacteristic, 'the product'),
    relationships: toRelationships(doc.productRelationship),
    parties: toParties(doc.relatedParty),
    places: toPlaces(doc.place),
  };
}

/** A product as it is shown: what a client wrote, with what the inventory holds laid over it. */
export function toView(product: Product, submitted: JsonObject | undefined): JsonObject {
  const base: TmfProduct = submitted ?? {};
  // Of these the inventory says what there is: a patched document holds them as they were then.
  const {
    productRelationship: related,
    relatedParty: _who,
    place: _where,
    realizingService: named = [],
    terminationDate: _ended,
    ...rest
  } = base;
  const { name, description, isBundle, isCustomerVisible, serialNumber, offering, specification } = product;
  const { orderDate, startDate, terminationDate } = product;
  const ours = product.components.map((component) => ({
    id: component.serviceId,
    name: component.name,
    serviceType: component.serviceType,
    ...(component.service === undefined
      ? {}
      : { state: component.service.state, operatingStatus: component.service.operatingStatus }),
    '@type': realizing,
    '@referredType': 'Service',
  }));
  return {
    '@type': 'Product',
    ...rest,
    ...defined({ name, description, isCustomerVisible, productSerialNumber: serialNumber }),
    ...defined({ orderDate, startDate, terminationDate }),
    id: product.id,
    status: product.status,
    isBundle,
    ...(offering === undefined ? {} : { productOffering: { ...base.productOffering, ...offering } }),
    ...(specification === undefined
      ? {}
      : { productSpecification: { ...base.productSpecification, ...specification } }),
    productCharacteristic: fromCharacteristics(product.characteristics, base.productCharacteristic),
    ...listed('productRelationship', fromRelationships(product.relationships, related, product)),
    ...listed('realizingService', [...named.filter(({ id }) => !ours.some((one) => one.id === id)), ...ours]),
    ...listed('missingComponent', product.missing),
    ...listed('relatedParty', product.parties),
    ...listed('place', product.places),
    ...listed('productOrderItem', orderItems(product, base)),
  };
}

/** What of a document a client owns: kept as submitted, so that a later PATCH finds it again. */
export function toSubmitted(doc: JsonObject): JsonObject {
  const { id: _id, href: _href, missingComponent: _ours, realizingService: services, ...own } = doc as TmfProduct;
  return {
    ...own,
    ...listed(
      'realizingService',
      (services ?? []).filter((one) => one['@type'] !== realizing),
    ),
  };
}

/** The orders that made the product what it is, after those a client named. */
function orderItems({ orderItems: known }: Product, base: TmfProduct): JsonObject[] {
  const ours = known.map(({ orderId, itemId, action }) => ({
    productOrderId: orderId,
    orderItemId: itemId,
    orderItemAction: action,
    '@referredType': 'ProductOrder',
  }));
  const named = (base.productOrderItem ?? []).filter(
    (one) => !known.some(({ orderId, itemId }) => one.productOrderId === orderId && one.orderItemId === itemId),
  );
  return [...named, ...ours];
}
