import type { JsonObject } from '../../../contracts/tmf/common.ts';
import {
  type CancelProductOrder,
  type ProductOrderItem,
  cancelProductOrder,
  cancelProductOrderCreate,
  cancelProductOrderNotCreatable,
  productOrder,
  productOrderCreate,
  productOrderNotCreatable,
  productOrderNotPatchable,
  productOrderUpdate,
  productOrderingBasePath,
} from '../../../contracts/tmf/tmf622.ts';
import type { ResourceDescriptor } from '../../tmf630/descriptor.ts';
import { productOrderHref } from '../hrefs.ts';
import { presentRelationships, withHrefs } from '../product-attributes.ts';
import { whenStartedParameter } from './amendment.ts';
import { productOrderPlanSchema } from './dry-run.ts';

export const productOrderResource: ResourceDescriptor = {
  name: 'productOrder',
  summary: 'An order to add, modify or delete products.',
  basePath: productOrderingBasePath,
  schema: productOrder,
  create: productOrderCreate,
  dryRun: productOrderPlanSchema,
  patchParameters: { whenStarted: whenStartedParameter },
  example: {
    externalId: 'my-first-product-order',
    description: 'A fiber line',
    productOrderItem: [
      {
        id: '1',
        action: 'add',
        quantity: 1,
        product: {
          productSpecification: { id: 'fiber-1g' },
          place: [{ id: 'SITE-1', role: 'installation' }],
        },
      },
    ],
  },
  update: productOrderUpdate,
  operations: ['list', 'retrieve', 'create', 'patch', 'delete'],
  notPatchable: productOrderNotPatchable,
  notCreatable: productOrderNotCreatable,
  columns: {
    id: 'id',
    state: 'state',
    externalId: 'external_id',
    category: 'category',
    'relatedParty.id': 'party_ids',
    orderDate: 'created_at',
    requestedStartDate: 'start_at',
    completionDate: 'completed_at',
  },
  defaultSort: '-orderDate',
  present: (document, baseUrl) => ({
    ...document,
    productOrderItem: presentItems(document['productOrderItem'], baseUrl),
  }),
};

export const cancelProductOrderResource: ResourceDescriptor = {
  name: 'cancelProductOrder',
  summary:
    'The task that cancels a product order: what runs is asked to stop, what was done is taken back, last first.',
  basePath: productOrderingBasePath,
  schema: cancelProductOrder,
  create: cancelProductOrderCreate,
  example: { cancellationReason: 'Ordered twice', productOrder: { id: 'the id of a product order' } },
  operations: ['list', 'retrieve', 'create'],
  notCreatable: cancelProductOrderNotCreatable,
  columns: {
    id: 'id',
    state: 'state',
    // The column of what others call a thing: here, by what everybody looks for it.
    'productOrder.id': 'external_id',
    requestedCancellationDate: 'start_at',
    effectiveCancellationDate: 'completed_at',
  },
  // Ids rise with time, and no date is on every task.
  defaultSort: '-id',
  present(document, baseUrl) {
    const { productOrder: order } = document as CancelProductOrder;
    return order === undefined
      ? document
      : { ...document, productOrder: { ...order, href: productOrderHref(baseUrl, order.id) } };
  },
};

function presentItems(items: unknown, baseUrl: string): JsonObject[] {
  return ((items ?? []) as ProductOrderItem[]).map((item) => {
    const { product, resultingProduct, productOrderItem: nested } = item;
    return {
      ...item,
      ...(product === undefined
        ? {}
        : {
            product: {
              ...withHrefs([product], baseUrl)[0],
              ...presentRelationships(product.productRelationship, baseUrl),
            },
          }),
      ...(resultingProduct === undefined ? {} : { resultingProduct: withHrefs(resultingProduct, baseUrl) }),
      ...(nested === undefined ? {} : { productOrderItem: presentItems(nested, baseUrl) }),
    };
  });
}
