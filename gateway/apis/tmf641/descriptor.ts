import type { JsonObject } from '../../../contracts/tmf/common.ts';
import {
  type ServiceOrderItem,
  serviceOrder,
  serviceOrderCreate,
  serviceOrderNotCreatable,
  serviceOrderNotPatchable,
  serviceOrderUpdate,
  serviceOrderingBasePath,
} from '../../../contracts/tmf/tmf641.ts';
import type { ResourceDescriptor } from '../../tmf630/descriptor.ts';
import { serviceHref } from '../hrefs.ts';

export const serviceOrderResource: ResourceDescriptor = {
  name: 'serviceOrder',
  summary: 'An order to add, modify or delete services.',
  basePath: serviceOrderingBasePath,
  schema: serviceOrder,
  create: serviceOrderCreate,
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

function presentItems(items: unknown, baseUrl: string): JsonObject[] {
  return ((items ?? []) as ServiceOrderItem[]).map((item) => ({
    ...item,
    service:
      item.service.id === undefined ? item.service : { ...item.service, href: serviceHref(baseUrl, item.service.id) },
    ...(item.serviceOrderItem === undefined ? {} : { serviceOrderItem: presentItems(item.serviceOrderItem, baseUrl) }),
  }));
}
