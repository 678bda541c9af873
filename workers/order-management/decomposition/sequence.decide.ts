/** In which order deliveries are done: by what stands on what, what comes after what, and what items depend on. */
import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type { ProductOrderRequest } from '../../../contracts/messages/order-management.ts';
import type { Product } from '../../../contracts/messages/product-inventory.ts';
import type { Failure } from '../../../contracts/messages/values.ts';
import { type Waits, waits } from './graph.decide.ts';
import type { Ended, Piece, Pieces } from './pieces.decide.ts';
import { componentsOf, partsOf } from './product-tree.decide.ts';
import { ruleOf } from './rules.decide.ts';

interface Known {
  readonly products: readonly Product[];
  readonly former: readonly DecompositionRule[];
}

/**
 * What waits for what. A service is made after what it stands on and taken off the network or ended before it; of a bundle
 * that ends, the parts end first where nothing speaks against it.
 *
 * @param suspends whether a component is taken off the network
 */
export function sequence(
  order: ProductOrderRequest,
  { pieces, ended }: Pieces,
  suspends: (piece: Piece) => boolean,
  known: Known,
): Waits {
  const graph = waits();
  for (const piece of pieces) {
    for (const below of piece.after) {
      if (suspends(piece) && suspends(below) && piece !== below) graph.wait(below.key, piece.key);
      else graph.wait(piece.key, below.key);
    }
  }
  const nodes = new Map([...pieces.flatMap(nodeOf), ...ended.map((one) => [one.realized.serviceId, one.key] as const)]);
  for (const end of ended) {
    if (end.replacedBy !== undefined) graph.wait(end.key, end.replacedBy.key);
    for (const serviceId of dependantsOf(end, known)) {
      const key = nodes.get(serviceId);
      if (key !== undefined && key !== end.key) graph.wait(end.key, key);
    }
  }
  relateItems(graph, order, { pieces, ended }, suspends);
  for (const end of ended) {
    const parts = ended.filter(({ product }) => isWithin(product, end.product.id, known.products));
    for (const part of parts) graph.preferToWait(end.key, part.key);
  }
  return graph;
}

const nodeOf = ({ old, key }: Piece) => (old === undefined ? [] : [[old.serviceId, key] as const]);

/** Services that stand on one, or came after it by the rule that made them. */
function dependantsOf({ realized, product }: Ended, { products, former }: Known): string[] {
  return products.flatMap((other) => {
    const rule = ruleOf(other, former);
    return componentsOf(other)
      .filter((one) => {
        if (one.standsOn.includes(realized.serviceId)) return true;
        const after = rule?.services.find(({ name }) => name === one.name)?.after ?? [];
        return after.some((ref) => meant(other, ref, { products, former }).includes(`${product.id} ${realized.name}`));
      })
      .map(({ serviceId }) => serviceId);
  });
}

/** What a reference of a product's former rule meant: `<product id> <component>`. */
function meant(product: Product, ref: string, { products, former }: Known): string[] {
  const path = ref.split('/');
  const name = path.pop() ?? '';
  let within: Product | undefined = product;
  // A product that is not what it says, part of itself, has no more bundles around it than there are products.
  for (let round = 0; within !== undefined && round <= products.length; round += 1) {
    const [first] = path;
    const rule: DecompositionRule | undefined = ruleOf(within, former);
    if (first === undefined || rule?.products.some((bundled) => bundled.name === first) === true) {
      let found = [within];
      for (const step of path)
        found = found.flatMap(({ id }) => partsOf(products, id).filter(({ bundle }) => bundle?.name === step));
      return found.map(({ id }) => `${id} ${name}`);
    }
    const bundleId: string | undefined = within.bundle?.productId;
    within = products.find(({ id }) => id === bundleId);
  }
  return [];
}

function isWithin({ bundle }: Product, bundleId: string, products: readonly Product[]): boolean {
  let above = bundle?.productId;
  for (let round = 0; above !== undefined && round <= products.length; round += 1) {
    if (above === bundleId) return true;
    const next: string = above;
    above = products.find(({ id }) => id === next)?.bundle?.productId;
  }
  return false;
}

const gateOf = (itemId: string): string => JSON.stringify(['item', itemId]);

/** What an item depends on is done before it; of two that both end or suspend something, unless one stands on the other. */
function relateItems(
  graph: Waits,
  { items }: ProductOrderRequest,
  { pieces, ended }: Pieces,
  suspends: (piece: Piece) => boolean,
): void {
  const nodes = [
    ...pieces.map((piece) => ({ key: piece.key, items: piece.product.items, downwards: suspends(piece) })),
    ...ended.map(({ key, items: chain }) => ({ key, items: chain, downwards: true })),
  ];
  const needed = new Set(items.flatMap(({ dependsOn }) => dependsOn));
  for (const itemId of needed) {
    for (const { key, items: chain } of nodes) if (chain.includes(itemId)) graph.wait(gateOf(itemId), key);
  }
  const downwards = (itemId: string): boolean => nodes.every((node) => node.downwards || !node.items.includes(itemId));
  for (const { itemId, dependsOn } of items) {
    for (const other of dependsOn) {
      const soft = downwards(itemId) && downwards(other);
      graph.wait(gateOf(itemId), gateOf(other));
      for (const { key, items: chain } of nodes) {
        if (!chain.includes(itemId)) continue;
        if (soft) graph.preferToWait(key, gateOf(other));
        else graph.wait(key, gateOf(other));
      }
    }
  }
}

/** A circle, in words. */
export function circleFault(
  graph: Waits,
  { pieces, ended }: Pieces,
): { failure: Failure; itemId?: string } | undefined {
  const circle = graph.circle();
  if (circle === undefined) return undefined;
  const titles = new Map([
    ...pieces.map(
      ({ key, product, component }) =>
        [key, titleOf(product.items, product.bundle?.name ?? product.rule.specification.id, component.name)] as const,
    ),
    ...ended.map(
      ({ key, product, realized, items }) =>
        [key, `the end of ${titleOf(items, product.bundle?.name ?? product.id, realized.name)}`] as const,
    ),
  ]);
  const first = [...pieces.map(({ key, product }) => ({ key, items: product.items })), ...ended].find(({ key }) =>
    circle.includes(key),
  );
  const path = circle.map((key) => titles.get(key) ?? `item "${String((JSON.parse(key) as unknown[])[1])}"`);
  const itemId = first?.items[0];
  return {
    failure: {
      code: 'circle',
      reason: `Each would have to be done before the next: ${path.toReversed().join(' -> ')}.`,
    },
    ...(itemId === undefined ? {} : { itemId }),
  };
}

const titleOf = (items: readonly string[], product: string, component: string): string =>
  `"${component}" of ${product} (item "${items[0] ?? ''}")`;
