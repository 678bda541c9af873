import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import type { Api } from './api.ts';
import { docsRoutes } from './docs.ts';
import { openApiDocument } from './openapi.ts';
import { anOrder, orders, services } from './testing/resources.ts';

type Json = { [name: string]: Json };

const api = {
  name: 'tmf641',
  title: 'Service Ordering',
  version: '4.1.0',
  description: 'Orders.',
  basePath: orders.basePath,
  resources: [orders],
};
const document = asJson(openApiDocument(api, 'http://api.test'));

function asJson(value: unknown): Json {
  return value as Json;
}

describe('the OpenAPI document', () => {
  test('has every operation with its refusals', () => {
    expect(document['servers']).toEqual([{ url: 'http://api.test/tmf-api/serviceOrdering/v4' }]);
    const operations = Object.entries(document['paths'] ?? {}).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => method !== 'parameters')
        .map(([method, operation]) => [`${method} ${path}`, Object.keys(operation['responses'] ?? {}).join(' ')]),
    );
    expect(Object.fromEntries(operations)).toEqual({
      'get /serviceOrder': '200 206 400 405 406 500 503',
      'post /serviceOrder': '201 400 405 406 409 413 415 500 503',
      'get /serviceOrder/{id}': '200 304 400 404 405 406 500 503',
      'patch /serviceOrder/{id}': '200 400 404 405 406 409 412 413 415 500 503',
      'delete /serviceOrder/{id}': '204 400 404 405 409 412 500 503',
    });
  });

  test('refers to nothing that is not there, and names what the TMF document names', () => {
    const text = JSON.stringify(document);
    const names = Object.keys(document['components']?.['schemas'] ?? {});
    for (const [, kind = '', name = ''] of text.matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
      expect(Object.keys(document['components']?.[kind] ?? {})).toContain(name);
    }
    expect(names).toEqual(
      expect.arrayContaining([
        'ServiceOrder',
        'ServiceOrder_Create',
        'ServiceOrder_Update',
        'ServiceOrderItem',
        'ServiceRefOrValue',
        'Error',
      ]),
    );
    expect(text).not.toContain('$defs');
  });

  test.each([
    ['serviceOrder', orders],
    ['service', services],
  ])('%s: its schemas compile and judge', (_name, resource) => {
    const made = asJson(openApiDocument({ ...api, resources: [resource] }, 'http://api.test'));
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'doc', ...made });
    const names = Object.keys(made['components']?.['schemas'] ?? {});
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => typeof ajv.getSchema(`doc#/components/schemas/${name}`) !== 'function')).toEqual([]);
  });

  test('tells of a dry run where there is one, with the schema of its answer', () => {
    const made = asJson(
      openApiDocument(
        { ...api, resources: [{ ...orders, dryRun: z.object({ verdict: z.string() }) }] },
        'http://api.test',
      ),
    );
    const postOf = (from: Json) => from['paths']?.['/serviceOrder']?.['post'];
    const parametersOf = (from: Json) =>
      Object.values(postOf(from)?.['parameters'] ?? {}).map((one) => one['name'] as unknown);
    expect([parametersOf(made), parametersOf(document)]).toEqual([['dryRun', 'Idempotency-Key'], ['Idempotency-Key']]);
    expect(JSON.stringify(postOf(made)?.['responses']?.['200'])).toContain('"verdict"');
    expect(postOf(document)?.['responses']?.['200']).toBeUndefined();
  });

  test('a create body is judged as the server judges it', () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'doc', ...document });
    const validate = ajv.getSchema('doc#/components/schemas/ServiceOrder_Create');
    expect(validate?.(anOrder())).toBe(true);
    expect(validate?.({})).toBe(false);
    expect(validate?.(anOrder({ requestedStartDate: 'soon' }))).toBe(false);
  });
});

describe('the page', () => {
  const apis: Pick<Api, 'name' | 'title' | 'version'>[] = [api];
  test('comes whole from here', async () => {
    const page = await docsRoutes(apis).request('/');
    const html = await page.text();
    expect(html).toContain('<option value="tmf641">Service Ordering 4.1.0</option>');
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    for (const [path, type] of [
      ['/page.js', 'text/javascript'],
      ['/page.css', 'text/css'],
    ] as const) {
      const response = await docsRoutes(apis).request(path);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, `${type};charset=utf-8`]);
    }
  });
});
