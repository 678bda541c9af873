/** What makes the items of a product order an order: ids of their own, bundles that close nowhere, and not too many. */
import type { ProductRefOrValue } from './product-attributes.ts';

/** The most products an order may come to: items, nested ones, and each as often as its quantity says. */
export const MAX_ORDER_PRODUCTS = 200;

/** An item, as far as this goes. */
interface Item {
  readonly id: string;
  readonly quantity?: number | undefined;
  readonly product?: ProductRefOrValue | undefined;
  readonly productOrderItem?: readonly Item[] | undefined;
  readonly productOrderItemRelationship?:
    | readonly { readonly id?: string | undefined; readonly relationshipType?: string | undefined }[]
    | undefined;
}

export interface Placed<Of> {
  readonly item: Of;
  /** Where it is in the document. */
  readonly path: readonly (string | number)[];
  /** The item it is nested in. */
  readonly within: string | undefined;
}

export interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** All items of an order, nested ones after the one they are nested in. */
export function* everyItem<Of extends { readonly productOrderItem?: readonly Of[] | undefined; readonly id: string }>(
  list: readonly Of[],
  path: readonly (string | number)[] = [],
  within?: string,
): Generator<Placed<Of>> {
  for (const [index, item] of list.entries()) {
    const here = [...path, index];
    yield { item, path: here, within };
    yield* everyItem(item.productOrderItem ?? [], [...here, 'productOrderItem'], item.id);
  }
}

/** How relations between items say that one is part of another: an item `bundles` its parts, or each of them says so. */
const bundling = new Set(['bundles', 'bundled']);
const beingPart = new Set(['ispartof', 'bundledby']);

/** The item that each is part of, by nesting or by a relation. Items that are part of none are not in it. */
export function bundlesOf(placed: readonly Placed<Item>[]): Map<string, Set<string>> {
  const bundles = new Map<string, Set<string>>();
  const add = (part: string | undefined, bundle: string | undefined): void => {
    if (part !== undefined && bundle !== undefined) bundles.set(part, (bundles.get(part) ?? new Set()).add(bundle));
  };
  for (const { item, within } of placed) {
    add(item.id, within);
    for (const { id, relationshipType = '' } of item.productOrderItemRelationship ?? []) {
      const kind = relationshipType.toLowerCase();
      if (bundling.has(kind)) add(id, item.id);
      if (beingPart.has(kind)) add(item.id, id);
    }
  }
  return bundles;
}

/** Everything that is wrong with how the items hang together, each with its place and what to do about it. */
export function faultsOf(items: readonly Item[]): Fault[] {
  const placed = [...everyItem(items)];
  const byId = new Map<string, Placed<Item>>();
  const faults: Fault[] = [];
  for (const one of placed) {
    const { id } = one.item;
    if (byId.has(id)) faults.push(fault(one, 'id', `repeats '${id}': each item needs an id of its own`));
    byId.set(id, one);
  }
  const bundles = bundlesOf(placed);
  for (const [id, others] of bundles) {
    const [bundle, ...more] = others;
    const one = byId.get(id);
    if (one === undefined || bundle === undefined || !byId.has(bundle)) {
      const said = byId.get(bundle ?? '') ?? one;
      const unknown = one === undefined ? id : (bundle ?? '');
      if (said !== undefined)
        faults.push(fault(said, 'productOrderItemRelationship', `names '${unknown}', and there is no such item`));
    } else if (more.length > 0) {
      faults.push(fault(one, 'id', `'${id}' is part of ${[...others].join(' and ')}: an item is part of one bundle`));
    }
  }
  if (faults.length > 0) return faults;
  const counted = countProducts(placed, byId, bundles);
  return typeof counted === 'number' ? tooMany(counted) : [counted];
}

function countProducts(
  placed: readonly Placed<Item>[],
  byId: ReadonlyMap<string, Placed<Item>>,
  bundles: ReadonlyMap<string, ReadonlySet<string>>,
): number | Fault {
  let products = 0;
  for (const one of placed) {
    const chain = [...bundlesAround(one, byId, bundles)];
    if (chain.length > new Set(chain).size)
      return fault(one, 'id', `'${one.item.id}' is part of itself, by ${chain.map(({ item }) => item.id).join(', ')}`);
    const times = chain.reduce((product, { item }) => product * (item.quantity ?? 1), 1);
    products += times * (1 + parts(one.item.product));
  }
  return products;
}

/** An item, the one it is part of, and so on; it ends behind the first that comes twice. */
function* bundlesAround(
  one: Placed<Item>,
  byId: ReadonlyMap<string, Placed<Item>>,
  bundles: ReadonlyMap<string, ReadonlySet<string>>,
): Generator<Placed<Item>> {
  const seen = new Set<string>();
  for (let at: Placed<Item> | undefined = one; at !== undefined;) {
    yield at;
    if (seen.has(at.item.id)) return;
    seen.add(at.item.id);
    const [bundle]: readonly string[] = [...(bundles.get(at.item.id) ?? [])];
    at = bundle === undefined ? undefined : byId.get(bundle);
  }
}

/** Products within a product, which an order may also nest that way. */
const parts = (product: ProductRefOrValue | undefined): number =>
  (product?.product ?? []).reduce((sum, part) => sum + 1 + parts(part), 0);

const tooMany = (products: number): Fault[] =>
  products <= MAX_ORDER_PRODUCTS
    ? []
    : [
        {
          path: [],
          message: `comes to ${products} products, nested items and quantities counted: split the order, ${MAX_ORDER_PRODUCTS} is the most`,
        },
      ];

const fault = ({ path }: Placed<Item>, attribute: string, message: string): Fault => ({
  path: [...path, attribute],
  message,
});
