import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type { ProductOrderRequest, RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import type { Product } from '../../../contracts/messages/product-inventory.ts';
import type { Failure, SpecificationRef } from '../../../contracts/messages/values.ts';

export interface ItemFault {
  readonly itemId: string;
  readonly failure: Failure;
}

/** Which rules an order is carried out by. */
export interface ChosenRules {
  /** What it is decomposed by: for each specification version that it or a bundle of it names, one rule. */
  readonly rules: readonly DecompositionRule[];
  /** What the products it changes were realized by, whatever became of these rules since. */
  readonly former: readonly DecompositionRule[];
  readonly faults: readonly ItemFault[];
}

/**
 * Chooses the rule of each item and of each bundled product, so that the order can pin them: the newest active rule of the
 * version that is named, or of the newest version that has one.
 *
 * @param products none as long as they are not claimed: then what only they can tell is left out
 * @param pinned what was chosen before; it stays chosen
 */
export function chooseRules(
  order: ProductOrderRequest,
  rules: readonly DecompositionRule[],
  products: readonly Product[],
  pinned: readonly { readonly specification: SpecificationRef; readonly version: string }[] = [],
): ChosenRules {
  const keys = new Set(pinned.map(({ specification: { id, version }, version: rule }) => key(id, version, rule)));
  const kept = rules.filter((rule) => keys.has(keyOf(rule)));
  const find = (ref: SpecificationRef): DecompositionRule | Failure => {
    const found = ruleFor(kept, ref);
    return 'code' in found ? ruleFor(rules, ref) : found;
  };
  const chosen = new Map(kept.map((rule) => [keyOf(rule), rule]));
  const former = new Map<string, DecompositionRule>();
  const faults: ItemFault[] = [];
  for (const item of order.items) {
    for (const product of productsOf(item, products)) {
      const before = ruleOf(product, rules);
      if (before !== undefined) former.set(keyOf(before), before);
    }
    for (const ref of refsOf(item, products)) {
      const fault = choose(ref, find, chosen, []);
      // What cannot be ordered any more can still be changed, by the rule it was made by.
      const stays = item.action === 'modify' && item.specification === undefined && former.size > 0;
      if (fault !== undefined && !(stays && fault.code === 'retiredSpecification'))
        faults.push({ itemId: item.itemId, failure: fault });
    }
  }
  return { rules: inOrder(chosen), former: inOrder(former), faults };
}

/** Takes a rule and those of the products bundled in it. */
function choose(
  ref: SpecificationRef,
  find: (ref: SpecificationRef) => DecompositionRule | Failure,
  chosen: Map<string, DecompositionRule>,
  within: readonly DecompositionRule[],
): Failure | undefined {
  const rule = find(ref);
  if ('code' in rule) {
    const bundle = within.at(-1);
    if (bundle === undefined) return rule;
    return { code: rule.code, reason: `${rule.reason} It is bundled in ${titleOf(bundle)}.` };
  }
  if (within.includes(rule)) return bundleCircle([...within, rule]);
  chosen.set(keyOf(rule), rule);
  for (const { specification } of rule.products) {
    const fault = choose(specification, find, chosen, [...within, rule]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

export const bundleCircle = (path: readonly DecompositionRule[]): Failure => ({
  code: 'bundleCircle',
  reason: `A bundle contains itself: ${path.map(titleOf).join(' -> ')}.`,
});

/** The specifications an item names: its own, or those of the products it is about. */
function refsOf(item: RequestedProductItem, products: readonly Product[]): SpecificationRef[] {
  if (item.action === 'noChange' || item.action === 'delete' || item.partOf !== undefined) return [];
  if (item.action === 'add') return item.specification === undefined ? [] : [item.specification];
  const [product, ...parts] = productsOf(item, products);
  const wanted = wantedSpecification(item, product);
  return [wanted, ...parts.map(({ specification }) => specification)].filter((ref) => ref !== undefined);
}

/** Of a modify: what the product is to be; its own version where the item names no other. */
export function wantedSpecification(
  { specification }: RequestedProductItem,
  product: Product | undefined,
): SpecificationRef | undefined {
  if (specification === undefined) return product?.specification;
  const stays = specification.version === undefined && specification.id === product?.specification?.id;
  return stays ? product.specification : specification;
}

/** The product that an item is about, and the parts of it. */
function productsOf({ productId }: RequestedProductItem, products: readonly Product[]): Product[] {
  const found = products.filter(({ id }) => id === productId);
  for (const product of found) {
    const within = products.filter(({ bundle }) => bundle?.productId === product.id);
    found.push(...within.filter((part) => !found.includes(part)));
  }
  return found;
}

/** The rule that a product was realized by, active or not. */
export const ruleOf = ({ specification, rule }: Product, rules: readonly DecompositionRule[]) =>
  rules.find((one) => keyOf(one) === key(specification?.id, specification?.version, rule));

/** The newest active rule of the version that is named, or of the newest version that has one. */
export function ruleFor(rules: readonly DecompositionRule[], ref: SpecificationRef): DecompositionRule | Failure {
  const ofAll = rules.filter(({ specification }) => specification.id === ref.id);
  const ofVersion = ofAll.filter(
    ({ specification }) => ref.version === undefined || specification.version === ref.version,
  );
  const found = ofVersion
    .filter(({ lifecycleStatus }) => lifecycleStatus === 'active')
    .toSorted((a, b) => compareVersions(a.specification.version, b.specification.version) || a.revision - b.revision)
    .at(-1);
  if (found !== undefined) return found;
  const named = `product specification "${ref.id}"${ref.version === undefined ? '' : ` version "${ref.version}"`}`;
  if (ofVersion.length > 0)
    return { code: 'retiredSpecification', reason: `The rules for ${named} are retired: it can no longer be ordered.` };
  const versions = [...new Set(ofAll.map(({ specification }) => specification.version))].toSorted(compareVersions);
  const others = versions.length === 0 ? '' : ` There are rules for ${versions.join(', ')}.`;
  return { code: 'unknownSpecification', reason: `There is no decomposition rule for ${named}.${others}` };
}

/** Versions by their numbers where they have some: 1.10 is newer than 1.9. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [partsOf(one), partsOf(other)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [a = '', b = ''] = [left[at], right[at]];
    const [m, n] = [Number(a), Number(b)];
    const order = a !== '' && b !== '' && !Number.isNaN(m - n) ? m - n : a < b ? -1 : a > b ? 1 : 0;
    if (order !== 0) return order;
  }
  return 0;
}

const partsOf = (version: string): string[] => version.split(/[.\-+]/);

export const titleOf = ({ specification: { id, version }, version: rule }: DecompositionRule): string =>
  `${id} ${version} (rule ${rule})`;

const key = (id: string | undefined, version: string | undefined, rule: string | undefined): string =>
  JSON.stringify([id, version, rule]);
const keyOf = (rule: DecompositionRule): string => key(rule.specification.id, rule.specification.version, rule.version);

const inOrder = (rules: ReadonlyMap<string, DecompositionRule>): DecompositionRule[] =>
  [...rules].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, rule]) => rule);
