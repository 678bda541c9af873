import { mkdtempSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { choosePorts, freePort, isFree, portPlan } from './ports.ts';

const open: Server[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));

const aFile = () => join(mkdtempSync(join(tmpdir(), 'ports-')), 'ports.json');

async function occupy(port = 0): Promise<number> {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('a port somebody listens on is not free', async () => {
  expect(await isFree(await occupy())).toBe(false);
  expect(await isFree(await freePort())).toBe(true);
});

test('a taken port of the environment is a sentence that names its variable', async () => {
  const taken = String(await occupy());
  await expect(choosePorts(aFile(), { PATCHBAY_GATEWAY_PORT: taken }, ['gateway'])).rejects.toThrow(
    `Port ${taken} (gateway) is taken by another program: set PATCHBAY_GATEWAY_PORT to a free port.`,
  );
});

test('a port that is not one is a sentence', async () => {
  await expect(choosePorts(aFile(), { PATCHBAY_AMQP_PORT: '70000' }, [])).rejects.toThrow(
    'PATCHBAY_AMQP_PORT is "70000"',
  );
});

test('a block that does not fit, or of which one port is taken, is a sentence too', async () => {
  const blocks = (base: number) => choosePorts(aFile(), { PATCHBAY_HEALTH_PORT_BASE: String(base) }, ['health']);
  await expect(blocks(65_530)).rejects.toThrow(
    'Port 65530 (health) begins a block of 40 that ends above 65535: set PATCHBAY_HEALTH_PORT_BASE to a free port.',
  );
  const base = await freePort(40);
  await occupy(base + 3);
  await expect(blocks(base)).rejects.toThrow(
    `Port ${base} (health) begins a block of which ${base + 3} is taken by another program: set`,
  );
});

test('one port for two parts is a sentence', async () => {
  const port = String(await freePort());
  await expect(choosePorts(aFile(), { PATCHBAY_GATEWAY_PORT: port, PATCHBAY_AMQP_PORT: port }, [])).rejects.toThrow(
    `Port ${port} (amqp) is given to another part of Patchbay: set PATCHBAY_AMQP_PORT`,
  );
});

test('choices are remembered, and two homes get different internal ports', async () => {
  const [one, two] = [aFile(), aFile()];
  const first = await choosePorts(one, {}, []);
  expect(await choosePorts(one, {}, [])).toEqual(first);
  const second = await choosePorts(two, {}, []);
  expect([second.dist, second.epmd, second.health]).not.toEqual([first.dist, first.epmd, first.health]);
});

test('a remembered port that was taken meanwhile moves, unless people know it by heart', async () => {
  const file = aFile();
  const first = await choosePorts(file, {}, []);
  await occupy(first.dist);
  const second = await choosePorts(file, {}, ['dist']);
  expect(second.dist).not.toBe(first.dist);
  expect(second.epmd).toBe(first.epmd);
});

test('no two ports of a home are the same, the block of health ports included', async () => {
  const ports = await choosePorts(aFile(), {}, []);
  const all = Object.entries(ports).flatMap(([name, port]) =>
    Array.from({ length: portPlan[name as keyof typeof portPlan].span }, (_, offset) => port + offset),
  );
  expect(new Set(all).size).toBe(all.length);
});
