import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ShownOrder,
  type ShownProductOrder,
  readOrder,
  readProducts,
  readServiceOrders,
} from './gateway-client.ts';
import {
  type ProductLook,
  isQuiet,
  isSettled,
  productChanges,
  productIdsOf,
  productLines,
} from './product-progress.ts';
import { changes, hasEnded } from './progress.ts';

/** How often a followed order is looked at. */
const lookMs = 100;
/** Views of what an order is about may come a moment after its own end. */
const lastLooks = 10;

/** Tells of an order's progress until it ends. */
export async function followServiceOrder(
  gateway: string,
  accepted: ShownOrder,
  say: (line: string) => void,
): Promise<ShownOrder> {
  let shown: ShownOrder | undefined;
  for (let current = accepted; ; current = await readOrder(gateway, 'serviceOrder', accepted.id)) {
    for (const line of changes(shown, current)) say(line);
    if (hasEnded(current)) return current;
    shown = current;
    await sleep(lookMs);
  }
}

/** Tells of a product order's progress, that of its service orders, and at the end how its products are. */
export async function followProductOrder(
  gateway: string,
  accepted: ShownProductOrder,
  say: (line: string) => void,
): Promise<ShownProductOrder> {
  let shown: ProductLook | undefined;
  let order = accepted;
  for (let last = 0; last < lastLooks; order = await readOrder(gateway, 'productOrder', accepted.id)) {
    const look = { order, serviceOrders: await readServiceOrders(gateway, order) };
    for (const line of productChanges(shown, look)) say(line);
    if (isQuiet(look)) break;
    if (hasEnded(order)) last += 1;
    shown = look;
    await sleep(lookMs);
  }
  for (const line of productLines(await settledProducts(gateway, order))) say(line);
  return order;
}

async function settledProducts(gateway: string, order: ShownProductOrder) {
  for (let look = 1; ; look += 1) {
    const products = await readProducts(gateway, productIdsOf(order));
    if (look === lastLooks || products.every(isSettled)) return products;
    await sleep(lookMs);
  }
}
