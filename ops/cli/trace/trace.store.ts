import { z } from 'zod';
import { serviceOrder, serviceOrderChanged } from '../../../contracts/messages/service-ordering.ts';
import { failure } from '../../../contracts/messages/values.ts';
import { type Database, type Transaction, transaction } from '../../platform/database.ts';
import { type ProductRecords, readProductRecords, serviceOrderIdsOf } from './product.store.ts';

/** One handling of one message, as its inbox row tells. Instants are the database's, but `publishedAt`. */
export interface Handling {
  readonly messageId: string;
  /** The order it is about. */
  readonly correlationId: string;
  readonly consumer: string;
  readonly attempt: number;
  readonly causationId: string | null;
  readonly type: string;
  readonly about: string | null;
  readonly publishedAt: Date | null;
  readonly at: Date;
  /** Null: done. */
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly againAt: Date | null;
}

/** A row of the outbox: its message is on its way, waits for its time, or arrived a moment ago. */
export interface Waiting {
  readonly messageId: string;
  readonly causationId: string | null;
  readonly type: string;
  readonly attempt: number;
  readonly to: string;
  readonly since: Date;
  readonly dueAt: Date;
  readonly unroutable: boolean;
}

/** Of a stored activation, what its story needs. */
const activation = z.object({
  id: z.string(),
  phase: z.string(),
  command: z.object({ orderId: z.string(), itemId: z.string(), action: z.string(), serviceType: z.string() }),
  position: z.int(),
  entries: z.array(
    z.object({
      step: z.string(),
      platform: z.string(),
      direction: z.string(),
      state: z.string(),
      failure: failure.optional(),
      deadlineAt: z.string().optional(),
      log: z
        .array(
          z.object({
            what: z.string(),
            at: z.string(),
            endedAt: z.string().optional(),
            result: z.string().optional(),
            reason: z.string().optional(),
          }),
        )
        .optional(),
    }),
  ),
});
export type TracedActivation = z.output<typeof activation> & { readonly dueAt: Date | null };

const order = serviceOrder
  .pick({ state: true, startedAt: true, completedAt: true, milestones: true, jeopardies: true })
  .partial({ milestones: true, jeopardies: true })
  .extend({ request: serviceOrder.shape.request.pick({ orderDate: true, requestedBy: true }) });
export type TracedOrder = z.output<typeof order>;

/** Everything that is kept of an order's way. */
export interface Records {
  /** When the gateway accepted it; undefined when it did not come through the gateway. */
  readonly acceptedAt: Date | undefined;
  /** The state its view shows: where service ordering has not answered yet, `acknowledged`. */
  readonly shown: string | undefined;
  readonly order: TracedOrder | undefined;
  /** Of a product order: what order management keeps of it. */
  readonly product?: ProductRecords | undefined;
  /** Of a product order: the service orders it came to, by id. */
  readonly serviceOrders?: ReadonlyMap<string, TracedOrder>;
  /** It is a product order, though order management may not have taken it yet. */
  readonly isProductOrder?: boolean;
  readonly handled: readonly Handling[];
  readonly waiting: readonly Waiting[];
  readonly activations: readonly TracedActivation[];
  readonly audit: readonly {
    readonly at: Date;
    readonly actor: string;
    readonly verb: string;
    readonly reason: string | null;
  }[];
}

/** An order that loops would fill a screen for ever; its beginning tells why. */
const mostHandlings = 5_000;

/**
 * Reads all that is kept of an order, as of one moment: of a product order, what is kept of its service orders too.
 *
 * @returns undefined when nothing is known under this id
 */
export const readRecords = (sql: Database, orderId: string): Promise<Records | undefined> =>
  transaction(sql, (tx) => read(tx, orderId), 'isolation level repeatable read read only');

async function read(tx: Transaction, orderId: string): Promise<Records | undefined> {
  const [submitted, views, product] = await Promise.all([
    tx<{ resource: string; at: Date }[]>`
      select resource, created_at as at from gateway.submitted
      where resource in ('serviceOrder', 'productOrder') and id = ${orderId}`,
    tx<{ state: string | null }[]>`
      select state from gateway.view
      where resource in ('serviceOrder', 'productOrder') and id = ${orderId} and not deleted`,
    readProductRecords(tx, orderId),
  ]);
  const ids = [orderId, ...(product === undefined ? [] : serviceOrderIdsOf(product))];
  const [orders, own, waiting, activations, audit] = await Promise.all([
    tx<{ id: string; order: unknown }[]>`
      select id, doc -> 'order' as order from service_ordering.service_order where id = any(${ids})`,
    readHandled(tx, ids),
    tx<Waiting[]>`
      select message_id as "messageId", (headers ->> 'causationId')::uuid as "causationId", type,
             attempt, queue as to,
             created_at as since, coalesce(due_at, handed_over_at) as "dueAt", returned_at is not null as unroutable
      from platform.message where headers ->> 'correlationId' = any(${ids}) order by created_at`,
    tx<{ doc: unknown; dueAt: Date | null }[]>`
      select doc, due_at as "dueAt" from activation.activation
      where left(business_key, 39) = any(${ids.map((id) => `["${id}"`)}) order by id`,
    tx<Records['audit'][number][]>`
      select at, actor, verb, reason from platform.audit where subject ->> 'orderId' = any(${ids}) order by at`,
  ]);
  const known = new Map(orders.map((row) => [row.id, order.parse(row.order)]));
  const requestedBy = known.get(orderId)?.request.requestedBy;
  const handled = requestedBy === undefined ? own : withOrigin(own, await readHandled(tx, [requestedBy.orderId]));
  if (submitted[0] === undefined && !known.has(orderId) && product === undefined && own.length === 0) return undefined;
  return {
    acceptedAt: submitted[0]?.at,
    shown: views[0]?.state ?? undefined,
    order: known.get(orderId),
    product,
    serviceOrders: known,
    isProductOrder: product !== undefined || submitted[0]?.resource === 'productOrder',
    handled,
    waiting,
    activations: activations.map(({ doc, dueAt }) => ({ ...activation.parse(doc), dueAt })),
    audit,
  };
}

const readHandled = (tx: Transaction, orderIds: readonly string[]) => tx<Handling[]>`
  select message_id as "messageId", correlation_id as "correlationId", consumer, attempt, causation_id as "causationId",
         type, about, published_at as "publishedAt", received_at as at, outcome, reason, again_at as "againAt"
  from platform.journal where correlation_id = any(${orderIds as string[]}::uuid[])
  order by received_at, message_id, attempt limit ${mostHandlings}`;

/** A service order that was placed for a product order: the message that placed it, and what told that order of it. */
function withOrigin(own: readonly Handling[], requesting: readonly Handling[]): Handling[] {
  const causes = new Set(own.map(({ causationId }) => causationId));
  const opening = requesting.filter(({ messageId }) => causes.has(messageId));
  const story = new Set([...own, ...opening].map(({ messageId }) => messageId));
  const telling = requesting.filter(
    ({ type, causationId }) => type === serviceOrderChanged.name && causationId !== null && story.has(causationId),
  );
  return [...opening, ...own, ...telling].toSorted((one, other) => one.at.getTime() - other.at.getTime());
}
