import type { JsonObject } from '../../../contracts/tmf/common.ts';
import {
  type Product,
  product,
  productCreate,
  productInventoryBasePath,
  productNotCreatable,
  productNotPatchable,
  productUpdate,
} from '../../../contracts/tmf/tmf637.ts';
import type { ResourceDescriptor } from '../../tmf630/descriptor.ts';
import { productOrderHref, serviceHref } from '../hrefs.ts';
import { presentRelationships } from '../product-attributes.ts';

export const productResource: ResourceDescriptor = {
  name: 'product',
  summary: 'A product as a customer has it.',
  basePath: productInventoryBasePath,
  schema: product,
  create: productCreate,
  example: {
    name: 'A router that was sold over the counter',
    status: 'active',
    productSerialNumber: 'R-4711',
    productCharacteristic: [{ name: 'colour', value: 'white' }],
    relatedParty: [{ id: 'customer-1', role: 'customer', '@referredType': 'Individual' }],
  },
  update: productUpdate,
  operations: ['list', 'retrieve', 'create', 'patch', 'delete'],
  notPatchable: productNotPatchable,
  notCreatable: productNotCreatable,
  columns: {
    id: 'id',
    status: 'state',
    // The columns of what others call a thing, and of its kind.
    productSerialNumber: 'external_id',
    'productOffering.id': 'category',
    'relatedParty.id': 'party_ids',
    orderDate: 'created_at',
    startDate: 'start_at',
    terminationDate: 'completed_at',
  },
  defaultSort: '-startDate',
  present,
};

/** What a client says of services and orders elsewhere keeps the address it came with. */
function present(document: JsonObject, baseUrl: string): JsonObject {
  const { productRelationship, realizingService, productOrderItem } = document as Product;
  return {
    ...document,
    ...presentRelationships(productRelationship, baseUrl),
    ...(realizingService === undefined
      ? {}
      : { realizingService: realizingService.map((one) => ({ href: serviceHref(baseUrl, one.id), ...one })) }),
    ...(productOrderItem === undefined
      ? {}
      : {
          productOrderItem: productOrderItem.map((one) => ({
            productOrderHref: productOrderHref(baseUrl, one.productOrderId),
            ...one,
          })),
        }),
  };
}
