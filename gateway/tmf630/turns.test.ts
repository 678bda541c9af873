import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';

import { type TurnOptions, takeTurns } from './turns.ts';

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A server with turns, and a way to speak to it as no HTTP client would. */
async function serving(listener: Listener, over: Partial<TurnOptions> = {}) {
  const turns = takeTurns(listener, { takenWithinMs: 60_000, pressedMs: 60_000, roomyBytes: Infinity, ...over });
  const server = createServer(turns.listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  ends.push(
    turns.stop,
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return {
    turns,
    client(): Socket {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      ends.push(() => socket.destroy());
      return socket;
    },
  };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const large = 'x'.repeat(16 * 1024 * 1024);

test('requests of one socket are begun one after the other, and answered in their order; other sockets do not wait', async () => {
  const held: ServerResponse[] = [];
  const begun: string[] = [];
  const { client } = await serving((request, response) => {
    begun.push(request.url ?? '');
    held.push(response);
  });
  const [one, other] = [client(), client()];
  let heard = '';
  one.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  one.write(get('/a') + get('/b') + get('/c'));
  await vi.waitUntil(() => begun.length === 1);
  other.write(get('/d'));
  await vi.waitUntil(() => begun.length === 2);
  expect(begun).toEqual(['/a', '/d']);
  for (const [place, next] of [
    [0, '/b'],
    [2, '/c'],
  ] as const) {
    held[place]?.end(`answer ${place}`);
    await vi.waitUntil(() => begun.at(-1) === next);
  }
  held[3]?.end('answer 3');
  await vi.waitUntil(() => heard.includes('answer 3'));
  expect(heard.match(/answer \d/g)).toEqual(['answer 0', 'answer 2', 'answer 3']);
});

test('what waits behind a request whose client is gone is never begun', async () => {
  const begun: string[] = [];
  const closed = vi.fn<() => void>();
  const { client } = await serving((request, response) => {
    begun.push(request.url ?? '');
    response.on('close', closed);
  });
  const socket = client();
  socket.write(get('/a') + get('/b') + get('/c'));
  await vi.waitUntil(() => begun.length === 1);
  socket.destroy();
  await vi.waitUntil(() => closed.mock.calls.length > 0);
  expect(begun).toEqual(['/a']);
});

test('a client that pipelines without end is cut off', async () => {
  const begun: string[] = [];
  const { client } = await serving((request) => begun.push(request.url ?? ''));
  const socket = client();
  socket.write(get('/a').repeat(102));
  await once(socket, 'close');
  expect(begun).toEqual(['/a']);
});

test('an answer that is not taken in time is given up, and one that is under way is not', async () => {
  const { client, turns } = await serving(
    (request, response) => {
      if (request.url === '/large') response.end(large);
    },
    { takenWithinMs: 1 },
  );
  const [slow, waiting] = [client().pause(), client()];
  slow.write(get('/large'));
  waiting.write(get('/never'));
  await vi.waitUntil(() => turns.untaken() > 1_000_000);
  await vi.waitUntil(() => turns.untaken() === 0, { timeout: 20_000 });
  expect([slow.destroyed || slow.resume(), waiting.destroyed]).toEqual([slow, false]);
  await once(slow, 'close');
});

test('while too much is not taken, who takes nothing is cut off sooner', async () => {
  const { client, turns } = await serving((_request, response) => response.end(large), { pressedMs: 1, roomyBytes: 1 });
  client().pause().write(get('/a'));
  await vi.waitUntil(() => turns.untaken() > 1_000_000);
  expect(await vi.waitUntil(() => turns.untaken() === 0, { timeout: 20_000 })).toBe(true);
});
