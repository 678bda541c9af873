import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clone } from '../../run/bootstrap/home.ts';
import { endLeftovers } from '../../run/bootstrap/leftovers.ts';
import { isFree } from '../../run/bootstrap/ports.ts';
import { networkControl } from '../../verify/faults/network-control.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import { changedFiles, copyTree, digestTree } from './tree.fixture.ts';

/**
 * The whole way of somebody who adds a service type, in a copy of the clone and as one does it: scaffold, start, order.
 * All of it runs from the copy.
 */
const type = 'leased-line';
const folder = `workers/activators/${type}`;
const catalog = 'ops/samples/service-specifications.json';

const place = mkdtempSync(join(tmpdir(), 'extension-'));
const copy = join(place, 'clone');
const home = join(place, 'home');
let testbed: Testbed;
let environment: NodeJS.ProcessEnv;
let system: ChildProcess | undefined;

beforeAll(async () => {
  testbed = await createTestbed();
  copyTree(clone, copy);
  const [gateway, simulator] = [await anyPort(), await anyPort()];
  environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    DATABASE_URL: testbed.databaseUrl,
    AMQP_URL: testbed.amqpUrl,
    PATCHBAY_HOME: home,
    PATCHBAY_GATEWAY_PORT: String(gateway),
    PATCHBAY_SIMULATOR_PORT: String(simulator),
  };
});
afterAll(async () => {
  if (system?.exitCode === null && system.signalCode === null) {
    system.kill('SIGKILL');
    await once(system, 'exit');
  }
  await endLeftovers(join(home, 'processes'), 0);
  await testbed.close();
  rmSync(place, { recursive: true, force: true });
});

test('a scaffolded activator passes its test and completes orders, with no edit outside its folder and the catalog', async () => {
  const before = digestTree(copy);
  expect(await patchbay('new', 'activator', type, '--dry-run', '--json')).toMatchObject({ folder, written: false });
  expect(changedFiles(before, digestTree(copy))).toEqual([]);
  const written = await patchbay('new', 'activator', type, '--catalog', '--json');
  expect(written).toMatchObject({ serviceType: type, folder, written: true });
  const changed = [catalog, `${folder}/index.ts`, `${folder}/simulated.ts`, `${folder}/${type}.test.ts`];
  expect(changedFiles(before, digestTree(copy))).toEqual(changed.toSorted());

  const [running, network] = await start();
  const ordered = await order({
    action: 'add',
    service: { serviceSpecification: { id: type }, serviceCharacteristic: [{ name: 'profile', value: 'basic' }] },
  });
  expect(ordered).toMatchObject({ state: 'completed', serviceOrderItem: [{ state: 'completed' }] });
  const id = ordered.serviceOrderItem[0]?.service.id ?? '';
  expect(await network.holdings()).toMatchObject({ [type]: { [id]: { resourceId: 'resource-1', profile: 'basic' } } });

  // The platform does what it is asked and its answer is lost: found by reading back, not done again.
  await network.add([{ manager: type, operation: 'configure', kind: 'lost-answer', count: 1 }]);
  const modified = await order({
    action: 'modify',
    service: { id, serviceCharacteristic: [{ name: 'profile', value: 'premium' }] },
  });
  expect(modified.state).toBe('completed');
  const service = await (await fetch(`${running.urls.gateway}/tmf-api/serviceInventory/v4/service/${id}`)).json();
  expect(service).toMatchObject({
    state: 'active',
    serviceType: type,
    serviceCharacteristic: expect.arrayContaining([
      expect.objectContaining({ name: 'profile', value: 'premium' }),
      expect.objectContaining({ name: 'resourceId', value: 'resource-1' }),
    ]),
  });

  expect((await order({ action: 'delete', service: { id } })).state).toBe('completed');
  expect((await network.holdings())[type]).toEqual({});
  const { references, totals } = await network.summary();
  expect(totals).toMatchObject({ unknowns: 1, excess: 0, repeated: 0 });
  expect(references.map(({ operation }) => operation)).toEqual([
    'reserve',
    'configure',
    'configure',
    'clear',
    'release',
  ]);

  await stop();
  expect(changedFiles(before, digestTree(copy))).toEqual(changed.toSorted());
}, 400_000);

test('what was scaffolded passes its own test and every check of the house', async () => {
  const { code, out, err } = await run(['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', folder]);
  expect(code === 0 ? '' : out + err).toBe('');
  const checks = [
    ['node_modules/typescript/bin/tsc', '-p', '.', '--pretty', 'false'],
    ['node_modules/oxlint/bin/oxlint', '--format', 'unix', folder],
    ['ops/verify/check/imports.ts'],
  ];
  const said = (await Promise.all(checks.map((check) => run(check)))).flatMap((one) =>
    `${one.out}${one.err}`.split('\n'),
  );
  expect(said.filter((line) => line.includes(folder))).toEqual([]);
}, 400_000);

/** Starts everything from the copy, as `npm start` does. */
async function start() {
  const child = spawn(process.execPath, ['ops/cli/main.ts', 'up', '--json'], {
    cwd: copy,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  system = child;
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([first]) => String(first)),
    once(child, 'exit').then(() => Promise.reject(new Error(`the copy did not start: ${said}`))),
  ]);
  const running = JSON.parse(line) as { urls: { gateway: string; simulator: string } };
  return [running, networkControl(running.urls.simulator)] as const;
}

async function stop(): Promise<void> {
  const ended = once(system as ChildProcess, 'exit');
  system?.kill('SIGTERM');
  expect((await ended)[0]).toBe(0);
}

interface Ordered {
  readonly state: string;
  readonly serviceOrderItem: readonly { readonly state: string; readonly service: { readonly id: string } }[];
}

/** Places an order of one item and follows it to its end. */
async function order(item: Record<string, unknown>): Promise<Ordered> {
  const body = JSON.stringify({ serviceOrderItem: [{ id: '1', ...item }] });
  return (await patchbay('order', '-', '--follow', '--json', { input: body })) as Ordered;
}

/** What a verb with --json prints. */
async function patchbay(...asked: readonly (string | { input: string })[]): Promise<unknown> {
  const words = asked.filter((one) => typeof one === 'string');
  const input = asked.find((one) => typeof one !== 'string')?.input;
  const { code, out, err } = await run(['ops/cli/main.ts', ...words], input);
  if (code !== 0) throw new Error(`patchbay ${words.join(' ')}: ${out}${err}`);
  return JSON.parse(out);
}

/** Runs a program of the copy to its end. */
async function run(command: readonly string[], input = ''): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, command, { cwd: copy, env: environment });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number, out, err };
}

/** Free now. Not claimed: the copy claims it itself. */
async function anyPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_700);
    if (await isFree(port)) return port;
  }
}
