/** Items of a TMF622 order to the fleet's words: nested ones stand beside the one they are part of. Pure. */
import type { RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import type { ProductRefOrValue } from '../../../contracts/tmf/product-attributes.ts';
import { bundlesOf, everyItem } from '../../../contracts/tmf/product-order-bounds.ts';
import type { ProductOrderItem } from '../../../contracts/tmf/tmf622.ts';
import { refuse } from '../../tmf630/errors.ts';
import { defined } from '../left-out.ts';
import { toReference, toRelationships } from '../product-attributes.ts';
import { toCharacteristics, toParties, toPlaces } from '../service-attributes.ts';

/** Relations of items that say: this one comes after that one. */
const waiting = new Set(['dependson', 'relieson']);

/**
 * What an order's items ask for.
 *
 * @throws 400 for what no worker could act on: a characteristic named twice, several of something that exists, a status
 *   that cannot be ordered, a new product with an id
 */
export function toItems(list: readonly ProductOrderItem[]): RequestedProductItem[] {
  const placed = [...everyItem(list)];
  const bundles = bundlesOf(placed);
  const items = placed.flatMap(({ item }) => {
    const [partOf] = bundles.get(item.id) ?? [];
    return [toItem(item, partOf), ...toParts(item, item.product, item.id)];
  });
  const ids = new Set<string>();
  for (const { itemId } of items) {
    if (ids.has(itemId)) {
      throw refuse('invalidBody', `Item '${itemId}' has the id that a product described in its bundle is given.`, {
        message: 'Give the item another id.',
      });
    }
    ids.add(itemId);
  }
  return items;
}

function toItem(item: ProductOrderItem, partOf: string | undefined): RequestedProductItem {
  const { id, action, quantity = 1, product = {}, productOffering } = item;
  if (quantity > 1 && action !== 'add') {
    throw refuse('invalidBody', `Item '${id}' has action ${action} and quantity ${quantity}.`, {
      message: 'Only new products come in a quantity: send one item for each product that exists.',
    });
  }
  if (action === 'add' && product.id !== undefined) {
    throw refuse('invalidBody', `Item '${id}' has action add and product.id '${product.id}'.`, {
      message: 'A new product is given its id. To change one that exists, send action modify.',
    });
  }
  const dependsOn = (item.productOrderItemRelationship ?? []).flatMap((one) =>
    waiting.has(one.relationshipType?.toLowerCase() ?? '') ? (one.id ?? []) : [],
  );
  return {
    itemId: id,
    action,
    quantity,
    ...defined({ productId: product.id, partOf }),
    dependsOn: [...new Set(dependsOn)],
    ...toProduct(id, action, product, productOffering ?? product.productOffering),
  };
}

/** Products described within an item's product say more about the parts of that bundle, as nested items do. */
function toParts(
  item: ProductOrderItem,
  product: ProductRefOrValue | undefined,
  partOf: string,
): RequestedProductItem[] {
  const { action } = item;
  if (action !== 'add' && action !== 'modify') return [];
  return (product?.product ?? []).flatMap((part, at) => {
    const itemId = `${partOf}/${at + 1}`;
    const { id, product: within, ...rest } = part;
    const own = toItem({ id: itemId, action, product: id === undefined ? rest : { ...rest, id } }, partOf);
    return [own, ...toParts(item, { product: within }, itemId)];
  });
}

function toProduct(
  itemId: string,
  action: ProductOrderItem['action'],
  product: ProductRefOrValue,
  offering: ProductOrderItem['productOffering'],
): Omit<RequestedProductItem, 'itemId' | 'action' | 'quantity' | 'dependsOn'> {
  const { name, description, isCustomerVisible, productSpecification } = product;
  return {
    ...(offering === undefined ? {} : { offering: toReference(offering) }),
    ...(productSpecification === undefined ? {} : { specification: toReference(productSpecification) }),
    ...defined({ name, description, isCustomerVisible }),
    characteristics: toCharacteristics(product.productCharacteristic, `item '${itemId}'`),
    ...orderedStatus(itemId, action, product.status),
    relationships: toRelationships(product.productRelationship),
    parties: toParties(product.relatedParty),
    places: toPlaces(product.place),
  };
}

/** A modify suspends a product or takes it up again. Where nothing is changed, or all ends, a status only describes. */
function orderedStatus(
  itemId: string,
  action: ProductOrderItem['action'],
  status: ProductRefOrValue['status'],
): Pick<RequestedProductItem, 'status'> {
  if (status === undefined || action === 'delete' || action === 'noChange') return {};
  if (action === 'modify' && (status === 'active' || status === 'suspended')) return { status };
  if (action === 'add' && status === 'active') return {};
  throw refuse('invalidBody', `Item '${itemId}' has action ${action} and product.status ${status}.`, {
    message:
      'Action modify suspends a product (suspended) or takes it up again (active); delete terminates it; a new one becomes active.',
  });
}
