/** The two resources the machinery's own tests are about. */
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import {
  service,
  serviceCreate,
  serviceInventoryBasePath,
  serviceNotCreatable,
  serviceNotPatchable,
  serviceUpdate,
} from '../../../contracts/tmf/tmf638.ts';
import {
  serviceOrder,
  serviceOrderCreate,
  serviceOrderingBasePath,
  serviceOrderNotCreatable,
  serviceOrderNotPatchable,
  serviceOrderUpdate,
} from '../../../contracts/tmf/tmf641.ts';
import type { ResourceDescriptor } from '../descriptor.ts';

export const orders: ResourceDescriptor = {
  name: 'serviceOrder',
  summary: 'Orders for services',
  basePath: serviceOrderingBasePath,
  schema: serviceOrder,
  create: serviceOrderCreate,
  update: serviceOrderUpdate,
  operations: ['list', 'retrieve', 'create', 'patch', 'delete'],
  notPatchable: serviceOrderNotPatchable,
  notCreatable: serviceOrderNotCreatable,
  columns: {
    state: 'state',
    externalId: 'external_id',
    category: 'category',
    'relatedParty.id': 'party_ids',
    orderDate: 'created_at',
    startDate: 'start_at',
    completionDate: 'completed_at',
  },
  defaultSort: '-orderDate',
};

export const services: ResourceDescriptor = {
  name: 'service',
  summary: 'What is deployed',
  basePath: serviceInventoryBasePath,
  schema: service,
  create: serviceCreate,
  update: serviceUpdate,
  operations: ['list', 'retrieve', 'create', 'patch', 'delete'],
  notPatchable: serviceNotPatchable,
  notCreatable: serviceNotCreatable,
  columns: { state: 'state', category: 'category', 'relatedParty.id': 'party_ids', startDate: 'start_at' },
  defaultSort: 'id',
};

/** The smallest order the schema takes. */
export function anOrder(more: JsonObject = {}): JsonObject {
  return { serviceOrderItem: [{ id: '1', action: 'add', service: { name: 'line' } }], ...more };
}
