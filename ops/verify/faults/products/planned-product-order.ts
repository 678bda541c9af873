import type { JsonObject } from '../../../../contracts/tmf/common.ts';
import type { ServiceType } from '../planned-order.ts';

export type ProductServiceType = ServiceType | 'voice' | 'tv' | 'mobile';
/** Products that are ordered by themselves. */
export type ProductKind = 'fiber-1g' | 'business-internet' | 'home-bundle' | 'mobile-plan';
export type Characteristics = Readonly<Record<string, unknown>>;

/** What an order must come to in the services of one type, each of so many units alike. */
export interface PlannedService {
  readonly type: ProductServiceType;
  readonly units: number;
  readonly characteristics: Characteristics;
  /**
   * What takes effect on the network for it, each exactly once. Several where it depends on when the order was called off:
   * one of them happens.
   */
  readonly effects: readonly (readonly string[])[];
  readonly leaves: 'active' | 'terminated';
}

/** One item of a product order and what its products must come to. */
export interface PlannedProductItem {
  readonly id: string;
  readonly action: 'add' | 'modify' | 'delete';
  readonly quantity?: number;
  readonly productId?: string;
  readonly specification?: string;
  readonly characteristics?: Characteristics;
  /** Says more about the parts of a bundle. */
  readonly parts?: readonly Pick<PlannedProductItem, 'id' | 'specification' | 'characteristics'>[];
  /** Its state in the TMF622 view when all is over, and that of its parts' items. */
  readonly state: 'completed' | 'failed' | 'cancelled' | 'rejected';
  /** The status TMF637 shows of its products, by specification. */
  readonly products: Readonly<Record<string, string>>;
}

/** How a product order must end. */
export interface ProductOrderEnd {
  readonly end: 'completed' | 'partial' | 'failed' | 'rejected' | 'cancelled';
  readonly items: readonly PlannedProductItem[];
  readonly services: readonly PlannedService[];
}

/** A product order with its right end: of two that are right when it is called off while it runs. */
export interface PlannedProductOrder extends ProductOrderEnd {
  readonly of: 'products';
  /** Its Idempotency-Key and externalId. */
  readonly key: string;
  readonly kind: string;
  readonly startsAt?: string;
  /** Its customer asks to cancel it that long after it was accepted. */
  readonly cancelledAfterMs?: number;
  /** How it ends where that comes in time. */
  readonly orElse?: ProductOrderEnd;
}

/** What a client POSTs for it. */
export function productOrderBody(order: PlannedProductOrder): JsonObject {
  return {
    '@type': 'ProductOrder',
    externalId: order.key,
    description: order.kind,
    category: 'survival',
    relatedParty: [{ id: `customer-${order.key}`, role: 'customer', '@referredType': 'Organization' }],
    ...(order.startsAt === undefined ? {} : { requestedStartDate: order.startsAt }),
    productOrderItem: order.items.map(itemOf),
  };
}

function itemOf(item: PlannedProductItem): JsonObject {
  const { id, action, quantity, productId, parts = [] } = item;
  return {
    id,
    action,
    ...(quantity === undefined ? {} : { quantity }),
    product: { ...(productId === undefined ? {} : { id: productId }), ...productOf(item) },
    ...(parts.length === 0
      ? {}
      : { productOrderItem: parts.map((part) => ({ id: part.id, action, product: productOf(part) })) }),
  };
}

const productOf = ({ specification, characteristics = {} }: Partial<PlannedProductItem>): JsonObject => ({
  ...(specification === undefined ? {} : { productSpecification: { id: specification, version: '1.0' } }),
  productCharacteristic: Object.entries(characteristics).map(([name, value]) => ({ name, value })),
});
