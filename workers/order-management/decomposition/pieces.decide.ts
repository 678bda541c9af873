/** Components of all products of an order, what each stands on and what it must come after. */
import type { ProductOrderRequest } from '../../../contracts/messages/order-management.ts';
import type { Product, RealizedComponent } from '../../../contracts/messages/product-inventory.ts';
import {
  type Gone,
  type Wanted,
  type WantedComponent,
  componentsOf,
  partsFirst,
  partsOf,
  withParts,
} from './product-tree.decide.ts';
import type { IdOf } from './unfold.decide.ts';

/** A component as it is to be. */
export interface Piece extends WantedComponent {
  readonly key: string;
  readonly product: Wanted;
  readonly serviceId: string;
  /** The service it has; undefined where it gets a new one. */
  readonly old: RealizedComponent | undefined;
  /** Components that must be there first. */
  readonly after: readonly Piece[];
  readonly standsOn: readonly string[];
}

/** A service that is to end. */
export interface Ended {
  readonly key: string;
  readonly product: Product;
  readonly items: readonly string[];
  readonly realized: RealizedComponent;
  readonly reason: string;
  /** What takes its place. */
  readonly replacedBy: Piece | undefined;
}

export interface Pieces {
  readonly pieces: readonly Piece[];
  readonly ended: readonly Ended[];
}

/** Relationships that say: this product's services are carried by that product's. */
const supportingRelationships = ['reliesOn', 'dependsOn', 'standsOn'];

/** Sets the components of wanted products against the services that are there. */
export function piecesOf(
  order: ProductOrderRequest,
  wanted: readonly Wanted[],
  gone: readonly Gone[],
  products: readonly Product[],
  idOf: IdOf,
): Pieces {
  const everything = wanted.flatMap(withParts);
  const bare = new Map(
    everything.flatMap((product) =>
      product.components.map((one) => {
        const piece = bareOf(order, product, one, idOf);
        return [piece.key, piece] as const;
      }),
    ),
  );
  const endedProducts = [...gone, ...everything.flatMap((product) => product.gone)].flatMap(partsFirst);
  const leaving = new Set(
    endedProducts.flatMap(({ product }) => componentsOf(product)).map(({ serviceId }) => serviceId),
  );
  for (const piece of bare.values()) {
    const targets = (refs: readonly string[]) => refs.flatMap((ref) => targetsOf(piece.product, ref, bare));
    const own = targets(piece.component.standsOn);
    const supports = own.length > 0 ? { pieces: [], services: [] } : supportsOf(order, piece, bare, products);
    piece.after.push(...new Set([...targets(piece.component.after), ...own, ...supports.pieces]));
    const below = [...own, ...supports.pieces].map(({ serviceId }) => serviceId);
    const outside = outsideOf(piece).filter((id) => !leaving.has(id));
    const standsOn = [...new Set([...below, ...supports.services, ...outside])];
    piece.standsOn.push(...asBefore(standsOn, piece.old));
  }
  const pieces = [...bare.values()];
  const dropped = everything.flatMap((product) => droppedOf(product, pieces));
  return { pieces, ended: [...dropped, ...endedProducts.flatMap((product) => endOf(product))] };
}

type Open = Omit<Piece, 'after' | 'standsOn'> & { after: Piece[]; standsOn: string[] };

const keyOf = (productId: string, name: string): string => JSON.stringify([productId, name]);
const endKeyOf = (productId: string, name: string): string => JSON.stringify([productId, name, 'end']);

function bareOf(order: ProductOrderRequest, product: Wanted, one: WantedComponent, idOf: IdOf): Open {
  const { name, serviceType } = one.component;
  const old = componentsOf(product.before).find((before) => before.name === name && before.serviceType === serviceType);
  const serviceId = old?.serviceId ?? idOf('service', order.id, product.id, name);
  return { ...one, key: keyOf(product.id, name), product, serviceId, old, after: [], standsOn: [] };
}

/**
 * What a reference within a rule means: a component of the product itself, or, as `<product>/<name>`, of a product bundled in
 * it or in a bundle around it. Nothing where that is not taken.
 */
function targetsOf(product: Wanted, ref: string, pieces: ReadonlyMap<string, Open>): Open[] {
  const path = ref.split('/');
  const name = path.pop() ?? '';
  for (let within: Wanted | undefined = product; within !== undefined; within = within.parent) {
    const [first] = path;
    if (first !== undefined && !within.rule.products.some((bundled) => bundled.name === first)) continue;
    let found = [within];
    for (const step of path) found = found.flatMap(({ parts }) => parts.filter(({ bundle }) => bundle?.name === step));
    return found.flatMap(({ id }) => pieces.get(keyOf(id, name)) ?? []);
  }
  return [];
}

/** What a component that stands on nothing of its own product is carried by: products that its items depend on or relate to. */
function supportsOf(
  { items }: ProductOrderRequest,
  { product, old }: Open,
  pieces: ReadonlyMap<string, Open>,
  products: readonly Product[],
): { pieces: Open[]; services: string[] } {
  const all = [...pieces.values()];
  const said = items.filter(({ itemId }) => product.items.includes(itemId));
  const depended = said.flatMap(({ dependsOn }) => (old === undefined ? dependsOn : []));
  const related = said.flatMap(({ relationships }) =>
    relationships.filter(({ type }) => supportingRelationships.includes(type)).map(({ productId }) => productId),
  );
  const kept = items
    .filter(({ itemId, action }) => depended.includes(itemId) && action === 'noChange')
    .flatMap(({ productId }) => productId ?? []);
  const ids = new Set([...related, ...kept]);
  const there = products.filter(({ id }) => ids.has(id)).flatMap((one) => [one, ...partsOf(products, one.id)]);
  const found = all.filter(
    (piece) =>
      piece.product.items.some((id) => depended.includes(id) && !product.items.includes(id)) ||
      there.some(({ id }) => id === piece.product.id && id !== product.id),
  );
  const services = there.filter(({ id }) => !found.some((piece) => piece.product.id === id)).flatMap(componentsOf);
  return { pieces: found, services: services.map(({ serviceId }) => serviceId) };
}

/** What a service stands on beside its own product and its bundle: that stays. */
function outsideOf({ product, old, component }: Open): string[] {
  let root = product;
  while (root.parent !== undefined) root = root.parent;
  const within = withParts(root).flatMap(({ before }) => componentsOf(before));
  const formerOne = old ?? componentsOf(product.before).find(({ name }) => name === component.name);
  return (formerOne?.standsOn ?? []).filter((id) => !within.some(({ serviceId }) => serviceId === id));
}

/** In the order it had, where nothing else changed. */
function asBefore(standsOn: readonly string[], old: RealizedComponent | undefined): readonly string[] {
  const equal = old !== undefined && old.standsOn.length === standsOn.length;
  return equal && old.standsOn.every((id) => standsOn.includes(id)) ? old.standsOn : standsOn;
}

/** Services of a product that stays which its components do not need any more. */
function droppedOf({ before, items, rule, id }: Wanted, pieces: readonly Piece[]): Ended[] {
  if (before === undefined) return [];
  return componentsOf(before).flatMap((realized) => {
    if (pieces.some((piece) => piece.product.id === id && piece.old === realized)) return [];
    const replacedBy = pieces.find((piece) => piece.key === keyOf(id, realized.name));
    const reason =
      replacedBy === undefined
        ? `rule ${rule.version} does not take "${realized.name}" for what the product is to be`
        : `rule ${rule.version} has "${realized.name}" by service type ${replacedBy.component.serviceType} now`;
    return [{ key: endKeyOf(id, realized.name), product: before, items, realized, reason, replacedBy }];
  });
}

function endOf({ product, items }: Gone): Ended[] {
  const item = items.at(-1) ?? '';
  return componentsOf(product)
    .toReversed()
    .map((realized) => ({
      key: endKeyOf(product.id, realized.name),
      product,
      items,
      realized,
      reason: `the product ends with item "${item}"`,
      replacedBy: undefined,
    }));
}
