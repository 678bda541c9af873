/** What an item's product is to be: characteristics, components, parts, each by its rule. */
import type { BundledProduct, DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type { ProductOrderRequest, RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import type { Product } from '../../../contracts/messages/product-inventory.ts';
import type { Characteristics } from '../../../contracts/messages/values.ts';
import { type Layer, productCharacteristics } from './characteristics.decide.ts';
import { judge } from './condition.decide.ts';
import { evaluate } from './expression.decide.ts';
import { nestedFault, speaker, spokenFor } from './nested.decide.ts';
import { type Gone, type Wanted, type WantedComponent, partsOf } from './product-tree.decide.ts';
import { type ItemFault, bundleCircle, ruleFor, ruleOf, titleOf } from './rules.decide.ts';
import { type Scope, asNumber, same, shown } from './scope.decide.ts';

/** Derives an id: the same names, the same id. */
export type IdOf = (...names: string[]) => string;

export interface Unfolding {
  readonly order: ProductOrderRequest;
  readonly rules: readonly DecompositionRule[];
  readonly former: readonly DecompositionRule[];
  readonly products: readonly Product[];
  readonly idOf: IdOf;
  /** What is found wrong goes here. */
  readonly faults: ItemFault[];
  /** How many products it came to so far. */
  count: number;
}

/** More are no order for one aggregate: they would not fit its messages. */
export const mostProducts = 200;

/** The id of the n-th product (from 1) that an item adds. */
export const addedProductId = (idOf: IdOf, orderId: string, itemId: string, unit: number): string =>
  idOf('product', orderId, itemId, String(unit));

type Start = Omit<Wanted, 'kind' | 'former' | 'ordered' | 'status' | 'scope' | 'components' | 'parts' | 'gone'> & {
  readonly layers: readonly Layer[];
};

/** A product as an item wants it; undefined where something is wrong with it. */
export function unfold(open: Unfolding, start: Start): Wanted | undefined {
  const { layers, ...place } = start;
  const { rule, before, parent, item } = place;
  const fault = (code: string, reason: string): undefined => {
    open.faults.push({ itemId: item.itemId, failure: { code, reason } });
  };
  open.count += 1;
  if (open.count === mostProducts + 1)
    return fault('tooManyProducts', `The order comes to more than ${mostProducts} products; order them apart.`);
  if (open.count > mostProducts) return undefined;
  const resolved = productCharacteristics(rule, layers);
  if ('code' in resolved) return fault(resolved.code, resolved.reason);
  const unknownBundle = before?.bundle !== undefined && parent === undefined && readsBundle(rule);
  if (unknownBundle)
    return fault(
      'partOfBundle',
      `Product ${before.id} is part of bundle ${before.bundle?.productId ?? ''} and made by its characteristics: order a change of the bundle.`,
    );
  const ordered = (item.action === 'modify' ? item.status : undefined) ?? parent?.ordered;
  const scope: Scope = { ...resolved, ...(parent === undefined ? {} : { bundle: parent.scope }) };
  const wanted: Wanted = {
    kind: 'wanted',
    ...place,
    former: before && ruleOf(before, open.former),
    ordered,
    status: ordered ?? ((before ?? parent)?.status === 'suspended' ? 'suspended' : 'active'),
    scope,
    components: componentsOf(open, item.itemId, rule, scope),
    parts: [],
    gone: [],
  };
  unfoldParts(open, wanted);
  return wanted;
}

const readsBundle = (rule: DecompositionRule): boolean =>
  JSON.stringify([rule.services, rule.products]).includes('"bundle.');

function componentsOf(open: Unfolding, itemId: string, rule: DecompositionRule, scope: Scope): WantedComponent[] {
  return rule.services.flatMap((component) => {
    const verdict = component.when && judge(component.when, scope);
    if (verdict?.holds === false) return [];
    const reasons = verdict === undefined ? [] : [`taken, as ${verdict.because}`];
    const found = valuesOf(open, itemId, component, scope, `Component "${component.name}" of ${titleOf(rule)}`);
    const origins = Object.keys(found.values).map(
      (name) => `${name} = ${shown(found.values[name] ?? null)}: ${found.because[name] ?? ''}`,
    );
    return [{ component, characteristics: found.values, reasons: [...reasons, ...origins] }];
  });
}

/** Evaluates declared characteristics, by name. */
function valuesOf(
  { faults }: Pick<Unfolding, 'faults'>,
  itemId: string,
  { characteristics }: Pick<BundledProduct, 'characteristics'>,
  scope: Scope,
  whose: string,
): { values: Characteristics; because: Record<string, string> } {
  const values: Characteristics = {};
  const because: Record<string, string> = {};
  for (const [name, expression] of Object.entries(characteristics).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const result = evaluate(expression, scope);
    if ('fault' in result)
      faults.push({ itemId, failure: { code: 'noValue', reason: `${whose}, ${name}: ${result.fault}.` } });
    else if (result.value !== undefined && result.value !== null) {
      values[name] = result.value;
      because[name] = result.because;
    }
  }
  return { values, because };
}

function unfoldParts(open: Unfolding, bundle: Wanted): void {
  const { order, products, faults, idOf } = open;
  const { rule, item, before } = bundle;
  const there = before === undefined ? [] : partsOf(products, before.id);
  const nested = bundle.spokenFor ? order.items.filter(({ partOf }) => partOf === item.itemId) : [];
  const { spoken, faults: unknown } = spokenFor(rule, nested, there);
  faults.push(...unknown);
  const path = rulesAbove(bundle);
  for (const bundled of rule.products) {
    const items = spoken.get(bundled.name) ?? [];
    const { count, because } = quantityOf(open, bundle, bundled);
    if (count > mostProducts) {
      const reason = `${titleOf(rule)} comes to ${count} of "${bundled.name}", more than ${mostProducts}.`;
      faults.push({ itemId: item.itemId, failure: { code: 'tooManyProducts', reason } });
      continue;
    }
    const leaving = new Set(items.filter(({ action }) => action === 'delete').map(({ productId }) => productId));
    const here = there
      .filter((part) => part.bundle?.name === bundled.name)
      .toSorted((a, b) => Number(leaving.has(a.id)) - Number(leaving.has(b.id)));
    const units = Array.from({ length: count }, (_, at) => here[at]);
    const speakers = new Set(units.flatMap((_, at) => speaker(items, units, at) ?? []));
    const misplaced = nestedFault(items, bundled, count, speakers, because);
    if (misplaced !== undefined) faults.push(misplaced);
    units.forEach((part, at) => {
      const partRule = ruleOfPart(open, bundled, part);
      const speaking = speaker(items, units, at);
      const fault =
        'code' in partRule ? partRule : path.includes(partRule) ? bundleCircle([...path, partRule]) : undefined;
      if (fault !== undefined || 'code' in partRule) {
        if (fault !== undefined) faults.push({ itemId: item.itemId, failure: fault });
        return;
      }
      const unfolded = unfold(open, {
        id: part?.id ?? idOf('product', order.id, bundle.id, bundled.name, String(at + 1)),
        items: speaking === undefined ? bundle.items : [...bundle.items, speaking.itemId],
        unit: at + 1,
        bundle: { productId: bundle.id, name: bundled.name },
        optional: bundle.optional || bundled.optional,
        item: speaking ?? item,
        spokenFor: speaking !== undefined,
        parent: bundle,
        rule: partRule,
        before: part,
        layers: layersOf(open, bundle, bundled, part, speaking),
      });
      if (unfolded !== undefined) bundle.parts.push(unfolded);
    });
    here.slice(count).forEach((part, at) => bundle.gone.push(ending(open, part, bundle.items, count + at + 1)));
  }
  const dropped = there.filter((part) => !rule.products.some(({ name }) => name === part.bundle?.name));
  bundle.gone.push(...dropped.map((part, at) => ending(open, part, bundle.items, unitOf(dropped, at))));
}

const rulesAbove = (product: Wanted): DecompositionRule[] =>
  product.parent === undefined ? [product.rule] : [...rulesAbove(product.parent), product.rule];

function quantityOf(open: Unfolding, { rule, scope, item }: Wanted, { name, when, quantity }: BundledProduct) {
  const verdict = when && judge(when, scope);
  if (verdict?.holds === false) return { count: 0, because: verdict.because };
  if (quantity === undefined) return { count: 1, because: 'the rule bundles one' };
  const result = evaluate(quantity, scope);
  const count = 'fault' in result ? undefined : result.value === undefined ? 1 : asNumber(result.value);
  if (count !== undefined && Number.isInteger(count) && count >= 0)
    return { count, because: 'because' in result ? result.because : '' };
  const why = 'fault' in result ? result.fault : `${shown(result.value ?? null)} is no number of products`;
  const reason = `How many of "${name}" there are in ${titleOf(rule)}: ${why}.`;
  open.faults.push({ itemId: item.itemId, failure: { code: 'noQuantity', reason } });
  return { count: 0, because: why };
}

/** A part stays at its version until its bundle names another one. */
function ruleOfPart({ rules, former }: Unfolding, { specification }: BundledProduct, part: Product | undefined) {
  const own = part?.specification;
  const stays = own?.id === specification.id && specification.version === undefined;
  const found = ruleFor(rules, stays ? own : specification);
  return 'code' in found && part !== undefined ? (ruleOf(part, former) ?? found) : found;
}

/**
 * What is said of a bundled product: as it is, as the bundle's rule has it now, as the nested item says. What the customer
 * said himself once, other than the rule that held then, stays until he says another.
 */
function layersOf(
  open: Unfolding,
  bundle: Wanted,
  bundled: BundledProduct,
  part: Product | undefined,
  speaking: RequestedProductItem | undefined,
): Layer[] {
  const whose = `Product "${bundled.name}" of ${titleOf(bundle.rule)}`;
  const { values, because } = valuesOf(open, bundle.item.itemId, bundled, bundle.scope, whose);
  const mapped: Characteristics = {};
  const then = formerly(bundle, bundled);
  for (const name of Object.keys(bundled.characteristics)) {
    const own =
      part !== undefined && then !== undefined && !same(part.characteristics[name] ?? null, then[name] ?? null);
    if (!own) mapped[name] = values[name] ?? null;
  }
  return [
    ...(part === undefined ? [] : [asItIs(part)]),
    { values: mapped, origin: (name) => `${titleOf(bundle.rule)} says ${because[name] ?? ''}`, said: true },
    ...(speaking === undefined || speaking.action === 'delete' ? [] : [asSaid(speaking)]),
  ];
}

/** What the rule of a bundle, as it was, said of the part, as the bundle was. */
function formerly({ before, former }: Wanted, { name }: BundledProduct): Characteristics | undefined {
  const bundled = former?.products.find((one) => one.name === name);
  if (before === undefined || bundled === undefined) return undefined;
  return valuesOf({ faults: [] }, '', bundled, { characteristics: before.characteristics, origins: {} }, '').values;
}

export const asItIs = ({ characteristics }: Product): Layer => ({
  values: characteristics,
  origin: () => 'as the product has it',
  said: false,
});
export const asSaid = ({ itemId, characteristics }: RequestedProductItem): Layer => ({
  values: characteristics,
  origin: () => `item "${itemId}" says so`,
  said: true,
});

/** A product that is to end, and its parts with it. */
export function ending(
  { products, former }: Pick<Unfolding, 'products' | 'former'>,
  product: Product,
  items: readonly string[],
  unit: number,
  above: readonly string[] = [],
): Gone {
  const parts = partsOf(products, product.id).filter(({ id }) => !above.includes(id));
  return {
    kind: 'gone',
    id: product.id,
    items,
    unit,
    bundle: product.bundle,
    product,
    former: ruleOf(product, former),
    parts: parts.map((part, at) =>
      ending({ products, former }, part, items, unitOf(parts, at), [...above, product.id]),
    ),
  };
}

/** Which one of its name a part is, from 1. */
const unitOf = (parts: readonly Product[], at: number): number =>
  parts.slice(0, at + 1).filter(({ bundle }) => bundle?.name === parts[at]?.bundle?.name).length;
