import { z } from 'zod';
import { send } from '../../../contracts/messages/message.ts';
import {
  type DeliveryProgress,
  plannedDelivery,
  productOrder,
  settleDelivery,
} from '../../../contracts/messages/order-management.ts';
import { type Characteristics, type Failure, instant } from '../../../contracts/messages/values.ts';
import { productOrderStates } from '../../../contracts/states/product-order.ts';
import { type Database, transaction } from '../../platform/database.ts';
import { publicationOf } from '../../platform/messaging/envelope.ts';
import { newId } from '../../platform/ids.ts';
import { insertDue } from '../../platform/messaging/message.store.ts';
import { orderEnds } from '../trace/words.ts';
import type { Word } from './fallout.store.ts';

/** Of a stored product order, what an operator needs to see. */
const stored = z.object({
  order: productOrder.pick({ id: true, stage: true, deliveries: true }),
  planned: z.array(
    plannedDelivery.pick({ id: true, action: true, optional: true, characteristics: true, specification: true }),
  ),
  work: z.record(
    z.string(),
    z.object({
      heldHere: z.boolean().optional(),
      fellOut: z.boolean().optional(),
      serviceOrders: z.array(z.string()),
    }),
  ),
  audit: z.array(
    z.object({ at: instant, about: z.string(), from: z.string(), to: z.string(), why: z.string().optional() }),
  ),
});

/** A delivery of a product order that stands still until a person says how it goes on. */
export interface HeldDelivery {
  readonly deliveryId: string;
  readonly since: Date;
  readonly orderId: string;
  readonly stage: string;
  readonly itemId: string;
  readonly component: string;
  readonly action: string;
  /** `undo`: it could not be taken back. */
  readonly purpose: DeliveryProgress['purpose'];
  readonly optional: boolean;
  readonly serviceId: string;
  readonly serviceType: string;
  readonly specification: string;
  /** Every service order it had, oldest first. */
  readonly serviceOrders: readonly string[];
  /** `policy`: that of its service type said so. `serviceOrder`: its service order is held. `letter`: that was given up. */
  readonly heldBy: 'policy' | 'serviceOrder' | 'letter';
  /** What the service shall be. */
  readonly requested: Characteristics;
  readonly failure?: Failure;
  /** Its way through the order so far. */
  readonly transitions: readonly {
    readonly at: string;
    readonly from: string;
    readonly to: string;
    readonly why?: string | undefined;
  }[];
}

const running = productOrderStates.filter((state) => !orderEnds.has(state));

/** Held deliveries, those held longest first: everything, or of one product order, delivery or service order. */
export async function readHeldDeliveries(sql: Database, id?: string): Promise<HeldDelivery[]> {
  const rows = await sql<{ doc: unknown; since: Date }[]>`
    select jsonb_build_object('order', doc -> 'order', 'planned', coalesce(doc -> 'plan' -> 'deliveries', '[]'),
                              'work', doc -> 'work', 'audit', doc -> 'audit') as doc, updated_at as since
    from order_management.product_order
    where state = any(${running}) and not deleted and doc -> 'order' -> 'deliveries' @> '[{"state": "held"}]'
    order by updated_at`;
  const held = rows.flatMap(({ doc, since }) => heldOf(stored.parse(doc), since));
  return held
    .filter((one) => id === undefined || [one.orderId, one.deliveryId, ...one.serviceOrders].includes(id))
    .toSorted((one, other) => one.since.getTime() - other.since.getTime());
}

function heldOf({ order, planned, work, audit }: z.output<typeof stored>, updatedAt: Date): HeldDelivery[] {
  return order.deliveries.flatMap((one) => {
    const plan = planned.find(({ id }) => id === one.id);
    if (one.state !== 'held' || plan === undefined) return [];
    const transitions = audit.filter(({ about }) => about === one.component);
    const { heldHere, fellOut, serviceOrders = [] } = work[one.id] ?? {};
    const begun = transitions.findLast(({ to }) => to === 'held' || to === 'undo held')?.at;
    return [
      {
        ...{ deliveryId: one.id, orderId: order.id, stage: order.stage, itemId: one.itemId, component: one.component },
        ...{ action: plan.action, purpose: one.purpose, optional: plan.optional, serviceId: one.serviceId },
        ...{ serviceType: one.serviceType, serviceOrders, requested: plan.characteristics, transitions },
        specification: [plan.specification.id, plan.specification.version].filter(Boolean).join(' '),
        since: begun === undefined ? updatedAt : new Date(begun),
        heldBy: heldHere === true ? 'policy' : fellOut === true ? 'letter' : 'serviceOrder',
        ...(one.failure === undefined ? {} : { failure: one.failure }),
      } satisfies HeldDelivery,
    ];
  });
}

/** Every service order of a product order; none for any other id. */
export async function readServiceOrderIds(sql: Database, orderId: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select jsonb_array_elements_text(work.value -> 'serviceOrders') as id
    from order_management.product_order, jsonb_each(doc -> 'work') as work where product_order.id = ${orderId}`;
  return rows.map(({ id }) => id);
}

/**
 * Sends the operator's word to order management, with its audit line, in one transaction.
 *
 * @returns the id of the message that carries it: what it came to is written under it
 */
export async function settleHeldDelivery(
  sql: Database,
  { orderId, deliveryId, itemId, component }: HeldDelivery,
  { verb, actor, reason, requested }: Word,
): Promise<string> {
  const correction = requested === undefined ? {} : { requested };
  const word = publicationOf(send(settleDelivery, { orderId, deliveryId, verb, ...correction }), {
    correlationId: orderId,
    awaited: true,
  });
  const subject = { orderId, itemId, deliveryId, component, ...correction };
  await transaction(sql, async (tx) => {
    await tx`
      insert into platform.audit (id, actor, verb, subject, reason)
      values (${newId()}, ${actor}, ${`fallout ${verb}`}, ${tx.json(subject)}, ${reason ?? null})`;
    await insertDue(tx, [word]);
  });
  return word.id;
}
