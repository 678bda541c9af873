import type { BundledProduct, DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type { RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import type { Product } from '../../../contracts/messages/product-inventory.ts';
import { type ItemFault, titleOf } from './rules.decide.ts';

/** Nested items, by the name of the bundled product that they say more about. */
export type Spoken = ReadonlyMap<string, readonly RequestedProductItem[]>;

/**
 * Finds the bundled product that each nested item means: the existing part it names by id, or the one of its name, or the
 * only one of its specification.
 */
export function spokenFor(
  rule: DecompositionRule,
  nested: readonly RequestedProductItem[],
  parts: readonly Product[],
): { readonly spoken: Spoken; readonly faults: readonly ItemFault[] } {
  const spoken = new Map<string, RequestedProductItem[]>();
  const faults: ItemFault[] = [];
  for (const item of nested) {
    if (item.action === 'noChange') continue;
    const name = meant(rule, item, parts);
    if (name !== undefined) spoken.set(name, [...(spoken.get(name) ?? []), item]);
    else faults.push({ itemId: item.itemId, failure: unknownPart(rule, item) });
  }
  return { spoken, faults };
}

function meant(
  { products }: DecompositionRule,
  { productId, name, specification }: RequestedProductItem,
  parts: readonly Product[],
): string | undefined {
  const part = parts.find(({ id }) => id === productId);
  if (productId !== undefined) return part?.bundle?.name;
  const named = products.find((one) => one.name === name);
  if (named !== undefined) return named.name;
  const ofSpecification = products.filter((one) => one.specification.id === specification?.id);
  return ofSpecification.length === 1 ? ofSpecification[0]?.name : undefined;
}

function unknownPart(rule: DecompositionRule, { productId, name, specification }: RequestedProductItem) {
  const said = [
    ...(productId === undefined ? [] : [`product ${productId}`]),
    ...(name === undefined ? [] : [`name "${name}"`]),
    ...(specification === undefined ? [] : [`specification "${specification.id}"`]),
  ];
  const bundled = rule.products.map((one) => `"${one.name}" (${one.specification.id})`);
  return {
    code: 'unknownPart',
    reason:
      `${said.length === 0 ? 'Neither name nor specification is given' : `${said.join(', ')} means`} no one product of ` +
      `${titleOf(rule)}; it bundles ${bundled.length === 0 ? 'nothing' : bundled.join(', ')}.`,
  };
}

/**
 * The item that speaks for the n-th of a bundled product: the one that names it by id, else the only one there is, else
 * the n-th of those that name none.
 */
export function speaker(
  items: readonly RequestedProductItem[],
  units: readonly (Product | undefined)[],
  at: number,
): RequestedProductItem | undefined {
  const here = units[at];
  const named = here && items.find(({ productId }) => productId === here.id);
  if (named !== undefined) return named;
  const unnamed = items.filter(({ productId }) => productId === undefined);
  if (unnamed.length === 1 && items.length === 1) return unnamed[0];
  const free = units.flatMap((unit, index) =>
    items.some(({ productId }) => productId === unit?.id && unit) ? [] : [index],
  );
  return unnamed[free.indexOf(at)];
}

/** What nested items ask of a bundled product that its bundle does not come to. */
export function nestedFault(
  items: readonly RequestedProductItem[],
  { name }: BundledProduct,
  count: number,
  spoken: ReadonlySet<RequestedProductItem>,
  because: string,
): ItemFault | undefined {
  for (const item of items) {
    const fault = (code: string, reason: string): ItemFault => ({ itemId: item.itemId, failure: { code, reason } });
    if (item.quantity > 1 && item.quantity !== count)
      return fault('partQuantity', `The bundle has ${count} of "${name}", not ${item.quantity}; ${because}.`);
    if (item.action === 'delete' && spoken.has(item))
      return fault('partKept', `"${name}" stays as long as the bundle has it: change the bundle's characteristics.`);
    if (item.action !== 'delete' && !spoken.has(item))
      return fault('partNotTaken', `The bundle has ${count} of "${name}", and this item speaks for none; ${because}.`);
  }
  return undefined;
}
