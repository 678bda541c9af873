import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { serve, type ServerType } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApp } from './app.ts';
import { answerClientErrors } from './client-error.ts';
import { resourceRoutes } from './resource.ts';
import { memoryViews } from './testing/memory-views.ts';
import { anOrder, orders } from './testing/resources.ts';

const PATH = `${orders.basePath}/serviceOrder`;

describe('over a real connection', () => {
  let server: ServerType;
  let port: number;

  beforeAll(async () => {
    const create = () => Promise.resolve({ view: { id: '1', revision: 0, doc: { id: '1' } } });
    const app = createApp({
      apis: [
        {
          name: 'tmf641',
          title: 'Service Ordering',
          version: '4.1.0',
          description: '',
          basePath: orders.basePath,
          resources: [orders],
          routers: [resourceRoutes(orders, memoryViews(), { create })],
        },
      ],
    });
    server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    answerClientErrors(server as Parameters<typeof answerClientErrors>[0]);
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise<void>((done) => server.close(() => done())));

  /** What the server answers to bytes. */
  async function raw(bytes: string): Promise<{ head: string; body: { code: string } }> {
    const socket = connect(port, '127.0.0.1');
    socket.write(bytes);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    return { head, body: JSON.parse(body) as { code: string } };
  }

  test.each([
    ['nonsense\r\n\r\n', '400 Bad Request', 'invalidHeader'],
    ['GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n', '400 Bad Request', 'invalidHeader'],
    [
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
      'headersTooLarge',
    ],
  ])('%j is answered with an error body', async (bytes, status, code) => {
    const { head, body } = await raw(bytes);
    expect(head).toContain(`HTTP/1.1 ${status}`);
    expect(head).toContain('application/json');
    expect(body.code).toBe(code);
  });

  async function post(
    chunks: string[],
    headers: Record<string, string>,
  ): Promise<{ status: number | undefined; body: unknown }> {
    const sent = request({
      port,
      host: '127.0.0.1',
      path: PATH,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    });
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
    const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
    return { status: response.statusCode, body: JSON.parse(await text(response)) };
  }

  test('a body in chunks, its length not declared, is read and bounded', async () => {
    const order = JSON.stringify(anOrder());
    expect(await post([order.slice(0, 9), order.slice(9)], {})).toMatchObject({ status: 201 });
    expect(await post([`{"description": "${'x'.repeat(70_000)}`, '"}'], {})).toMatchObject({
      status: 413,
      body: { code: 'bodyTooLarge' },
    });
  });

  test('a body that declares too much is refused unread', async () => {
    const { head, body } = await raw(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 70000\r\n\r\n{`,
    );
    expect(head).toContain('413');
    expect(body.code).toBe('bodyTooLarge');
  });

  test('links follow the Host header', async () => {
    const response = await fetch(`http://127.0.0.1:${port}${PATH}`, {
      method: 'POST',
      body: JSON.stringify(anOrder()),
      headers: { 'content-type': 'application/json' },
    });
    expect(response.headers.get('location')).toBe(`http://127.0.0.1:${port}${PATH}/1`);
  });

  test('HEAD has the headers and no body', async () => {
    const response = await fetch(`http://127.0.0.1:${port}${PATH}`, { method: 'HEAD' });
    expect([response.status, response.headers.get('x-total-count'), await response.text()]).toEqual([200, '0', '']);
  });
});
