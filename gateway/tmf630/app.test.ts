import { createHash } from 'node:crypto';

import { describe, expect, test, vi } from 'vitest';

import { errorBody } from '../../contracts/tmf/common.ts';
import { createApp, type AppParts } from './app.ts';
import { refuse } from './errors.ts';
import { requireMatch } from './etag.ts';
import { resourceRoutes, type ResourceHandlers } from './resource.ts';
import { memoryViews } from './testing/memory-views.ts';
import { anOrder, orders, services } from './testing/resources.ts';

const ORDERS = '/tmf-api/serviceOrdering/v4/serviceOrder';
const JSON_TYPE = { 'content-type': 'application/json' };

function anApp(options: Partial<AppParts> = {}, handlers: ResourceHandlers = {}) {
  const views = memoryViews();
  const defaults: ResourceHandlers = {
    create: (_ctx, body) => {
      const view = { id: 'new', revision: 0, doc: { ...body, id: 'new', state: 'acknowledged' } };
      views.put(view);
      return Promise.resolve({ view });
    },
    patch: async (_ctx, id, patch, ifMatch) => {
      const view = await views.get(orders, id);
      if (view === undefined) throw refuse('notFound', 'no');
      requireMatch(ifMatch, 'serviceOrder', view);
      const changed = { ...view, revision: view.revision + 1, doc: patch.apply(view.doc).doc };
      views.put(changed);
      return changed;
    },
    remove: (_ctx, id) => Promise.resolve(views.drop(id)),
  };
  const app = createApp({
    apis: [
      {
        name: 'tmf641',
        title: 'Service Ordering',
        version: '4.1.0',
        description: 'Orders.',
        basePath: orders.basePath,
        resources: [orders],
        routers: [resourceRoutes(orders, views, { ...defaults, ...handlers }, options)],
      },
      {
        name: 'tmf638',
        title: 'Service Inventory',
        version: '4.0.0',
        description: 'Services.',
        basePath: services.basePath,
        resources: [services],
        routers: [resourceRoutes(services, memoryViews(), {}, options)],
      },
    ],
    ...options,
  });
  return { app, views };
}

const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { ...JSON_TYPE, ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

async function errorOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/json;charset=utf-8');
  expect(response.headers.get('x-request-id')).toMatch(/./);
  const body = errorBody.parse(await response.json());
  expect(body).toMatchObject({ '@type': 'Error', status: String(response.status) });
  return { ...body, status: response.status };
}

describe('create', () => {
  test('answers 201 with the resource, its address and its revision', async () => {
    const { app } = anApp();
    const response = await app.request(`http://api.test${ORDERS}`, post(anOrder({ '@type': 'Special', extra: 1 })));
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`http://api.test${ORDERS}/new`);
    expect(response.headers.get('etag')).toBe('"0"');
    expect(await response.json()).toEqual({
      ...anOrder({ '@type': 'Special', extra: 1 }),
      id: 'new',
      href: `http://api.test${ORDERS}/new`,
      state: 'acknowledged',
    });
  });

  test('hands over the idempotency claim, scoped and with the hash of the raw body', async () => {
    const create = vi.fn<NonNullable<ResourceHandlers['create']>>(() =>
      Promise.resolve({ view: { id: '1', revision: 1, doc: {} }, replayed: true }),
    );
    const { app } = anApp({ clientOf: () => 'shop' }, { create });
    const response = await app.request(
      `http://api.test${ORDERS}?dryRun=true`,
      post(anOrder(), { 'idempotency-key': 'k-1' }),
    );
    expect(response.headers.get('idempotency-replayed')).toBe('true');
    const [ctx] = create.mock.calls[0] ?? [];
    expect(ctx?.idempotency).toEqual({
      client: 'shop',
      method: 'POST',
      path: ORDERS,
      key: 'k-1',
      bodyHash: createHash('sha256').update(JSON.stringify(anOrder())).digest('hex'),
    });
    expect(ctx?.parameters.get('dryRun')).toBe('true');
  });

  test.each([
    ['', 'malformedJson', 'The body is empty; a JSON document is expected.'],
    ['{"a": ', 'malformedJson', /^The body is not valid JSON: .*position 6/],
    ['{"a": nul}', 'malformedJson', /^The body is not valid JSON: .*nul/],
    ['{"a" 1}', 'malformedJson', /^The body is not valid JSON: .*position 5/],
    ['[1]', 'invalidBody', 'The body must be a JSON object, but is an array.'],
    ['{"serviceOrderItem": [], "serviceOrderItem": []}', 'invalidBody', /names an attribute twice/],
    ['{"a:\\"b": ":", "c": {"d": "\\\\"}}', 'invalidBody', /^serviceOrderItem is required: an array\.$/],
    [`${'['.repeat(30)}${']'.repeat(30)}`, 'invalidBody', /nested deeper than 24/],
    ['{"a": "\\u0000"}', 'invalidBody', /\\u0000/],
    ['{"a": "\\ud800"}', 'invalidBody', /surrogate/],
    ['{"a": 1e999}', 'invalidBody', /too large/],
    ['{"__proto__": {}}', 'invalidBody', /__proto__/],
    [{ ...anOrder(), state: 'acknowledged', id: '7' }, 'invalidBody', 'id, state are set by the server.'],
    [{ serviceOrderItem: [] }, 'invalidBody', 'serviceOrderItem must have at least 1 entry.'],
    [
      { serviceOrderItem: [{ id: '1', action: 'ad', service: {} }] },
      'invalidBody',
      'serviceOrderItem[0].action must be one of add, modify, delete, noChange, but is "ad".',
    ],
    [
      anOrder({ requestedStartDate: '2026-01-01' }),
      'invalidBody',
      'requestedStartDate must be a date and time with an offset, like 2026-03-01T09:30:00Z, but is "2026-01-01".',
    ],
    [anOrder({ priority: 1 }), 'invalidBody', 'priority must be a string, but is 1.'],
    [
      {
        serviceOrderItem: Array.from({ length: 201 }, (_, index) => ({
          id: String(index),
          action: 'add',
          service: {},
        })),
      },
      'invalidBody',
      'serviceOrderItem has 201 items: split the order, 200 is the most.',
    ],
    [
      { serviceOrderItem: [1, 1].map((id) => ({ id: String(id), action: 'add', service: {} })) },
      'invalidBody',
      "serviceOrderItem[1].id repeats '1': each item needs an id of its own.",
    ],
    [
      {
        serviceOrderItem: [{ id: '1', action: 'add', service: {}, serviceOrderItemRelationship: [{ orderItem: {} }] }],
      },
      'invalidBody',
      'serviceOrderItem[0].serviceOrderItemRelationship[0].orderItem.itemId is required: the id of the item it refers to.',
    ],
  ])('%j is refused', async (body, code, reason) => {
    const { app } = anApp();
    const error = await errorOf(await app.request(ORDERS, post(body)));
    expect(error).toMatchObject({
      status: 400,
      code,
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
    });
  });

  test('every wrong thing is told', async () => {
    const { app } = anApp();
    const error = await errorOf(await app.request(ORDERS, post({ priority: 1, category: 2 })));
    expect(`${error.reason} ${error.message}`).toMatch(/priority must .*category must .*serviceOrderItem is required/);
  });

  test.each([
    [{ 'content-type': 'text/plain' }, "The media type 'text/plain' is not understood here."],
    [{ 'content-type': 'application/json; charset=latin1' }, "The charset 'latin1' is not understood."],
    [{ 'content-encoding': 'gzip' }, "The content encoding 'gzip' is not understood."],
  ])('%j is 415', async (headers, reason) => {
    const { app } = anApp();
    expect(await errorOf(await app.request(ORDERS, post(anOrder(), headers)))).toMatchObject({
      status: 415,
      code: 'unsupportedMediaType',
      reason,
    });
  });

  test('a body without a type is 415', async () => {
    const { app } = anApp();
    const response = await app.request(ORDERS, { method: 'POST', body: new Uint8Array([0x7b, 0x7d]) });
    expect(await errorOf(response)).toMatchObject({ status: 415 });
  });

  test('a body that is above 64 KiB once its short numbers are written out is 413', async () => {
    const { app } = anApp();
    const numbers = Array.from({ length: 4_000 }, () => '1e20').join(',');
    const answer = await app.request(ORDERS, post(`{"externalId":"x","numbers":[${numbers}]}`));
    expect(await errorOf(answer)).toMatchObject({ status: 413, code: 'bodyTooLarge' });
  });

  test('a body above 64 KiB is 413, whether its length is declared or not', async () => {
    const { app } = anApp();
    const large = JSON.stringify(anOrder({ description: 'x'.repeat(65 * 1024) }));
    expect(await errorOf(await app.request(ORDERS, post(large)))).toMatchObject({ status: 413, code: 'bodyTooLarge' });
    const declared = post(large, { 'content-length': String(large.length) });
    expect(await errorOf(await app.request(ORDERS, declared))).toMatchObject({ status: 413 });
    const fits = JSON.stringify(anOrder({ description: 'x'.repeat(60 * 1024) }));
    expect((await app.request(ORDERS, post(fits))).status).toBe(201);
  });

  test('bytes that are no UTF-8 are refused', async () => {
    const { app } = anApp();
    const response = await app.request(ORDERS, {
      method: 'POST',
      headers: JSON_TYPE,
      body: new Uint8Array([0x7b, 0xff]),
    });
    expect(await errorOf(response)).toMatchObject({ status: 400, code: 'malformedJson' });
  });

  test.each(['', 'x'.repeat(256), 'ü'])('the idempotency key %j is refused', async (key) => {
    const { app } = anApp();
    const request = new Request(`http://api.test${ORDERS}`, post(anOrder()));
    request.headers.set('idempotency-key', key);
    expect(await errorOf(await app.request(request))).toMatchObject({ status: 400, code: 'invalidHeader' });
  });
});

describe('retrieve', () => {
  test('knows revisions and fields', async () => {
    const { app, views } = anApp();
    views.put({ id: 'a b', revision: 3, doc: { id: 'a b', state: 'held', note: [{ text: 'x', author: 'y' }] } });
    const path = `${ORDERS}/a%20b`;
    const whole = await app.request(`http://api.test${path}`);
    expect(whole.headers.get('etag')).toBe('"3"');
    expect(await whole.json()).toMatchObject({ id: 'a b', href: `http://api.test${path}`, state: 'held' });
    expect((await app.request(path, { headers: { 'if-none-match': 'W/"3"' } })).status).toBe(304);
    expect((await app.request(path, { headers: { 'if-none-match': '"2"' } })).status).toBe(200);
    expect(await (await app.request(`${path}?fields=note.text`)).json()).toMatchObject({
      id: 'a b',
      note: [{ text: 'x' }],
    });
    expect(Object.keys((await (await app.request(`${path}?fields=none`)).json()) as object)).toEqual(['id', 'href']);
    const head = await app.request(path, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, '"3"', '']);
  });

  test.each([
    [`${ORDERS}/nobody`, {}, 404, 'notFound'],
    [`${ORDERS}/${'x'.repeat(256)}`, {}, 400, 'invalidId'],
    [`${ORDERS}/%00`, {}, 400, 'invalidId'],
    [`${ORDERS}?fields=colour`, {}, 400, 'unknownAttribute'],
    [`${ORDERS}/1?state=held`, {}, 400, 'invalidQuery'],
    [ORDERS, { accept: 'text/html' }, 406, 'notAcceptable'],
    ['/nothing/here', {}, 404, 'unknownPath'],
    [`${ORDERS}/1/2`, {}, 404, 'unknownPath'],
  ])('%s %j is %d', async (path, headers, status, code) => {
    const { app } = anApp();
    expect(await errorOf(await app.request(path, { headers }))).toMatchObject({ status, code });
  });

  test.each(['*/*', 'application/json;q=0.5, text/html', 'application/*', 'text/html, application/problem+json'])(
    'Accept: %s is fine',
    async (accept) => {
      const { app } = anApp();
      expect((await app.request(ORDERS, { headers: { accept } })).status).toBe(200);
    },
  );
});

describe('list', () => {
  async function listed(
    query: string,
    options: Partial<AppParts> = {},
    headers: Record<string, string> = {},
    stored = 7,
  ) {
    const { app, views } = anApp(options);
    for (let index = 0; index < stored; index += 1)
      views.put({ id: `o${index}`, revision: 1, doc: { id: `o${index}`, state: 'held' } });
    const response = await app.request(`http://inside:8080${ORDERS}${query}`, { headers });
    const names = ['x-total-count', 'x-result-count'];
    const links = [...(response.headers.get('link') ?? '').matchAll(/<([^>]*)>; rel="(\w+)"/g)];
    return {
      status: response.status,
      counts: names.map((name) => response.headers.get(name)),
      links: Object.fromEntries(links.map(([, target, relation]) => [relation ?? '', target ?? ''])),
      body: (await response.json()) as { id: string; href: string }[],
    };
  }

  test('206 only for a part that was asked for', async () => {
    expect(await listed('')).toMatchObject({ status: 200, counts: ['7', '7'] });
    expect(await listed('', {}, {}, 101)).toMatchObject({ status: 200, counts: ['101', '100'] });
    expect(await listed('?limit=7')).toMatchObject({ status: 200, counts: ['7', '7'] });
    expect(await listed('?limit=3')).toMatchObject({ status: 206, counts: ['7', '3'] });
    expect(await listed('?offset=5')).toMatchObject({ status: 206, counts: ['7', '2'] });
    expect(await listed('?limit=0')).toMatchObject({ status: 206, counts: ['7', '0'], links: {} });
  });

  test('links repeat the filter as it came', async () => {
    const { links } = await listed('?description=%22a%26b%22&limit=3&state=held&offset=3');
    const filter = `http://inside:8080${ORDERS}?description=%22a%26b%22&state=held&limit=3`;
    expect(links).toEqual({
      first: filter,
      last: `${filter}&offset=6`,
      next: expect.stringMatching(/^http:\/\/inside:8080.*&state=held&limit=3&cursor=[\w-]+$/),
    });
  });

  test('a next link can be followed', async () => {
    const { links } = await listed('?limit=3');
    const next = await listed(new URL(links['next'] ?? '').search);
    expect(next.status).not.toBe(400);
  });

  test('a long query string never breaks the header', async () => {
    const long = await listed(`?limit=3&description=${'x'.repeat(500)}&externalId=${'%C3%A9'.repeat(250)}`);
    expect(Object.keys(long.links)).toContain('next');
    const longer = await listed(
      `?limit=3&fields=${'state,'.repeat(99)}state&${'description.ne=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx&'.repeat(19)}id=x`,
    );
    expect(longer.status).toBe(206);
    expect(Object.values(longer.links).join('').length).toBeLessThan(3 * 1024);
    expect(longer.links['next']).toMatch(/^(http|\?)/);
  });

  test('what a Link header must not hold is escaped', async () => {
    const { links } = await listed('?limit=3&orderDate>2020-01-01');
    expect(links['first']).toContain('orderDate%3E2020-01-01');
  });

  test('addresses follow PUBLIC_URL, else trusted forwarded headers, else the host', async () => {
    const forwarded = {
      host: 'inside:8080',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'api.example.com',
      'x-forwarded-prefix': '/tmf/',
    };
    const hrefs = async (options: Partial<AppParts>) => (await listed('', options, forwarded)).body[0]?.href;
    expect(await hrefs({})).toBe(`http://inside:8080${ORDERS}/o0`);
    expect(await hrefs({ trustForwarded: () => true })).toBe(`https://api.example.com/tmf${ORDERS}/o0`);
    expect(await hrefs({ publicUrl: 'https://shop.example.org/', trustForwarded: () => true })).toBe(
      `https://shop.example.org${ORDERS}/o0`,
    );
  });

  test.each([
    { host: 'evil"><script>' },
    { 'x-forwarded-host': 'a b' },
    { 'x-forwarded-proto': 'javascript' },
    { 'x-forwarded-prefix': '/a"b' },
  ])('%j is refused', async (headers) => {
    const { app } = anApp({ trustForwarded: () => true });
    expect(await errorOf(await app.request(`http://x${ORDERS}`, { headers }))).toMatchObject({
      status: 400,
      code: 'invalidHeader',
    });
  });
});

describe('patch and delete', () => {
  const patch = (body: unknown, headers: Record<string, string> = {}) => ({
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json', ...headers },
    body: JSON.stringify(body),
  });

  test('a patch answers 200 with the new revision; If-Match guards it', async () => {
    const { app, views } = anApp();
    views.put({ id: '1', revision: 4, doc: { ...anOrder(), id: '1' } });
    const path = `http://api.test${ORDERS}/1`;
    const response = await app.request(path, patch({ description: 'new', href: path }, { 'if-match': '"4"' }));
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"5"']);
    expect(await response.json()).toMatchObject({ description: 'new', href: path });
    const late = await app.request(path, patch({ description: 'newer' }, { 'if-match': '"4"' }));
    expect(late.headers.get('etag')).toBe('"5"');
    expect(await errorOf(late)).toMatchObject({ status: 412, code: 'preconditionFailed' });
    const answers: number[] = [];
    for (const tag of ['*', 'W/"6"', '"x"', '"1", "6"']) {
      answers.push((await app.request(path, patch({}, { 'if-match': tag }))).status);
    }
    expect(answers).toEqual([200, 412, 412, 200]);
    const types = await app.request(path, patch({}, { 'content-type': 'application/xml' }));
    expect(await errorOf(types)).toMatchObject({ status: 415 });
  });

  test('a delete answers 204 without a body', async () => {
    const { app } = anApp();
    const response = await app.request(`${ORDERS}/1`, { method: 'DELETE' });
    expect([response.status, await response.text()]).toEqual([204, '']);
  });
});

describe('methods and failures', () => {
  test.each([
    [ORDERS, 'PUT', 'GET, POST, HEAD, OPTIONS'],
    [`${ORDERS}/1`, 'POST', 'GET, PATCH, DELETE, HEAD, OPTIONS'],
    ['/tmf-api/serviceInventory/v4/service', 'POST', 'GET, HEAD, OPTIONS'],
    ['/health', 'DELETE', 'GET, HEAD, OPTIONS'],
    ['/openapi/tmf641.json', 'POST', 'GET, HEAD, OPTIONS'],
    ['/docs', 'POST', 'GET, HEAD, OPTIONS'],
  ])('%s has no %s', async (path, method, allowed) => {
    const { app } = anApp();
    const response = await app.request(path, { method });
    expect(response.headers.get('allow')).toBe(allowed);
    expect(await errorOf(response)).toMatchObject({ status: 405, code: 'methodNotAllowed' });
    const options = await app.request(path, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, allowed]);
  });

  test('a surprise is a 500 that tells nothing and is reported', async () => {
    const onFailure = vi.fn<NonNullable<AppParts['onFailure']>>();
    const cause = new Error('password=secret');
    const { app } = anApp({ onFailure }, { create: () => Promise.reject(cause) });
    const error = await errorOf(await app.request(ORDERS, post(anOrder(), { 'x-request-id': 'r-1' })));
    expect(error).toMatchObject({ status: 500, code: 'internalError' });
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(onFailure).toHaveBeenCalledWith(expect.objectContaining({ cause }), {
      method: 'POST',
      path: ORDERS,
      requestId: 'r-1',
    });
  });

  test('a database that is away is a 503 to be retried', async () => {
    const { app } = anApp(
      {},
      { create: () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })) },
    );
    const response = await app.request(ORDERS, post(anOrder()));
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await errorOf(response)).toMatchObject({ status: 503, code: 'unavailable' });
  });

  test('a domain refusal keeps its own code', async () => {
    const { app } = anApp({}, { remove: () => Promise.reject(refuse('conflict', 'It is in progress.')) });
    expect(await errorOf(await app.request(`${ORDERS}/1`, { method: 'DELETE' }))).toMatchObject({
      status: 409,
      code: 'conflict',
      reason: 'It is in progress.',
    });
  });

  test('health', async () => {
    expect((await anApp().app.request('/health')).status).toBe(200);
    const sick = anApp({ health: () => Promise.resolve({ healthy: false, checks: { database: 'away' } }) });
    const response = await sick.app.request('/health');
    expect([response.status, await response.json()]).toEqual([503, { status: 'fail', checks: { database: 'away' } }]);
  });
});
