/** The Dockerfile and docker-compose.yml, done without an engine: built in an empty folder, run until orders are completed, stopped. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type OrderKind, placeOrder, readOrder } from '../../cli/order/gateway-client.ts';
import { standardRoles } from '../../run/fleet/supervisor.ts';
import { clone, testHome } from '../../run/bootstrap/home.ts';
import { serverAccount } from '../../run/bootstrap/server-account.ts';
import { networkControl } from '../faults/network-control.ts';
import { createTestbed, type Testbed } from '../testbed/testbed.ts';
import { type Addresses, addressesOf } from './addresses.ts';
import { buildImage } from './build.ts';
import { readCompose } from './compose-file.ts';
import { type Play, playCompose } from './play.ts';

const read = (name: string): string => readFileSync(join(clone, name), 'utf8');
/** Another port than the standard one: what names it must follow. */
const compose = readCompose(read('docker-compose.yml'), { PATCHBAY_GATEWAY_PORT: '18080' });
/** The sample's partner takes two seconds; the rest is for busy machines. */
const patience = { timeout: 50_000, interval: 100 };
const root = mkdtempSync(join(tmpdir(), 'image-'));

let testbed: Testbed;
let addresses: Addresses;
let play: Play | undefined;

beforeAll(async () => {
  chmodSync(root, 0o755);
  testbed = await createTestbed({ migrated: false });
});
afterAll(async () => {
  await play?.stop();
  await testbed?.close();
  rmSync(root, { recursive: true, force: true });
});

test('the image is built', async () => {
  const paths = Object.values(compose.services).flatMap(({ build, volumes }) =>
    build === undefined ? [] : volumes.map((volume) => volume.split(':')[1]!),
  );
  const node = join(clone, 'node_modules/node/bin/node');
  const image = await buildImage(clone, root, { node, account: serverAccount(), paths });
  const commands = Object.values(compose.services).map(({ command }) => command);
  expect(commands).toContainEqual(image.command);
  addresses = await addressesOf(compose, image, {
    databaseUrl: testbed.databaseUrl,
    amqpUrl: testbed.amqpUrl,
    managementUrl: testbed.management.url,
  });
  play = playCompose(compose, image, addresses, {
    logs: join(root, 'logs'),
    recordsFolder: testHome(process.env).processes,
  });
}, 120_000);

test('every service is prepared for, starts in order and is healthy', async () => {
  await play!.up();
  expect(play!.running().toSorted()).toEqual([...standardRoles, 'simulator'].toSorted());
}, 180_000);

test.each<[OrderKind, string]>([
  ['serviceOrder', 'business-internet.json'],
  ['productOrder', 'ethernet-line.product-order.json'],
])('a %s is completed through the published port', async (kind, sample) => {
  const gateway = addresses.published('gateway');
  const { id } = await placeOrder<{ id: string }>(gateway, kind, read(`ops/samples/${sample}`));
  const ended = await vi.waitUntil(async () => {
    const order = await readOrder<{ state: string; href: string }>(gateway, kind, id);
    return ['completed', 'partial', 'failed', 'rejected', 'held'].includes(order.state) ? order : undefined;
  }, patience);
  expect(ended).toMatchObject({ state: 'completed', href: expect.stringContaining(gateway) });
});

test('the partner is heard when it calls back: it reaches the gateway, and both have one secret', async () => {
  const network = networkControl(addresses.environment('gateway')['NETWORK_URL']!);
  const answered = async () => (await network.deliveries()).map((one) => one.answered);
  await vi.waitUntil(async () => (await answered()).includes(1), { timeout: 10_000, interval: 100 });
  expect(await answered()).toEqual([1]);
});

test('asked to stop, every service ends with 0 within its grace period', async () => {
  const running = play!.running();
  const ended = await play!.stop();
  expect(ended).toEqual(Object.fromEntries(running.map((name) => [name, { code: 0, signal: null }])));
});
