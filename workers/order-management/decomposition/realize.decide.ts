import type {
  PlannedProduct,
  ProductOrderPlan,
  ProductOrderRequest,
} from '../../../contracts/messages/order-management.ts';
import type { Product } from '../../../contracts/messages/product-inventory.ts';

/** The products as they are once all of an order is done: for explaining the next order, without an inventory. */
export function realize(
  plan: ProductOrderPlan,
  { id, orderDate }: Pick<ProductOrderRequest, 'id' | 'orderDate'>,
  before: readonly Product[] = [],
): Product[] {
  const kept = before.filter((product) => !plan.products.some((planned) => planned.id === product.id));
  return [...kept, ...plan.products.map((planned) => productOf(planned, plan, { id, orderDate }))];
}

function productOf(
  planned: PlannedProduct,
  { products }: ProductOrderPlan,
  { id: orderId, orderDate }: Pick<ProductOrderRequest, 'id' | 'orderDate'>,
): Product {
  const {
    id,
    itemId,
    action,
    name,
    offering,
    specification,
    rule,
    characteristics,
    bundle,
    status,
    components,
    places = [],
  } = planned;
  return {
    id,
    revision: 1,
    status,
    ...(name === undefined ? {} : { name }),
    isBundle: products.some((one) => one.bundle?.productId === id),
    ...(offering === undefined ? {} : { offering }),
    specification,
    rule,
    characteristics,
    ...(bundle === undefined ? {} : { bundle }),
    relationships: [],
    components,
    missing: [],
    parties: [],
    places,
    orderItems: [{ orderId, itemId, action }],
    orderDate,
    updatedAt: orderDate,
    claim: null,
  };
}
