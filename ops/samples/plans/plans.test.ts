/**
 * What the sample orders come to, as files to be read: `<order>.plan.json`. A change of a rule or of decomposition shows there.
 * With `UPDATE_PLANS=1` they are written anew.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import { explainOrder, productsAfter, readProductOrder, withProductId } from '../../cli/rules/explain.ts';
import { readRuleFiles } from '../../cli/rules/files.ts';

const here = (name: string): URL => new URL(name, import.meta.url);
const json = async (name: string): Promise<unknown> => JSON.parse(await readFile(here(name), 'utf8')) as unknown;

const { rules: files } = await readRuleFiles([fileURLToPath(here('../rules'))]);
const all = files.map(({ rule }) => rule);
/** As it was before the second version of the rule for fiber. */
const first = all.filter(({ specification, revision }) => specification.id !== 'fiber-1g' || revision === 1);

test.each<
  [
    plan: string,
    order: string,
    rules: readonly DecompositionRule[],
    before?: string,
    formerly?: readonly DecompositionRule[],
  ]
>([
  ['fiber', 'fiber', all],
  ['fiber.rule-1', 'fiber', first],
  ['business-internet-product', 'business-internet-product', all],
  ['ethernet-line', 'ethernet-line', all],
  ['home-bundle', 'home-bundle', all],
  ['mobile-plan', 'mobile-plan', all],
  ['fiber.modify', 'fiber.modify', all, 'fiber'],
  ['fiber.modify.made-by-rule-1', 'fiber.modify', all, 'fiber', first],
  ['business-internet-product.modify', 'business-internet-product.modify', all, 'business-internet-product'],
  ['ethernet-line.modify', 'ethernet-line.modify', all, 'ethernet-line'],
  ['mobile-plan.modify', 'mobile-plan.modify', all, 'mobile-plan'],
  ['home-bundle.modify', 'home-bundle.modify', all, 'home-bundle'],
  ['home-bundle.without-tv', 'home-bundle.without-tv', all, 'home-bundle'],
  ['home-bundle.suspend', 'home-bundle.suspend', all, 'home-bundle'],
  ['fiber.disconnect', 'fiber.disconnect', all, 'fiber'],
  ['business-internet-product.disconnect', 'business-internet-product.disconnect', all, 'business-internet-product'],
  ['ethernet-line.disconnect', 'ethernet-line.disconnect', all, 'ethernet-line'],
  ['mobile-plan.disconnect', 'mobile-plan.disconnect', all, 'mobile-plan'],
  ['home-bundle.disconnect', 'home-bundle.disconnect', all, 'home-bundle'],
])('%s is planned as its file says', async (name, order, rules, before, formerly = rules) => {
  const products =
    before === undefined ? [] : productsAfter(await json(`../${before}.product-order.json`), formerly, []);
  const placed = withProductId(await json(`../${order}.product-order.json`), products[0]?.id);
  const { plan, faults } = explainOrder(readProductOrder(placed, 'explained'), rules, products);
  expect(faults).toEqual([]);
  const file = `${name}.plan.json`;
  if (process.env['UPDATE_PLANS'] === '1') await writeFile(here(file), `${JSON.stringify(plan, null, 2)}\n`);
  // Byte for byte, but for how the file is laid out.
  expect(JSON.stringify(plan)).toBe(JSON.stringify(await json(file)));
});

const refusals = z.record(z.string(), z.array(z.string())).parse(await json('refusals.json'));

test.each(Object.entries(refusals))(
  'broken/%s is refused in the sentence that is written down',
  async (name, sentences) => {
    const order = await json(`../broken/${name}.product-order.json`);
    const { faults } = explainOrder(readProductOrder(order, 'explained'), all, []);
    expect(faults.map(({ itemId, failure }) => `item ${itemId}: ${failure.code}: ${failure.reason}`)).toEqual(
      sentences,
    );
  },
);
