import { describe, expect, test } from 'vitest';

import { createConformance } from './conformance.ts';
import type { Spec } from './specs.ts';

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const spec: Spec = {
  basePath: '/base/v4/',
  paths: {
    '/order': {
      get: { responses: { 200: { schema: { type: 'array', items: ref('Order') } }, 400: { schema: ref('Error') } } },
      post: { responses: { 201: { schema: ref('Order') }, 400: { schema: ref('Error') } } },
    },
    '/order/{id}': { get: { responses: { 200: { schema: ref('Order') } } }, delete: { responses: { 204: {} } } },
    '/hub': { post: { responses: { 201: { schema: ref('Order') } } } },
  },
  definitions: {
    Order: {
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string' }, state: ref('State'), items: { type: 'array', items: ref('Order') } },
    },
    State: { type: 'string', enum: ['open', 'done'] },
    Error: {
      type: 'object',
      required: ['code', 'reason'],
      properties: { code: { type: 'string' }, reason: { type: 'string' } },
    },
  },
};

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json;charset=utf-8', ...headers },
  });
const counts = { 'x-total-count': '1', 'x-result-count': '1' };
const error = { code: 'c', reason: 'r' };

describe('conformance', () => {
  test.each([
    ['GET', '/base/v4/order', answer(200, [{ id: '1', state: 'open', more: 1 }], counts)],
    ['GET', '/base/v4/order?limit=1', answer(206, [{ id: '1' }], counts)],
    ['GET', '/base/v4/order?fields=state', answer(200, [{ state: 'open' }], counts)],
    ['POST', 'http://x/base/v4/order', answer(201, { id: '1', href: 'h' }, { location: 'h' })],
    ['POST', '/base/v4/order', answer(415, error)],
    ['PUT', '/base/v4/order', answer(405, error)],
    ['GET', '/elsewhere', answer(404, error)],
    ['DELETE', '/base/v4/order/1', answer(204, undefined)],
    ['GET', '/base/v4/order/1', answer(304, undefined)],
  ])('%s %s conforms', async (method, url, response) => {
    await createConformance('TMF000', spec).expectConforms(method, url, response);
    expect(response.bodyUsed).toBe(false);
  });

  test.each([
    ['GET', '/base/v4/order', answer(200, [{ state: 'open' }], counts), "required property 'id'"],
    ['GET', '/base/v4/order', answer(200, [{ id: '1', state: 'odd' }], counts), 'allowed values'],
    ['GET', '/base/v4/order', answer(200, [{ id: '1' }], { 'x-result-count': '1' }), 'X-Total-Count is null'],
    ['GET', '/base/v4/order', answer(200, [{ id: '1' }], { ...counts, 'x-result-count': '2' }), 'X-Result-Count is 2'],
    ['GET', '/base/v4/order', answer(202, {}), 'does not know this answer'],
    ['GET', '/base/v4/order', answer(400, { code: 'c' }), "required property 'reason'"],
    [
      'GET',
      '/base/v4/order/1',
      answer(200, { id: '1' }, { 'content-type': 'text/plain' }),
      'Content-Type is text/plain',
    ],
    ['POST', '/base/v4/order', answer(201, { id: '1', href: 'h' }), 'Location is not the href'],
    ['POST', '/base/v4/order', answer(204, undefined), 'declares no 204'],
    ['GET', '/base/v4/order/1', new Response('<p>', { status: 500 }), 'the body is no JSON'],
  ])('%s %s: what does not conform is told', async (method, url, response, why) => {
    await expect(createConformance('TMF000', spec).expectConforms(method, url, response)).rejects.toThrow(why);
  });

  test('coverage knows what is missing, event subscription aside', async () => {
    const { coverage, expectConforms } = createConformance('TMF000', spec);
    expect(coverage.missingOperations()).toEqual([
      'GET /order',
      'POST /order',
      'GET /order/{id}',
      'DELETE /order/{id}',
    ]);
    expect(coverage.missingEnumValues()).toEqual(['State open', 'State done']);
    await expectConforms(
      'GET',
      '/base/v4/order',
      answer(200, [{ id: '1', items: [{ id: '2', state: 'done' }] }], counts),
    );
    await expectConforms('POST', '/base/v4/order', answer(400, error));
    expect(coverage.missingOperations()).toEqual(['POST /order', 'GET /order/{id}', 'DELETE /order/{id}']);
    expect(coverage.missingEnumValues()).toEqual(['State open']);
    expect(coverage.missingStatuses([200])).toEqual(['GET /order 400', 'POST /order 201', 'DELETE /order/{id} 204']);
  });
});
