import type { ProductOrderRequest, RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import type { Product } from '../../../contracts/messages/product-inventory.ts';
import type { Failure } from '../../../contracts/messages/values.ts';
import { hasEnded } from './product-tree.decide.ts';
import type { ItemFault } from './rules.decide.ts';

/**
 * What is wrong with an order's items by themselves: ids used twice, items that are not there, nesting in a circle, and what
 * an action needs.
 *
 * @param products as claimed; undefined as long as they are not
 */
export function itemFaults({ items }: ProductOrderRequest, products: readonly Product[] | undefined): ItemFault[] {
  const byId = new Map(items.map((item) => [item.itemId, item]));
  const about = new Map<string, string>();
  const faults: ItemFault[] = [];
  items.forEach((item, at) => {
    const { itemId, productId, action } = item;
    const other = productId === undefined || action === 'noChange' ? undefined : about.get(productId);
    if (productId !== undefined && action !== 'noChange') about.set(productId, itemId);
    const failure =
      (items.findIndex((one) => one.itemId === itemId) === at ? undefined : usedTwice(itemId)) ??
      unknownItem(item, byId) ??
      nestingCircle(item, byId) ??
      (item.partOf === undefined ? actionFault(item, products) : undefined) ??
      (other === undefined ? undefined : sameProduct(productId ?? '', other));
    if (failure !== undefined) faults.push({ itemId, failure });
  });
  return faults;
}

const usedTwice = (itemId: string): Failure => ({
  code: 'duplicateItem',
  reason: `Item id "${itemId}" is used twice; item ids must be unique within the order.`,
});

const sameProduct = (productId: string, other: string): Failure => ({
  code: 'productTwice',
  reason: `Item "${other}" is about product ${productId} too; one order changes a product once.`,
});

function unknownItem(
  { dependsOn, partOf }: RequestedProductItem,
  byId: ReadonlyMap<string, RequestedProductItem>,
): Failure | undefined {
  const missing = [...dependsOn, ...(partOf === undefined ? [] : [partOf])].find((id) => !byId.has(id));
  if (missing === undefined) return undefined;
  return { code: 'unknownItem', reason: `It refers to item "${missing}", which this order does not have.` };
}

function nestingCircle(
  item: RequestedProductItem,
  byId: ReadonlyMap<string, RequestedProductItem>,
): Failure | undefined {
  const path = [item.itemId];
  for (let above = item.partOf; above !== undefined; above = byId.get(above)?.partOf) {
    path.push(above);
    if (above === item.itemId)
      return { code: 'itemCircle', reason: `Items are nested in a circle: ${path.join(' -> ')}.` };
    if (path.indexOf(above) < path.length - 1) return undefined;
  }
  return undefined;
}

function actionFault(
  { action, productId, specification, quantity }: RequestedProductItem,
  products: readonly Product[] | undefined,
): Failure | undefined {
  if (action === 'noChange') return undefined;
  if (action === 'add')
    return specification === undefined
      ? { code: 'specificationMissing', reason: 'Name a product.productSpecification.id to say what to add.' }
      : undefined;
  if (quantity !== 1)
    return { code: 'quantity', reason: `Only an add has a quantity; ${action} is about one product.` };
  if (productId === undefined)
    return { code: 'productIdMissing', reason: `Action ${action} needs product.id of the product it is about.` };
  if (products === undefined) return undefined;
  const product = products.find(({ id }) => id === productId);
  if (product === undefined)
    return { code: 'unknownProduct', reason: `Product ${productId} is not in the product inventory.` };
  if (hasEnded(product)) return { code: 'productEnded', reason: `Product ${productId} is ${product.status}.` };
  if (action === 'modify' && specification === undefined && product.specification === undefined)
    return {
      code: 'specificationMissing',
      reason: `Product ${productId} has no specification: name the one it shall be.`,
    };
  return undefined;
}
