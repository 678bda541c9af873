import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OutsideEndpoint } from '../../ops/platform/outside-endpoints.ts';
import { callEndpoint, nameOf, probeEndpoint } from './endpoint.ts';
import type { OutsideOrder, Step } from './outside-order.state.ts';
import { aRequest, placed } from './outside-orders.fixture.ts';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}
let server: Server;
let endpoint: OutsideEndpoint;
let answer: Answer;
let asked: { method: string | undefined; url: string | undefined; headers: IncomingMessage['headers'] }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ method: request.method, url: request.url, headers: request.headers });
    const { status, body, headers = {} } = answer;
    response.writeHead(status, headers);
    response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`, token: 'secret' },
    ...{ poll: 1, timeout: 2_000, settle: 1, vanished: 1, deadline: 1, concurrency: 1, attempts: 1, specification: {} },
  };
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  asked = [];
});

function at(step: Step): OutsideOrder {
  const { order } = placed();
  if (order === undefined) throw new Error('nothing was placed');
  return { ...order, step, remoteId: 'r/1', cancelling: { id: 'c', stage: 'asked', taskId: 't' } };
}
async function call(step: Step, given: Answer): Promise<unknown> {
  answer = given;
  return callEndpoint(endpoint, at(step), {}).then(
    ({ kind }) => kind,
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
}
const { id } = aRequest();
const order = { id: 'r/1', state: 'inProgress', externalId: id };
const task = { id: 't', state: 'acknowledged', serviceOrder: { id: 'r/1' } };
const refusal = { code: 'badSite', reason: 'There is no such site.' };

test.each<[Step, Answer, string]>([
  ['place', { status: 201, body: order }, 'order'],
  ['place', { status: 201, body: { id: 'r/1' } }, 'order'],
  ['place', { status: 201 }, 'unknown'],
  ['place', { status: 200, body: { hello: 1 } }, 'unknown'],
  ['place', { status: 200, body: '<html>' }, 'OutcomeUnknown'],
  ['place', { status: 302, headers: { location: '/elsewhere' } }, 'OutcomeUnknown'],
  ['place', { status: 400, body: refusal }, 'refused'],
  ['place', { status: 422, body: '<html>' }, 'refused'],
  ['place', { status: 401, body: refusal }, 'PlatformNotReached'],
  ['place', { status: 403, body: refusal }, 'PlatformNotReached'],
  ['place', { status: 404, body: refusal }, 'PlatformNotReached'],
  ['place', { status: 409, body: refusal }, 'unknown'],
  ['place', { status: 408 }, 'OutcomeUnknown'],
  ['place', { status: 429 }, 'PlatformNotReached'],
  ['place', { status: 503 }, 'OutcomeUnknown'],
  ['find', { status: 200, body: [order] }, 'order'],
  ['find', { status: 206, body: [order] }, 'order'],
  ['find', { status: 200, body: [] }, 'absent'],
  ['find', { status: 200, body: [{ ...order, externalId: 'of another' }] }, 'unreadable'],
  ['find', { status: 400, body: refusal }, 'unreadable'],
  ['find', { status: 404, body: refusal }, 'unreadable'],
  ['find', { status: 500 }, 'OutcomeUnknown'],
  ['poll', { status: 200, body: order }, 'order'],
  ['poll', { status: 200, body: { ...order, completionDate: 'soon', errorMessage: 'a word' } }, 'order'],
  ['poll', { status: 200, body: { ...order, state: 'cooking' } }, 'unreadable'],
  ['poll', { status: 200, body: { id: 'r/1' } }, 'unreadable'],
  ['poll', { status: 200, body: { ...order, id: 'r/2' } }, 'unreadable'],
  ['poll', { status: 404, body: refusal }, 'absent'],
  ['poll', { status: 401, body: refusal }, 'PlatformNotReached'],
  ['cancel', { status: 201, body: task }, 'task'],
  ['cancel', { status: 202, body: { id: 't' } }, 'task'],
  ['cancel', { status: 404, body: refusal }, 'refused'],
  ['cancel', { status: 409, body: refusal }, 'unknown'],
  ['findCancel', { status: 200, body: [task] }, 'task'],
  ['findCancel', { status: 200, body: [{ ...task, serviceOrder: { id: 'r/2' } }] }, 'absent'],
  ['findCancel', { status: 200, body: [{ ...task, state: 'terminatedWithError' }] }, 'absent'],
  ['findCancel', { status: 405 }, 'absent'],
  ['pollCancel', { status: 200, body: task }, 'task'],
  ['pollCancel', { status: 200, body: { id: 't' } }, 'unreadable'],
  ['pollCancel', { status: 404 }, 'absent'],
])('%s answered with %j comes to %s', async (step, given, kind) => {
  expect(await call(step, given)).toBe(kind);
});

test('every step asks TMF641 as the documents have it, with our token and our business keys', async () => {
  for (const step of ['place', 'find', 'poll', 'cancel', 'findCancel', 'pollCancel'] as const)
    await call(step, { status: 404 });
  expect(asked.map(({ method, url, headers }) => [method, url, headers['idempotency-key']])).toEqual([
    ['POST', '/api/serviceOrder', id],
    ['GET', `/api/serviceOrder?externalId=${id}&limit=10`, undefined],
    ['GET', '/api/serviceOrder/r%2F1', undefined],
    ['POST', '/api/cancelServiceOrder', 'c'],
    ['GET', '/api/cancelServiceOrder?serviceOrder.id=r%2F1', undefined],
    ['GET', '/api/cancelServiceOrder/t', undefined],
  ]);
  expect(new Set(asked.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer secret']));
});

test('a redirect is not followed: the token is for nobody else', async () => {
  await call('poll', { status: 307, headers: { location: `${endpoint.url}/elsewhere` } });
  expect(asked.map(({ url }) => url)).toEqual(['/api/serviceOrder/r%2F1']);
});

test('what the endpoint says of a failure is taken over, bounded and as the database can keep it', async () => {
  const reason = `\u0000${'x'.repeat(10_000)}`;
  answer = {
    status: 200,
    body: { ...order, state: 'failed', serviceOrderItem: [{ errorMessage: [{ code: 7, reason }] }] },
  };
  const result = await callEndpoint(endpoint, at('poll'), {});
  expect(result).toMatchObject({ order: { failure: { code: '7', reason: expect.stringMatching(/^\uFFFDx{499}$/) } } });
});

test('a probe wants an endpoint that lets us in', async () => {
  for (const [status, fine] of [
    [200, true],
    [400, true],
    [401, false],
    [404, false],
    [503, false],
  ] as const) {
    answer = { status, body: [] };
    expect([
      status,
      await probeEndpoint(endpoint).then(
        () => true,
        () => false,
      ),
    ]).toEqual([status, fine]);
  }
});

test('nobody listening is not reached, and is named without its usual path', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const host = `127.0.0.1:${(gone.address() as AddressInfo).port}`;
  await new Promise((resolve) => gone.close(resolve));
  const nobody = { ...endpoint, url: `http://${host}/tmf-api/serviceOrdering/v4` };
  await expect(callEndpoint(nobody, at('place'), {})).rejects.toMatchObject({ name: 'PlatformNotReached' });
  expect([nameOf(nobody), nameOf({ url: 'https://p.example.net/own' })]).toEqual([
    `outside ${host}`,
    'outside p.example.net/own',
  ]);
});
