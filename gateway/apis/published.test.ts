import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';

import { createApp } from '../tmf630/app.ts';
import { memoryViews } from '../tmf630/testing/memory-views.ts';
import type { Commands } from '../commands/commands.ts';
import { productOrderingApi } from './tmf622/api.ts';
import { productInventoryApi } from './tmf637/api.ts';

type Json = { [name: string]: Json };

/** Nothing is asked in these tests. */
const commands = {} as Commands;
const app = createApp({
  apis: [productOrderingApi(memoryViews(), commands, {}), productInventoryApi(memoryViews(), commands, {})],
});
const documentOf = async (api: string): Promise<Json> => {
  const response = await app.request(`http://api.test/openapi/${api}.json`);
  return (await response.json()) as Json;
};

describe.each([
  [
    'tmf622',
    '/tmf-api/productOrderingManagement/v4',
    [
      'get /productOrder',
      'post /productOrder',
      'get /productOrder/{id}',
      'patch /productOrder/{id}',
      'delete /productOrder/{id}',
      'get /cancelProductOrder',
      'post /cancelProductOrder',
      'get /cancelProductOrder/{id}',
    ],
    ['ProductOrder', 'ProductOrder_Create', 'ProductOrder_Update', 'ProductOrderItem', 'ProductOrderPlan'],
  ],
  [
    'tmf637',
    '/tmf-api/productInventory/v4',
    ['get /product', 'post /product', 'get /product/{id}', 'patch /product/{id}', 'delete /product/{id}'],
    ['Product', 'Product_Create', 'Product_Update', 'ProductRefOrValue', 'ProductStatusType'],
  ],
])('the published document of %s', (api, basePath, operations, names) => {
  test('has every operation, and the names of the TMF document', async () => {
    const document = await documentOf(api);
    expect(document['servers']).toEqual([{ url: `http://api.test${basePath}` }]);
    const found = Object.entries(document['paths'] ?? {}).flatMap(([path, item]) =>
      Object.keys(item).flatMap((method) => (method === 'parameters' ? [] : [`${method} ${path}`])),
    );
    expect(found).toEqual(operations);
    expect(Object.keys(document['components']?.['schemas'] ?? {})).toEqual(expect.arrayContaining(names));
  });

  test('has schemas that compile, and an example for each create that is what it says', async () => {
    const document = await documentOf(api);
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'doc', ...document });
    const schemas = Object.keys(document['components']?.['schemas'] ?? {});
    expect(schemas.filter((name) => typeof ajv.getSchema(`doc#/components/schemas/${name}`) !== 'function')).toEqual(
      [],
    );
    for (const operation of operations.filter((one) => one.startsWith('post'))) {
      const path = operation.replace('post ', '');
      const content = document['paths']?.[path]?.['post']?.['requestBody']?.['content']?.['application/json'];
      const reference: unknown = content?.['schema']?.['$ref'];
      const validate = ajv.getSchema(`doc${reference as string}`);
      expect([validate?.(content?.['example']), validate?.({})]).toEqual([true, false]);
    }
  });
});

test('the dry run of a product order, and what becomes of a late change, are published', async () => {
  const document = await documentOf('tmf622');
  const parameters = (path: string, method: string) =>
    Object.values(document['paths']?.[path]?.[method]?.['parameters'] ?? {}).map((one) => one['name'] as unknown);
  expect(parameters('/productOrder', 'post')).toContain('dryRun');
  expect(parameters('/productOrder/{id}', 'patch')).toContain('whenStarted');
  const product = await documentOf('tmf637');
  expect(JSON.stringify(product)).not.toMatch(/dryRun|whenStarted/);
});
