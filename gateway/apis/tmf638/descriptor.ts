import type { JsonObject } from '../../../contracts/tmf/common.ts';
import {
  type Service,
  service,
  serviceCreate,
  serviceInventoryBasePath,
  serviceNotCreatable,
  serviceNotPatchable,
  serviceUpdate,
} from '../../../contracts/tmf/tmf638.ts';
import type { ResourceDescriptor } from '../../tmf630/descriptor.ts';
import { serviceHref, serviceOrderHref } from '../hrefs.ts';

export const serviceResource: ResourceDescriptor = {
  name: 'service',
  summary: 'A service as it is deployed.',
  basePath: serviceInventoryBasePath,
  schema: service,
  create: serviceCreate,
  example: {
    name: 'A line somebody else runs',
    state: 'active',
    serviceSpecification: { id: 'broadband-access' },
    serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
  },
  update: serviceUpdate,
  operations: ['list', 'retrieve', 'create', 'patch', 'delete'],
  notPatchable: serviceNotPatchable,
  notCreatable: serviceNotCreatable,
  columns: {
    id: 'id',
    state: 'state',
    category: 'category',
    'relatedParty.id': 'party_ids',
    startDate: 'start_at',
    endDate: 'completed_at',
  },
  defaultSort: '-startDate',
  present,
};

function present(document: JsonObject, baseUrl: string): JsonObject {
  const { supportingService, serviceOrderItem } = document as Service;
  return {
    ...document,
    ...(supportingService === undefined
      ? {}
      : { supportingService: supportingService.map((one) => ({ ...one, href: serviceHref(baseUrl, one.id) })) }),
    ...(serviceOrderItem === undefined
      ? {}
      : {
          serviceOrderItem: serviceOrderItem.map((one) => ({
            ...one,
            serviceOrderHref: serviceOrderHref(baseUrl, one.serviceOrderId),
          })),
        }),
  };
}
