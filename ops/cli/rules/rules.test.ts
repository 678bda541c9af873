import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clone } from '../../run/bootstrap/home.ts';
import { checkRules, findingLines } from './check.ts';
import { explainOrder, explanationLines, productsAfter, readProductOrder, withProductId } from './explain.ts';
import { readRuleFiles, readSpecifications } from './files.ts';

const samples = join(clone, 'ops/samples');
const folders = [join(samples, 'rules'), join(samples, 'recovery')];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-rules-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function check(...paths: string[]): Promise<string[]> {
  const specifications = await readSpecifications(join(samples, 'service-specifications.json'));
  if (!Array.isArray(specifications)) throw new Error(specifications.message);
  const findings = checkRules(await readRuleFiles(paths), await readRuleFiles(folders), specifications);
  return findingLines(findings).map((line) => line.replace(folder, 'here'));
}

async function written(name: string, content: unknown): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const sample = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(samples, name), 'utf8')) as Record<string, unknown>;

test('the samples pass', async () => {
  expect(await check(...folders)).toEqual([]);
});

test('a finding says file and place; rules beside are known and not spoken about', async () => {
  const rule = { ...(await sample('rules/mobile-plan.json')), specification: { id: 'other-plan', version: '1.0' } };
  const file = await written('plan.json', {
    ...rule,
    products: [{ name: 'tv', specification: { id: 'tv-pack' } }],
    services: [],
  });
  expect(await check(file)).toEqual([]);
  const broken = await written('broken.json', {
    ...rule,
    products: [{ name: 'tv', specification: { id: 'tv-park' } }],
  });
  expect(await check(broken)).toEqual([
    'here/broken.json: products[0].specification: There is no decomposition rule for product specification "tv-park".',
  ]);
});

test.each<[string, unknown, string[]]>([
  ['no JSON', '{', [expect.stringMatching(/^here\/file\.json: This is not JSON: /)]],
  [
    'another attribute',
    {
      specification: { id: 'a', version: '1' },
      version: '1',
      revision: 1,
      lifecycleStatus: 'active',
      name: 'a',
      colour: 1,
    },
    ['here/file.json: Unrecognized key: "colour".'],
  ],
  [
    'a wrong type',
    { serviceType: '*', revision: 'one', cases: {} },
    ['here/file.json: revision: Invalid input: expected number, received string.'],
  ],
  [
    'an expression that is none',
    {
      specification: { id: 'a', version: '1' },
      version: '1',
      revision: 1,
      lifecycleStatus: 'active',
      name: 'a',
      services: [
        {
          name: 'a',
          specification: { id: 'a', version: '1' },
          serviceType: 'a',
          characteristics: { x: { convert: { from: 'y' }, from: 'GB' } },
        },
      ],
    },
    [
      expect.stringMatching(
        /^here\/file\.json: services\[0\]\.characteristics\.x: Unrecognized key: "convert"\. An expression is one of .*\{convert, from, to\}/,
      ),
    ],
  ],
])('a file with %s is said to be so', async (_, content, lines) => {
  expect(await check(await written('file.json', content))).toEqual(lines);
});

test('a file that is not there is a finding', async () => {
  expect(await check(join(folder, 'nowhere'))).toEqual([
    'here/nowhere: There is no such file, or no .json file in it.',
  ]);
});

test('an explanation says products, service orders, their order, and what made each value so', async () => {
  const { rules } = await readRuleFiles([join(samples, 'rules')]);
  const known = rules.map(({ rule }) => rule);
  const lines = explanationLines(
    explainOrder(readProductOrder(await sample('home-bundle.product-order.json'), 'a'), known, []),
  );
  expect(lines[0]).toBe('4 products, 3 service orders');
  expect(lines).toContain('  part tv #1  add  tv-pack 1.0, rule 1  becomes active  optional');
  expect(lines).toContain('      stands on 1 access');
  expect(lines).toContain('        features = ["callerId","voicemail"]: the rule says so, as voicemail is true');
});

test('an order about a product is explained after the order that makes it', async () => {
  const { rules } = await readRuleFiles([join(samples, 'rules')]);
  const known = rules.map(({ rule }) => rule);
  const products = productsAfter(await sample('fiber.product-order.json'), known, []);
  const order = readProductOrder(withProductId(await sample('fiber.modify.product-order.json'), products[0]?.id), 'b');
  expect(explanationLines(explainOrder(order, known, products))).toContain('        upMbps changes from 500');
  const nobody = explainOrder(readProductOrder(await sample('fiber.modify.product-order.json'), 'b'), known, []);
  expect(explanationLines(nobody)).toEqual([
    'rejected',
    '  item 1  unknownProduct: Product <product id> is not in the product inventory.',
  ]);
});

test('what is no product order is said to be none', async () => {
  expect(() => readProductOrder({ productOrderItem: [] }, 'a')).toThrow(/^This is no product order: /);
});

test('what is wrong with rules beside is not spoken about', async () => {
  const rule = { ...(await sample('rules/mobile-plan.json')), specification: { id: 'other-plan', version: '1.0' } };
  const whole = await readRuleFiles([await written('whole.json', rule)]);
  const beside = await readRuleFiles([await written('beside.json', { ...rule, version: '5', revision: 5 })]);
  expect(checkRules(beside, whole, [])).not.toEqual([]);
  const aboutWhole = checkRules(whole, beside, []).map(({ file }) => file.replace(folder, 'here'));
  expect(new Set(aboutWhole)).toEqual(new Set(['here/whole.json']));
});
