import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type {
  PlannedDelivery,
  PlannedProduct,
  ProductOrderPlan,
  ProductOrderRequest,
  RequestedProductItem,
} from '../../../contracts/messages/order-management.ts';
import type { Product } from '../../../contracts/messages/product-inventory.ts';
import { draftsOf, switched } from './deliveries.decide.ts';
import { itemFaults } from './items.decide.ts';
import { type Pieces, piecesOf } from './pieces.decide.ts';
import { type Gone, type Wanted, withGoneParts, withParts } from './product-tree.decide.ts';
import { type ItemFault, ruleFor, ruleOf, wantedSpecification } from './rules.decide.ts';
import { canonical, same } from './scope.decide.ts';
import { circleFault, sequence } from './sequence.decide.ts';
import {
  type IdOf,
  type Unfolding,
  addedProductId,
  asItIs,
  asSaid,
  ending,
  mostProducts,
  unfold,
} from './unfold.decide.ts';

/** What a decomposition rests on. */
export interface KnownToDecompose {
  /** The pinned rules: see `chooseRules`, which says them and `former`. */
  readonly rules: readonly DecompositionRule[];
  /** What existing products were realized by; looked for among `rules` where it is not given. */
  readonly former?: readonly DecompositionRule[] | undefined;
  /** As claimed, parts of bundles among them; undefined as long as they are not: then items about them come to nothing. */
  readonly products?: readonly Product[] | undefined;
}

/** More are no plan that fits a message. */
const mostDependencies = 2_000;
/** In bytes, of a plan and of what is told of its products: a message holds 256 KiB, and there is more in it. */
const largestPlan = 232 * 1024;
/** In bytes: names of attributes, ids and dates in what describes a new product. */
const frame = 200;

/**
 * What an order comes to: which products, and which service orders in which order. A function of its arguments: the same
 * order under the same rules and products gives the same plan, byte for byte, whatever the order of keys they come in.
 *
 * @returns the plan; or, by item, in sentences, why there is none
 */
export function decompose(
  order: ProductOrderRequest,
  given: KnownToDecompose,
  idOf: IdOf,
): { plan: ProductOrderPlan } | { faults: ItemFault[] } {
  const { rules, products = [], former = rules } = given;
  const faults = itemFaults(order, given.products);
  if (faults.length > 0) return { faults };

  const open: Unfolding = { order, rules, former, products, idOf, faults, count: 0 };
  const tops = order.items.filter(({ partOf }) => partOf === undefined).flatMap((item) => topsOf(open, item));
  if (faults.length > 0) return { faults };

  const wanted = tops.filter((top) => top.kind === 'wanted');
  const gone = tops.filter((top) => top.kind === 'gone');
  const pieces = piecesOf(order, wanted, gone, products, idOf);
  const { drafts, faults: wrong } = draftsOf(order, pieces, idOf);
  if (wrong.length > 0) return { faults: [...wrong] };

  const graph = sequence(order, pieces, (piece) => switched(piece, piece.old) === 'suspended', { products, former });
  const circle = circleFault(graph, pieces);
  if (circle !== undefined)
    return { faults: [{ itemId: circle.itemId ?? order.items[0]?.itemId ?? '', failure: circle.failure }] };
  const idsOf = (keys: readonly string[]) => keys.flatMap((key) => drafts.get(key)?.id ?? []);
  const deliveries = [...graph.among([...drafts.keys()])].flatMap(([key, dependsOn]): PlannedDelivery[] => {
    const draft = drafts.get(key);
    return draft === undefined ? [] : [{ ...draft, dependsOn: idsOf(dependsOn) }];
  });
  const dependencies = deliveries.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0);
  if (dependencies > mostDependencies) {
    const reason = `Its service orders depend on each other ${dependencies} times, more than ${mostDependencies}; order its items apart.`;
    return { faults: [{ itemId: order.items[0]?.itemId ?? '', failure: { code: 'tooManyDependencies', reason } }] };
  }
  const planned = tops.flatMap((top) => plannedOf(top, pieces, deliveries));
  const plan = canonical({ products: planned, deliveries });
  const size = Math.max(sizeOf(plan), ...toldSizes(order, planned));
  if (size <= largestPlan) return { plan };
  const reason = `It comes to ${Math.ceil(size / 1024)} KiB of products and service orders, more than ${largestPlan / 1024} KiB; order less at once.`;
  return { faults: [{ itemId: order.items[0]?.itemId ?? '', failure: { code: 'planTooLarge', reason } }] };
}

/**
 * In bytes: the claim that describes new products, and the record that describes parts of new bundles beside what all products
 * become. Each of a quantity, and each part, brings its item's parties and places with it.
 */
function toldSizes(order: ProductOrderRequest, planned: readonly PlannedProduct[]): [claim: number, record: number] {
  const weights = new Map(
    order.items.map(({ itemId, description, parties, places, relationships }) => {
      const bare = description === undefined && parties.length + places.length + relationships.length === 0;
      return [itemId, bare ? 0 : bytesOf(JSON.stringify([description, parties, places, relationships]))];
    }),
  );
  const described = ({ itemId, name, offering, specification, characteristics }: PlannedProduct): number =>
    frame + (weights.get(itemId) ?? 0) + bytesOf(JSON.stringify([name, offering, specification, characteristics]));
  const added = planned.filter(({ action }) => action === 'add');
  const parts = added.filter(({ bundle }) => bundle !== undefined);
  const sum = (products: readonly PlannedProduct[]): number => products.reduce((all, one) => all + described(one), 0);
  const claim = sum(added.filter(({ bundle }) => bundle === undefined));
  return [claim, parts.length === 0 ? 0 : bytesOf(JSON.stringify(planned)) + sum(parts)];
}

/** In bytes, as it travels. */
function sizeOf(plan: ProductOrderPlan): number {
  const text = JSON.stringify(plan);
  // No character takes more than three bytes: what is small is not counted.
  return text.length * 3 <= largestPlan ? text.length : bytesOf(text);
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** The products of an item, as they are to be. */
function topsOf(open: Unfolding, item: RequestedProductItem): (Wanted | Gone)[] {
  const { order, rules, former, products, idOf, faults } = open;
  const { itemId, action, quantity, specification } = item;
  if (action === 'noChange') return [];
  const before = action === 'add' ? undefined : products.find(({ id }) => id === item.productId);
  if (action !== 'add' && before === undefined) return [];
  if (action === 'delete') return before === undefined ? [] : [ending(open, before, [itemId], 1)];
  const found = ruleFor(rules, wantedSpecification(item, before) ?? { id: '' });
  const stays = 'code' in found && before !== undefined && specification === undefined;
  const rule = (stays ? ruleOf(before, former) : undefined) ?? found;
  if ('code' in rule) {
    faults.push({ itemId, failure: rule });
    return [];
  }
  // One more than there may be is enough to find that out.
  return Array.from({ length: Math.min(quantity, mostProducts + 1) }, (_, at) =>
    unfold(open, {
      id: before?.id ?? addedProductId(idOf, order.id, itemId, at + 1),
      items: [itemId],
      unit: at + 1,
      bundle: before?.bundle,
      optional: false,
      item,
      spokenFor: true,
      parent: undefined,
      rule,
      before,
      layers: [...(before === undefined ? [] : [asItIs(before)]), asSaid(item)],
    }),
  ).filter((one) => one !== undefined);
}

function plannedOf(top: Wanted | Gone, pieces: Pieces, deliveries: readonly PlannedDelivery[]): PlannedProduct[] {
  if (top.kind === 'gone') return withGoneParts(top).map(goneProduct);
  return withParts(top).flatMap((product) => {
    const planned = wantedProduct(product, pieces);
    const stays = product.before !== undefined && product !== top && isAsBefore(planned, product.before);
    const touched = deliveries.some(({ productId }) => productId === product.id);
    return [...(stays && !touched ? [] : [planned]), ...product.gone.flatMap(withGoneParts).map(goneProduct)];
  });
}

function wantedProduct(product: Wanted, { pieces }: Pieces): PlannedProduct {
  const { id, items, unit, item, bundle, optional, rule, scope, before, status, spokenFor } = product;
  const name = (spokenFor ? item.name : undefined) ?? before?.name ?? (bundle === undefined ? undefined : rule.name);
  const offering = (spokenFor ? item.offering : undefined) ?? before?.offering;
  return {
    id,
    itemId: items[0] ?? item.itemId,
    ...(spokenFor && items.length > 1 ? { saidBy: item.itemId } : {}),
    unit,
    action: before === undefined ? 'add' : 'modify',
    ...(bundle === undefined ? {} : { bundle }),
    optional,
    ...(offering === undefined ? {} : { offering }),
    specification: rule.specification,
    rule: rule.version,
    ...(name === undefined ? {} : { name }),
    characteristics: scope.characteristics,
    ...(spokenFor && item.places.length > 0 ? { places: item.places } : {}),
    status,
    components: pieces
      .filter((piece) => piece.product === product)
      .map(({ component, serviceId, characteristics, standsOn }) => ({
        name: component.name,
        serviceId,
        serviceType: component.serviceType,
        specification: component.specification,
        characteristics,
        standsOn: [...standsOn],
        optional: component.optional || optional,
      })),
  };
}

function isAsBefore(planned: PlannedProduct, before: Product): boolean {
  const { specification, rule, characteristics, status } = planned;
  const { id, version } = specification;
  return (
    same(characteristics, before.characteristics) &&
    rule === before.rule &&
    id === before.specification?.id &&
    version === before.specification.version &&
    (status === 'suspended') === (before.status === 'suspended')
  );
}

function goneProduct({ id, items, unit, bundle, product, former }: Gone): PlannedProduct {
  const { specification, name, offering, characteristics, rule } = product;
  return {
    id,
    itemId: items[0] ?? '',
    unit,
    action: 'delete',
    ...(bundle === undefined ? {} : { bundle }),
    optional: false,
    ...(offering === undefined ? {} : { offering }),
    // A product that was made outside of orders may have none.
    specification: former?.specification ?? {
      ...specification,
      id: specification?.id ?? 'none',
      version: specification?.version ?? '',
    },
    rule: rule ?? '',
    ...(name === undefined ? {} : { name }),
    characteristics,
    status: 'terminated',
    components: [],
  };
}
