import type { ShownOrder, ShownProduct, ShownProductItem, ShownProductOrder } from './gateway-client.ts';
import { columns, hasEnded, reasonOf, whyOf } from './progress.ts';

/** A look at a product order and the service orders it has come to so far. */
export interface ProductLook {
  readonly order: ShownProductOrder;
  readonly serviceOrders: readonly ShownOrder[];
}

/** What changed from one look to the next, a line each: the order, its items, its service orders. */
export function productChanges(before: ProductLook | undefined, { order, serviceOrders }: ProductLook): string[] {
  const items = new Map([...everyProductItem(before?.order.productOrderItem ?? [])].map((one) => [one.id, one.state]));
  const known = new Map((before?.serviceOrders ?? []).map((one) => [one.id, one.state]));
  return [
    ...(before?.order.state === order.state ? [] : [columns('order', order.state, whyOf(order))]),
    ...[...everyProductItem(order.productOrderItem)]
      .filter(({ id, state }) => items.get(id) !== state)
      .map((item) => columns(`item ${item.id}`, item.state, itemWords(item, order))),
    ...serviceOrders
      .filter(({ id, state }) => known.get(id) !== state)
      .toSorted((one, other) => Number(known.has(other.id)) - Number(known.has(one.id)))
      .map((one) => serviceOrderLine(one, known.has(one.id))),
  ];
}

/** Every item, nested ones too. */
export function* everyProductItem(items: readonly ShownProductItem[]): Generator<ShownProductItem> {
  for (const item of items) {
    yield item;
    yield* everyProductItem(item.productOrderItem ?? []);
  }
}

/** The products an order is about, each once: those its items name and those they came to. */
export const productIdsOf = (order: ShownProductOrder): string[] => [
  ...new Set(
    [...everyProductItem(order.productOrderItem)].flatMap(({ product, resultingProduct = [] }) => [
      ...(product?.id === undefined ? [] : [product.id]),
      ...resultingProduct.map(({ id }) => id),
    ]),
  ),
];

/** True when nothing that is shown is about to change. */
export const isQuiet = ({ order, serviceOrders }: ProductLook): boolean =>
  hasEnded(order) && serviceOrders.every(hasEnded);

/** Statuses that a product only has on its way, or where something is missing or left behind. */
const passing: ReadonlySet<string> = new Set(['created', 'pendingActive', 'pendingTerminate']);
export const isSettled = ({ status }: ShownProduct): boolean => !passing.has(status);

/** Where an order leaves its products, a line each. */
export const productLines = (products: readonly ShownProduct[]): string[] =>
  products.map(({ id, status, name, productSpecification, missingComponent = [] }) =>
    columns(
      `product`,
      status,
      words(
        id,
        productSpecification?.id,
        name,
        missingComponent.length === 0 ? undefined : `without ${missingComponent.join(', ')}`,
      ),
    ),
  );

function itemWords(item: ShownProductItem, { note = [] }: ShownProductOrder): string {
  const said = note.find(({ id }) => id === `standing-item-${item.id}`)?.text;
  const why = reasonOf(item);
  return words(item.action, item.product?.productSpecification?.id, why === '' ? said : why);
}

/** Each is of one item, which is named for the component it is for. */
function serviceOrderLine(one: ShownOrder, isKnown: boolean): string {
  const [item] = one.serviceOrderItem;
  const why = whyOf(one) || (one.jeopardyAlert?.at(-1)?.message ?? '');
  return columns(
    `service ${item?.id ?? ''}`,
    one.state,
    words(item?.action, item?.service.serviceType, isKnown ? undefined : `service order ${one.id}`, why),
  );
}

const words = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join('  ');
