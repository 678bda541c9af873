/** TMF622 to the fleet's words and back. Pure. */
import { isDeepStrictEqual } from 'node:util';

import type {
  ProductItemProgress,
  ProductOrder,
  ProductOrderRequest,
  RequestedProductItem,
} from '../../../contracts/messages/order-management.ts';
import type { Failure } from '../../../contracts/messages/values.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import type { ProductOrderCreate, ProductOrderItem } from '../../../contracts/tmf/tmf622.ts';
import { defined, listed, picked } from '../left-out.ts';
import { fromRelationships } from '../product-attributes.ts';
import { fromCharacteristics, toParties } from '../service-attributes.ts';
import { toItems } from './items.ts';
import { withStandingNotes, withoutStandingNotes } from './standing-notes.ts';

/**
 * What a created order asks of order management.
 *
 * @throws 400 for what no worker could act on, see `toItems`
 */
export function toRequest(body: ProductOrderCreate, id: string, now: Date): ProductOrderRequest {
  return {
    id,
    orderDate: now.toISOString(),
    ...picked(body, [
      'externalId',
      'description',
      'category',
      'priority',
      'requestedStartDate',
      'requestedCompletionDate',
    ]),
    parties: toParties(body.relatedParty),
    items: toItems(body.productOrderItem),
  };
}

/** An order as it is shown from its acceptance until order management has taken it. */
export function acknowledged(body: JsonObject, id: string, now: Date): JsonObject {
  const { productOrderItem } = body as ProductOrderCreate;
  return {
    '@type': 'ProductOrder',
    ...body,
    id,
    orderDate: now.toISOString(),
    state: 'acknowledged',
    productOrderItem: productOrderItem.map((item) => withItem(item, (one) => ({ ...one, state: 'acknowledged' }))),
  };
}

/**
 * An order as it is shown: what the client sent, with what order management says laid over it.
 *
 * @param submitted the client's document with its patches; absent for orders that came from inside the fleet
 */
export function toView(order: ProductOrder, submitted: JsonObject | undefined): JsonObject {
  const { request } = order;
  const base = submitted ?? fromRequest(request);
  const said = base['productOrderItem'] as ProductOrderItem[];
  const requested = byId(request.items);
  const before = submitted === undefined ? requested : byId(toItems(said.map(withoutOurs)));
  const items = said.map((item) =>
    withItem(item, (one) => {
      const asked = requested.get(one.id);
      // What an amendment did not come to, or a rule added: what is ordered is what order management holds.
      const moved = asked !== undefined && !isDeepStrictEqual(asked, before.get(one.id));
      const shown = moved ? { ...one, ...orderedItem(asked, one) } : one;
      const isPart = asked?.partOf !== undefined;
      return { ...shown, ...happened(shown, isPart, order.items[one.id], order.updatedAt) };
    }),
  );
  return {
    '@type': 'ProductOrder',
    ...base,
    id: order.id,
    orderDate: request.orderDate,
    state: order.state,
    ...defined({
      completionDate: order.completedAt,
      expectedCompletionDate: order.expectedAt,
      cancellationDate: order.cancelledAt,
      cancellationReason: order.cancellationReason,
    }),
    ...withStandingNotes(base, order),
    productOrderItem: items,
    ...(order.failure === undefined ? {} : { errorMessage: [errorMessage(order.failure, order.updatedAt)] }),
  };
}

const byId = (items: readonly RequestedProductItem[]) => new Map(items.map((item) => [item.itemId, item]));

/** What of a document the client owns: kept as submitted, so that a later PATCH finds it again. */
export function toSubmitted(doc: JsonObject): JsonObject {
  const {
    id: _id,
    href: _href,
    state: _state,
    orderDate: _ordered,
    completionDate: _completed,
    expectedCompletionDate: _expected,
    errorMessage: _errors,
    ...own
  } = doc;
  const items = own['productOrderItem'] as ProductOrderItem[] | undefined;
  return withoutStandingNotes({ ...own, ...(items === undefined ? {} : { productOrderItem: items.map(withoutOurs) }) });
}

/** An item without what only happens: its state, its faults, the products it led to. */
export function withoutOurs(item: ProductOrderItem): ProductOrderItem {
  const { state: _state, errorMessage: _errors, resultingProduct: _products, productOrderItem, ...own } = item;
  const { id: _id, href: _href, ...product } = own.product ?? {};
  return {
    ...own,
    ...(own.action === 'add' && own.product !== undefined ? { product } : {}),
    ...(productOrderItem === undefined ? {} : { productOrderItem: productOrderItem.map(withoutOurs) }),
  };
}

/** An item and those nested in it, each with what is laid over it. */
function withItem(item: ProductOrderItem, over: (item: ProductOrderItem) => JsonObject): JsonObject {
  const { productOrderItem: nested, ...own } = item;
  return {
    ...over(own),
    ...(nested === undefined ? {} : { productOrderItem: nested.map((one) => withItem(one, over)) }),
  };
}

/**
 * How an item stands. One product is named at its place, and so is a bundle, which comes before its parts; several are
 * named beside it, since none of them is the item's alone.
 */
function happened(
  item: ProductOrderItem,
  isPart: boolean,
  progress: ProductItemProgress | undefined,
  at: string,
): JsonObject {
  const { state = 'acknowledged', products = [], failure } = progress ?? {};
  const [id, ...others] = products;
  const alone = others.length === 0 || (!isPart && (item.quantity ?? 1) === 1);
  return {
    state,
    ...(id === undefined || !alone ? {} : { product: { ...item.product, id } }),
    ...(others.length === 0
      ? {}
      : { resultingProduct: products.map((product) => ({ id: product, '@referredType': 'Product' })) }),
    ...(failure === undefined ? {} : { errorMessage: [errorMessage(failure, at)] }),
  };
}

const errorMessage = ({ code, reason }: Failure, timestamp: string): JsonObject => ({
  code,
  reason,
  message: reason,
  timestamp,
});

function fromRequest(request: ProductOrderRequest): JsonObject {
  const { id: _id, orderDate: _date, parties, items, ...attributes } = request;
  const ids = new Set(items.map(({ itemId }) => itemId));
  const parts = Map.groupBy(items, ({ partOf }) => (partOf !== undefined && ids.has(partOf) ? partOf : undefined));
  const tree = (bundle: string | undefined): JsonObject[] =>
    (parts.get(bundle) ?? []).map((item) => ({
      id: item.itemId,
      ...orderedItem(item, undefined),
      ...listed(
        'productOrderItemRelationship',
        item.dependsOn.map((id) => ({ id, relationshipType: 'dependsOn' })),
      ),
      ...listed('productOrderItem', tree(item.itemId)),
    }));
  return { ...attributes, ...listed('relatedParty', parties), productOrderItem: tree(undefined) };
}

/** What an item asks for, over what the client said of it. */
function orderedItem(item: RequestedProductItem, said: ProductOrderItem | undefined): JsonObject {
  const { action, quantity, offering, specification, productId } = item;
  const product = said?.product;
  return {
    action,
    ...(quantity === 1 && said?.quantity === undefined ? {} : { quantity }),
    ...(offering === undefined ? {} : { productOffering: { ...said?.productOffering, ...offering } }),
    product: {
      ...product,
      ...(productId === undefined ? {} : { id: productId }),
      ...picked(item, ['name', 'description', 'isCustomerVisible', 'status']),
      ...(specification === undefined
        ? {}
        : { productSpecification: { ...product?.productSpecification, ...specification } }),
      ...listed('productCharacteristic', fromCharacteristics(item.characteristics, product?.productCharacteristic)),
      ...listed('productRelationship', fromRelationships(item.relationships, product?.productRelationship)),
      ...listed('relatedParty', item.parties),
      ...listed('place', item.places),
    },
  };
}
