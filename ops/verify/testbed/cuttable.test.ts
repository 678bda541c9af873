import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Cuttable, cuttable } from './cuttable.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of undo.splice(0).toReversed()) await end();
});

/** A server that answers what it is told with its name; with the connections it has. */
async function named(name: string): Promise<{ url: string; connections: Socket[] }> {
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (said) => socket.write(`${name} ${said.toString()}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return { url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, connections };
}

async function wayTo(url: string): Promise<Cuttable> {
  const way = await cuttable(url, 0);
  undo.push(() => way.close());
  return way;
}

async function client({ url }: Cuttable): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  undo.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, what: string): Promise<string> {
  socket.write(what);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}

test('a silent connection hears nothing, of no end either, until the silence is over; a new one works', async () => {
  const server = await named('first');
  const way = await wayTo(server.url);
  const [silent, spared] = [await client(way), await client(way)];
  expect(await ask(silent, 'a')).toBe('first a');
  expect(await ask(spared, 'b')).toBe('first b');

  const silence = way.silence((connection) => connection === 0);
  expect([silence.connections, silence.waiting()]).toEqual([1, 0]);
  const heard: string[] = [];
  for (const event of ['data', 'end', 'close'] as const) silent.on(event, () => heard.push(event));
  silent.write('into the void');
  await expect.poll(() => silence.waiting()).toBe(1);
  const gone = once(server.connections[0] as Socket, 'close');
  server.connections[0]?.destroy();
  await gone;
  way.cut();
  expect(await ask(await client(way), 'c')).toBe('first c');
  expect(heard).toEqual([]);

  silence.end();
  await once(silent, 'close');
});

test('a client that gives a silent connection up waits no longer, and the server does not hear of it', async () => {
  const server = await named('first');
  const way = await wayTo(server.url);
  const socket = await client(way);
  await ask(socket, 'a');
  const silence = way.silence();
  socket.write('b');
  await expect.poll(() => silence.waiting()).toBe(1);
  socket.destroy();
  await expect.poll(() => silence.waiting()).toBe(0);
  expect(server.connections[0]?.destroyed).toBe(false);
  silence.end();
  await once(server.connections[0] as Socket, 'close');
});

test('a way leads to another server from now on', async () => {
  const way = await wayTo((await named('first')).url);
  const before = await client(way);
  expect(await ask(before, 'a')).toBe('first a');
  way.leadTo((await named('second')).url);
  expect(await ask(before, 'b')).toBe('first b');
  expect(await ask(await client(way), 'c')).toBe('second c');
  way.cut();
  await once(before, 'close');
});
