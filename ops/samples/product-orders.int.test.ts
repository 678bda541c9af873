/** The sample product orders, as they are run: new products, changed, off and on the network, and gone again. */
import { readFile, readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Product } from '../../contracts/messages/product-inventory.ts';
import { withProductId } from '../cli/rules/explain.ts';
import { type System, startSystem } from '../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../verify/testbed/testbed.ts';
import { soon } from '../verify/testbed/workbench.ts';

let testbed: Testbed;
let system: System;
beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  // The simulated partner calls back there.
  await system.listen();
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

interface Ended {
  readonly state: string;
  readonly errorMessage?: unknown;
}

/** Places a sample order and waits until it ends. */
async function place(name: string, productId?: string): Promise<Ended> {
  const file = await readFile(new URL(`${name}.product-order.json`, import.meta.url), 'utf8');
  const orders = '/tmf-api/productOrderingManagement/v4/productOrder';
  const answer = await system.request(orders, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(withProductId(JSON.parse(file), productId)),
  });
  if (answer.status !== 201) return { state: `${answer.status}` };
  const { id } = (await answer.json()) as { id: string };
  return vi.waitUntil(async () => {
    const order = (await (await system.request(`${orders}/${id}`)).json()) as Ended;
    return ['completed', 'partial', 'failed', 'cancelled', 'rejected'].includes(order.state) ? order : undefined;
  }, soon);
}

const products = async (): Promise<Product[]> =>
  (await system.sql<{ doc: { product: Product } }[]>`select doc from product_inventory.product order by id`).map(
    ({ doc }) => doc.product,
  );

/** What the platforms hold. */
const held = async (): Promise<number> =>
  Object.values(await system.network.holdings()).reduce((sum, one) => sum + Object.keys(one).length, 0);

test.each([
  ['fiber', ['modify']],
  ['business-internet-product', ['modify']],
  ['ethernet-line', ['modify']],
  ['mobile-plan', ['modify']],
  ['home-bundle', ['modify', 'suspend', 'resume', 'without-tv']],
])('%s is ordered, changed and disconnected, and leaves nothing', async (name, changes) => {
  const before = new Set((await products()).map(({ id }) => id));
  expect(await place(name)).toMatchObject({ state: 'completed' });
  const added = (await products()).filter(({ id, bundle }) => !before.has(id) && bundle === undefined);
  expect(added.every(({ status }) => status === 'active')).toBe(true);
  expect(await held()).toBeGreaterThan(0);
  for (const change of changes)
    expect(await place(`${name}.${change}`, added[0]?.id)).toMatchObject({ state: 'completed' });
  for (const { id } of added) expect(await place(`${name}.disconnect`, id)).toMatchObject({ state: 'completed' });
  const left = (await products()).filter(({ id }) => !before.has(id));
  expect(left.map(({ status }) => status)).toEqual(left.map(() => 'terminated'));
  expect(await held()).toBe(0);
});

const broken = (await readdir(new URL('broken', import.meta.url))).map((name) =>
  name.replace('.product-order.json', ''),
);

test.each(broken)('broken/%s is turned away, and nothing comes of it', async (name) => {
  const before = await products();
  expect((await place(`broken/${name}`)).state).toMatch(/^(rejected|400)$/);
  const made = (await products()).filter(({ id }) => !before.some((one) => one.id === id));
  expect(made.map(({ status }) => status)).toEqual(made.map(() => 'cancelled'));
  expect(await held()).toBe(0);
});
