import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LeaseOver, OutcomeUnknown, PlatformNotReached } from './platform.ts';
import { request } from './request.ts';

interface Reached {
  readonly method: string | undefined;
  readonly body: string;
  readonly length: string | undefined;
  readonly traceparent: string | undefined;
}

let server: Server;
let url: string;
let reached: Reached[] = [];

beforeAll(async () => {
  server = createServer((asked, answer) => {
    const { method, headers } = asked;
    void text(asked).then((body) => {
      reached.push({ method, body, length: headers['content-length'], traceparent: headers['traceparent'] as string });
      if (asked.url === '/elsewhere') answer.writeHead(307, { location: '/here' });
      answer.end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => void (reached = []));
afterAll(() => void server.close());

const signal = AbortSignal.timeout(20_000);

test('a change is sent whole, with its length and its trace', async () => {
  await request({ signal, traceparent: '00-a-b-01' }, `${url}/ports`, { method: 'POST', json: { port: 'é' } });
  await request({ signal }, `${url}/ports/1`, { method: 'DELETE' });
  expect(reached).toEqual([
    { method: 'POST', body: '{"port":"é"}', length: '13', traceparent: '00-a-b-01' },
    { method: 'DELETE', body: '', length: undefined, traceparent: undefined },
  ]);
});

test.for(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
  'a %s whose lease runs out while its connection is opened does not leave, on a new connection or a kept one',
  async (method) => {
    for (const before of [undefined, 'kept']) {
      if (before === 'kept') await request({ signal }, `${url}/warm`);
      let holds = true;
      const asked = request({ signal, leaseHolds: () => holds }, `${url}/ports`, { method, json: { port: '1' } });
      holds = false;
      await expect(asked).rejects.toBeInstanceOf(LeaseOver);
    }
    // What was sent before it could still be on its way.
    await request({ signal }, `${url}/after`);
    expect(reached.map((one) => one.method)).toEqual(['GET', 'GET']);
  },
);

test('a change that never left is not reached, whatever the reason; one that left is unknown', async () => {
  const nobody = 'http://127.0.0.1:9/ports';
  await expect(request({ signal }, nobody, { method: 'POST', json: {} })).rejects.toBeInstanceOf(PlatformNotReached);
  const late = { signal: AbortSignal.abort() };
  await expect(request(late, `${url}/ports`, { method: 'POST', json: {} })).rejects.toBeInstanceOf(PlatformNotReached);
  const redirected = request({ signal }, `${url}/elsewhere`, { method: 'POST', json: {} });
  await expect(redirected).rejects.toBeInstanceOf(OutcomeUnknown);
  expect(reached).toHaveLength(1);
});
