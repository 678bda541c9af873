import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { backoffMs, type ProcessChange } from './supervised.ts';
import { startFleet, type Fleet, type FleetOptions } from './supervisor.ts';

const aFolder = () => mkdtempSync(join(tmpdir(), 'a fleet '));
const fleets: Fleet[] = [];
afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

async function aFleet(options: Partial<FleetOptions>): Promise<Fleet> {
  const fleet = await startFleet({
    databaseUrl: 'postgres://nowhere/x',
    amqpUrl: 'amqp://nowhere',
    roles: ['worker'],
    logDir: aFolder(),
    entry: fileURLToPath(new URL('./role.fixture.ts', import.meta.url)),
    ...options,
  });
  fleets.push(fleet);
  return fleet;
}

test('every role gets its replicas, each with its name, health and log; gateways also a port', async () => {
  const fleet = await aFleet({ roles: ['gateway', 'worker'], replicas: { gateway: 2 } });
  await fleet.whenReady();
  expect(fleet.processes.map(({ name }) => name)).toEqual(['gateway-1', 'gateway-2', 'worker-1']);
  expect(new Set(fleet.processes.map(({ healthUrl }) => healthUrl)).size).toBe(3);
  const [first, second] = fleet.of('gateway').map(({ url }) => url);
  expect(first).toMatch(/^http:/);
  expect(second).not.toBe(first);
  const [worker] = fleet.of('worker');
  expect(worker?.url).toBeUndefined();
  expect(readFileSync(worker!.logFile, 'utf8')).toContain('"name":"worker-1"');
});

test('a killed process comes back under another number', async () => {
  const changes: ProcessChange[] = [];
  const fleet = await aFleet({ onChange: (change) => changes.push(change) });
  await fleet.whenReady();
  const [worker] = fleet.processes;
  const before = worker!.pid;
  worker!.kill('SIGKILL');
  await expect
    .poll(() => worker!.pid, { timeout: 5_000 })
    .not.toSatisfy((pid: unknown) => pid === before || pid === undefined);
  await fleet.whenReady();
  expect(changes.map(({ kind }) => kind)).toEqual(['started', 'ended', 'started']);
  expect(changes[1]).toMatchObject({ asked: false, signal: 'SIGKILL', againInMs: 0 });
});

test('with restart "never" a killed process stays down until it is started', async () => {
  const fleet = await aFleet({ restart: 'never' });
  await fleet.whenReady();
  const [worker] = fleet.processes;
  worker!.kill('SIGKILL');
  await expect.poll(() => worker!.alive()).toBe(false);
  await expect(worker!.whenReady()).rejects.toThrow('worker-1 does not stay up');
  await worker!.start();
  await worker!.whenReady();
});

test('a stopped process drains and stays down', async () => {
  const fleet = await aFleet({});
  await fleet.whenReady();
  const [worker] = fleet.processes;
  await worker!.stop();
  expect(worker!.pid).toBeUndefined();
  expect(readFileSync(worker!.logFile, 'utf8')).toContain('drained');
});

test('a role that cannot start is a sentence with the reason of this start', async () => {
  const logDir = aFolder();
  writeFileSync(join(logDir, 'broken-1.log'), 'Error: of yesterday\n');
  const fleet = await aFleet({ roles: ['broken'], logDir });
  const logFile = join(logDir, 'broken-1.log');
  await expect(fleet.whenReady()).rejects.toThrow(
    `broken-1 does not stay up (the configuration is wrong): see ${logFile}.`,
  );
});

test('the log of an earlier start stays, and is appended to', async () => {
  const logDir = aFolder();
  writeFileSync(join(logDir, 'worker-1.log'), 'the incident\n');
  const fleet = await aFleet({ logDir });
  await fleet.whenReady();
  expect(readFileSync(join(logDir, 'worker-1.log'), 'utf8')).toMatch(/^the incident\n\{.*worker-1/);
});

test('a process whose log or record cannot be written runs all the same', async () => {
  const folder = aFolder();
  writeFileSync(join(folder, 'file'), '');
  const fleet = await aFleet({ logDir: join(folder, 'file', 'logs'), recordsFolder: join(folder, 'file', 'records') });
  await expect(fleet.whenReady()).resolves.toBeUndefined();
});

test('the pause before a restart grows to half a minute', () => {
  expect([1, 2, 3, 4, 20].map(backoffMs)).toEqual([0, 500, 1_000, 2_000, 30_000]);
});
