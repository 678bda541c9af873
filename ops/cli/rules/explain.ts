import { z } from 'zod';
import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type {
  PlannedDelivery,
  PlannedProduct,
  ProductOrderPlan,
  ProductOrderRequest,
} from '../../../contracts/messages/order-management.ts';
import { type Product, product } from '../../../contracts/messages/product-inventory.ts';
import { productOrderCreate } from '../../../contracts/tmf/tmf622.ts';
import { toRequest } from '../../../gateway/apis/tmf622/translate.ts';
import { decompose } from '../../../workers/order-management/decomposition/decompose.decide.ts';
import { realize } from '../../../workers/order-management/decomposition/realize.decide.ts';
import { type ItemFault, chooseRules } from '../../../workers/order-management/decomposition/rules.decide.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { derivedId } from '../../platform/ids.ts';

/** What an order would come to, and the rules it would be pinned to. */
export interface Explanation {
  readonly verdict: 'decomposes' | 'rejected';
  readonly rules: readonly { readonly specification: string; readonly version: string; readonly rule: string }[];
  readonly faults: readonly ItemFault[];
  readonly plan?: ProductOrderPlan;
}

/**
 * Reads a TMF622 product order.
 *
 * @param name what its id is derived from: nobody placed it, and other ids are derived from it
 * @throws a sentence that says what is wrong with it
 */
export function readProductOrder(json: unknown, name: string): ProductOrderRequest {
  const parsed = productOrderCreate.safeParse(json);
  if (!parsed.success) throw new Sentence(`This is no product order: ${z.prettifyError(parsed.error)}`);
  return toRequest(parsed.data, derivedId('an order that nobody placed', name), new Date(0));
}

/**
 * Existing products, as the product inventory's events carry them: a list of them.
 *
 * @throws a sentence that says what is wrong with it
 */
export function readProducts(json: unknown): Product[] {
  const parsed = z.array(product).safeParse(json);
  if (!parsed.success) throw new Sentence(`These are no products: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/**
 * Products as they are when an order is done, behind those that were there.
 *
 * @throws a sentence for an order that comes to nothing
 */
export function productsAfter(
  json: unknown,
  rules: readonly DecompositionRule[],
  there: readonly Product[],
): Product[] {
  const order = readProductOrder(json, 'before');
  const explained = explainOrder(order, rules, there);
  if (explained.plan === undefined)
    throw new Sentence(['The order before is rejected.', ...explanationLines(explained)].join('\n'));
  return realize(explained.plan, order, there);
}

/** The sample orders about existing products say `<product id>` where its id belongs. */
export const withProductId = (json: unknown, id: string | undefined): unknown =>
  id === undefined ? json : (JSON.parse(JSON.stringify(json).replaceAll('<product id>', id)) as unknown);

/** Decomposes an order by rules, as order management would. */
export function explainOrder(
  order: ProductOrderRequest,
  rules: readonly DecompositionRule[],
  products: readonly Product[],
): Explanation {
  const chosen = chooseRules(order, rules, products);
  const known = chosen.rules.map(({ specification: { id, version }, version: rule }) => ({
    specification: id,
    version,
    rule,
  }));
  const result = decompose(order, { rules: chosen.rules, former: chosen.former, products }, derivedId);
  return 'plan' in result
    ? { verdict: 'decomposes', rules: known, faults: [], plan: result.plan }
    : { verdict: 'rejected', rules: known, faults: result.faults };
}

/** For people: each product, its service orders in the order they are done, and below each what made it so. */
export function explanationLines({ verdict, faults, plan }: Explanation): string[] {
  if (plan === undefined)
    return [verdict, ...faults.map(({ itemId, failure }) => `  item ${itemId}  ${failure.code}: ${failure.reason}`)];
  const { products, deliveries } = plan;
  const numbers = new Map(deliveries.map(({ id }, index) => [id, index + 1]));
  return [
    `${counted(products.length, 'product')}, ${counted(deliveries.length, 'service order')}`,
    ...products.flatMap((one) => [
      ...productLines(one),
      ...deliveries
        .filter(({ productId }) => productId === one.id)
        .flatMap((delivery) => deliveryLines(delivery, deliveries, numbers)),
    ]),
  ];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function productLines({
  itemId,
  unit,
  action,
  bundle,
  specification,
  rule,
  optional,
  status,
  characteristics,
}: PlannedProduct): string[] {
  const what = bundle === undefined ? `item ${itemId} #${unit}` : `  part ${bundle.name} #${unit}`;
  const version = specification.version === '' ? '' : ` ${specification.version}`;
  const by = rule === '' ? '' : `, rule ${rule}`;
  return [
    `${what}  ${action}  ${specification.id}${version}${by}  becomes ${status}${optional ? '  optional' : ''}`,
    ...(action === 'delete' ? [] : about('with', values(characteristics))),
  ];
}

function deliveryLines(
  delivery: PlannedDelivery,
  all: readonly PlannedDelivery[],
  numbers: ReadonlyMap<string, number>,
): string[] {
  const { id, action, component, serviceType, specification, operatingStatus, optional, dependsOn, standsOn, because } =
    delivery;
  const name = (one: PlannedDelivery): string => `${numbers.get(one.id) ?? '?'} ${one.component}`;
  const below = standsOn.map((serviceId) => {
    const other = all.find((one) => one.serviceId === serviceId);
    return other === undefined ? serviceId : name(other);
  });
  const waits = all.filter((one) => dependsOn.includes(one.id)).map(name);
  const notes = [operatingStatus ?? '', optional ? 'optional' : ''].filter((note) => note !== '');
  return [
    `  ${String(numbers.get(id) ?? '').padStart(3)} ${[`${action} ${component}`, `${serviceType} (${specification.id} ${specification.version ?? ''})`, ...notes].join('  ')}`,
    ...about('after', waits),
    ...about('stands on', below),
    ...about('by', [`${because.specification.id} ${because.specification.version ?? ''}, rule ${because.rule}`]),
    ...because.reasons.map((reason) => `        ${reason}`),
  ];
}

const values = (characteristics: PlannedProduct['characteristics']): string[] =>
  Object.entries(characteristics).map(([name, value]) => `${name}=${JSON.stringify(value)}`);

const about = (name: string, parts: readonly string[]): string[] =>
  parts.length === 0 ? [] : [`      ${name} ${parts.join(', ')}`];
