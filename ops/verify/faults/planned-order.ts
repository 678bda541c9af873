import type { JsonObject } from '../../../contracts/tmf/common.ts';

export type ServiceType = 'broadband' | 'ip-addressing' | 'managed-router';

/**
 * One item of an order and what it must come to, whatever dies on the way. Written down before the order is sent, in the
 * network's and TM Forum's words, so that nothing of the engine is believed.
 */
export interface PlannedItem {
  readonly id: string;
  readonly action: 'add' | 'modify' | 'delete';
  readonly type: ServiceType;
  readonly serviceId?: string;
  readonly dependsOn?: readonly string[];
  readonly specification?: string;
  readonly characteristics?: Readonly<Record<string, unknown>>;
  /** Its state in the TMF641 view when all is over. */
  readonly state: 'completed' | 'failed' | 'cancelled' | 'rejected';
  /** What takes effect on the network for it, each exactly once: `olt.reserve`. */
  readonly effects: readonly string[];
  /** What TMF638 shows of its service: `nothing` was never there, `kept` is as it was before. */
  readonly leaves: 'active' | 'terminated' | 'nothing' | 'kept';
}

/** An order with its right end. */
export interface PlannedOrder {
  /** Its Idempotency-Key and externalId. */
  readonly key: string;
  readonly kind: string;
  readonly end: 'completed' | 'partial' | 'failed' | 'rejected';
  readonly items: readonly PlannedItem[];
}

const specifications: Record<ServiceType, string> = {
  broadband: 'broadband-access',
  'ip-addressing': 'ip-prefix',
  'managed-router': 'managed-router',
};

/** What a client POSTs for it. */
export function bodyOf(order: PlannedOrder): JsonObject {
  return {
    '@type': 'ServiceOrder',
    externalId: order.key,
    description: order.kind,
    category: 'survival',
    relatedParty: [{ id: `customer-${order.key}`, role: 'customer', '@referredType': 'Organization' }],
    serviceOrderItem: order.items.map(itemOf),
  };
}

function itemOf({ id, action, type, serviceId, dependsOn = [], specification, characteristics = {} }: PlannedItem) {
  const specified = action === 'add' ? { serviceSpecification: { id: specification ?? specifications[type] } } : {};
  return {
    id,
    action,
    ...(dependsOn.length === 0
      ? {}
      : {
          serviceOrderItemRelationship: dependsOn.map((itemId) => ({
            relationshipType: 'dependsOn',
            orderItem: { itemId },
          })),
        }),
    service: {
      ...(serviceId === undefined ? {} : { id: serviceId }),
      ...specified,
      serviceCharacteristic: Object.entries(characteristics).map(([name, value]) => ({ name, value })),
    },
  };
}
