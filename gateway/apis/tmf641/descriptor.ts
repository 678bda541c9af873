import type { JsonObject } from '../../../contracts/tmf/common.ts';
import {
  type CancelServiceOrder,
  type ServiceOrderItem,
  cancelServiceOrder,
  cancelServiceOrderCreate,
  cancelServiceOrderNotCreatable,
  serviceOrder,
  serviceOrderCreate,
  serviceOrderNotCreatable,
  serviceOrderNotPatchable,
  serviceOrderUpdate,
  serviceOrderingBasePath,
} from '../../../contracts/tmf/tmf641.ts';
import type { ResourceDescriptor } from '../../tmf630/descriptor.ts';
import { serviceHref, serviceOrderHref } from '../hrefs.ts';
import { serviceOrderPlanSchema } from './dry-run.ts';

export const serviceOrderResource: ResourceDescriptor = {
  name: 'serviceOrder',
  summary: 'An order to add, modify or delete services.',
  basePath: serviceOrderingBasePath,
  schema: serviceOrder,
  create: serviceOrderCreate,
  dryRun: serviceOrderPlanSchema,
  example: {
    externalId: 'my-first-order',
    description: 'An access line',
    serviceOrderItem: [
      {
        id: '1',
        action: 'add',
        service: {
          serviceSpecification: { id: 'broadband-access' },
          serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
        },
      },
    ],
  },
  update: serviceOrderUpdate,
  operations: ['list', 'retrieve', 'create', 'patch', 'delete'],
  notPatchable: serviceOrderNotPatchable,
  notCreatable: serviceOrderNotCreatable,
  columns: {
    id: 'id',
    state: 'state',
    externalId: 'external_id',
    category: 'category',
    'relatedParty.id': 'party_ids',
    orderDate: 'created_at',
    startDate: 'start_at',
    completionDate: 'completed_at',
  },
  defaultSort: '-orderDate',
  present: (document, baseUrl) => ({
    ...document,
    serviceOrderItem: presentItems(document['serviceOrderItem'], baseUrl),
  }),
};

export const cancelServiceOrderResource: ResourceDescriptor = {
  name: 'cancelServiceOrder',
  summary: 'The task that cancels a service order: what runs is finished, what was done is taken back, last first.',
  basePath: serviceOrderingBasePath,
  schema: cancelServiceOrder,
  create: cancelServiceOrderCreate,
  example: { cancellationReason: 'Ordered twice', serviceOrder: { id: 'the id of a service order' } },
  operations: ['list', 'retrieve', 'create'],
  notCreatable: cancelServiceOrderNotCreatable,
  columns: {
    id: 'id',
    state: 'state',
    // The column of what others call a thing: here, by what everybody looks for it.
    'serviceOrder.id': 'external_id',
    requestedCancellationDate: 'start_at',
    effectiveCancellationDate: 'completed_at',
  },
  // Ids rise with time, and no date is on every task.
  defaultSort: '-id',
  present(document, baseUrl) {
    const { serviceOrder: order } = document as CancelServiceOrder;
    return order === undefined
      ? document
      : { ...document, serviceOrder: { ...order, href: serviceOrderHref(baseUrl, order.id) } };
  },
};

function presentItems(items: unknown, baseUrl: string): JsonObject[] {
  return ((items ?? []) as ServiceOrderItem[]).map((item) => ({
    ...item,
    service:
      item.service.id === undefined ? item.service : { ...item.service, href: serviceHref(baseUrl, item.service.id) },
    ...(item.serviceOrderItem === undefined ? {} : { serviceOrderItem: presentItems(item.serviceOrderItem, baseUrl) }),
  }));
}
