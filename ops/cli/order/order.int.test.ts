/** `patchbay order` as a person runs it, on the sample product orders. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type System, startSystem } from '../../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';

let testbed: Testbed;
let system: System;
let gateway: string;
beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  gateway = await system.listen();
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const patchbay = (sample: string, ...args: string[]): Promise<Said> =>
  new Promise((resolve) => {
    const file = join(import.meta.dirname, '../../samples', `${sample}.product-order.json`);
    execFile(
      process.execPath,
      [join(import.meta.dirname, '../main.ts'), 'order', file, '--gateway', gateway, ...args],
      { timeout: 50_000 },
      (error, out, err) =>
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err }),
    );
  });

/** A progress line without its time. */
const said = ({ out }: Said): string[] => out.split('\n').map((line) => line.replace(/^ +[\d.]+ s {2}/, ''));

test('a product order is followed with its service orders to its products, and they can be disconnected', async () => {
  const placed = await patchbay('home-bundle', '--follow');
  expect(placed).toMatchObject({ code: 0, err: '' });
  const lines = said(placed);
  expect(lines[0]).toMatch(/^accepted [0-9a-f-]{36}$/);
  expect(lines).toContain('order                completed');
  expect(lines).toContain('item home            completed    add  home-bundle');
  for (const [component, type] of [
    ['access', 'broadband'],
    ['line', 'voice'],
    ['subscription', 'tv'],
  ] as const)
    expect(lines.filter((line) => line.startsWith(`service ${component}`)).at(-1)).toMatch(
      new RegExp(`completed +add {2}${type}`),
    );
  const products = lines.filter((line) => line.startsWith('product '));
  expect(products).toHaveLength(4);
  expect(products.every((line) => / active /.test(line))).toBe(true);
  expect(lines.at(-2)).toMatch(/^completed after [\d.]+ s$/);

  const bundle = /[0-9a-f-]{36}/.exec(products.find((line) => line.includes('home-bundle')) ?? '')?.[0] ?? '';
  expect(await patchbay('home-bundle.disconnect')).toMatchObject({
    code: 1,
    err: expect.stringContaining('--product <id>'),
  });
  const gone = await patchbay('home-bundle.disconnect', '--product', bundle, '--follow');
  expect(gone.code).toBe(0);
  const left = said(gone).filter((line) => line.startsWith('product '));
  expect(left.map((line) => /^product +terminated /.test(line))).toEqual([true, true, true, true]);
});

test('a dry run shows what it would come to and places nothing; a machine reads JSON', async () => {
  const placed = async (): Promise<number> =>
    (await system.sql`select 1 from gateway.submitted where resource = 'productOrder'`).length;
  const before = await placed();
  const dry = await patchbay('home-bundle', '--dry-run');
  expect(dry.code).toBe(0);
  expect(dry.out).toMatch(/^acceptable: 4 products, 3 service orders\n/);
  const broken = await patchbay('broken/unknown-specification', '--dry-run', '--json');
  expect(broken.code).toBe(1);
  expect(JSON.parse(broken.out)).toMatchObject({ verdict: 'rejected' });
  expect(await placed()).toBe(before);
  const rejected = await patchbay('broken/unknown-specification', '--follow', '--json');
  expect(rejected.code).toBe(1);
  expect(JSON.parse(rejected.out)).toMatchObject({ state: 'rejected' });
});
