import { beforeAll, expect, test } from 'vitest';

import { createApp } from '../tmf630/app.ts';
import { refuse, unavailable } from '../tmf630/errors.ts';
import { requireMatch } from '../tmf630/etag.ts';
import { resourceRoutes, type ResourceHandlers } from '../tmf630/resource.ts';
import { memoryViews } from '../tmf630/testing/memory-views.ts';
import { anOrder, orders } from '../tmf630/testing/resources.ts';
import { createConformance, type Conformance } from './conformance.ts';
import { specsFolder } from '../../ops/verify/testbed/specs-folder.ts';
import { describeWithSpecs } from './specs.ts';

const PATH = `${orders.basePath}/serviceOrder`;

describeWithSpecs(specsFolder(), 'every kind of answer the machinery gives', (readSpec) => {
  let conformance: Conformance;
  beforeAll(() => {
    conformance = createConformance('TMF641', readSpec('TMF641'));
  });

  const stored = {
    ...anOrder(),
    id: '1',
    state: 'held',
    relatedParty: [{ id: 'p', '@referredType': 'Individual', '@type': 'RelatedParty' }],
  };
  const views = memoryViews(
    { id: '1', revision: 2, doc: stored },
    { id: '2', revision: 1, doc: { ...anOrder(), id: '2' } },
  );
  const handlers: ResourceHandlers = {
    create: (_ctx, body) => {
      if (body['description'] === 'surprise') return Promise.reject(new Error('surprise'));
      if (body['description'] === 'away') return Promise.reject(unavailable('Away.'));
      if (body['description'] === 'again') return Promise.reject(refuse('idempotencyKeyReused', 'Used.'));
      return Promise.resolve({ view: { id: '3', revision: 0, doc: { ...body, id: '3', state: 'acknowledged' } } });
    },
    patch: (_ctx, id, patch, ifMatch) => {
      requireMatch(ifMatch, 'serviceOrder', { id, revision: 2 });
      return Promise.resolve({ id, revision: 3, doc: patch.apply(stored).doc });
    },
    remove: () => Promise.resolve(),
  };
  const app = createApp({
    apis: [
      {
        name: 'tmf641',
        title: 'Service Ordering',
        version: '4.1.0',
        description: '',
        basePath: orders.basePath,
        resources: [orders],
        routers: [resourceRoutes(orders, views, handlers)],
      },
    ],
  });

  const type = { 'content-type': 'application/json' };
  const body = (json: unknown) => JSON.stringify(json);
  test.each<[number, string, string, RequestInit]>([
    [200, 'GET', PATH, {}],
    [206, 'GET', `${PATH}?limit=1`, {}],
    [200, 'GET', `${PATH}?fields=relatedParty.name`, {}],
    [400, 'GET', `${PATH}?colour=red`, {}],
    [406, 'GET', PATH, { headers: { accept: 'text/html' } }],
    [405, 'PUT', PATH, {}],
    [200, 'GET', `${PATH}/1`, {}],
    [200, 'GET', `${PATH}/1?fields=none`, {}],
    [304, 'GET', `${PATH}/1`, { headers: { 'if-none-match': '"2"' } }],
    [404, 'GET', `${PATH}/9`, {}],
    [404, 'GET', `${orders.basePath}/nothing`, {}],
    [
      201,
      'POST',
      PATH,
      { headers: type, body: body(anOrder({ relatedParty: [{ id: 'p', '@referredType': 'Individual' }] })) },
    ],
    [400, 'POST', PATH, { headers: type, body: '{' }],
    [400, 'POST', PATH, { headers: type, body: '{}' }],
    [409, 'POST', PATH, { headers: type, body: body(anOrder({ description: 'again' })) }],
    [413, 'POST', PATH, { headers: type, body: body(anOrder({ description: 'x'.repeat(70_000) })) }],
    [415, 'POST', PATH, { headers: { 'content-type': 'text/plain' }, body: 'x' }],
    [500, 'POST', PATH, { headers: type, body: body(anOrder({ description: 'surprise' })) }],
    [503, 'POST', PATH, { headers: type, body: body(anOrder({ description: 'away' })) }],
    [200, 'PATCH', `${PATH}/1`, { headers: type, body: body({ description: 'new' }) }],
    [400, 'PATCH', `${PATH}/1`, { headers: type, body: body({ orderDate: 'never' }) }],
    [412, 'PATCH', `${PATH}/1`, { headers: { ...type, 'if-match': '"1"' }, body: body({}) }],
    [204, 'DELETE', `${PATH}/1`, {}],
  ])('%d %s %s', async (status, method, url, init) => {
    const response = await app.request(`http://api.test${url}`, { method, ...init });
    expect(response.status).toBe(status);
    await conformance.expectConforms(method, url, response);
  });
});
