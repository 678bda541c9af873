import { z } from 'zod';
import { serviceOrder } from '../../../contracts/messages/service-ordering.ts';
import { failure } from '../../../contracts/messages/values.ts';
import { type Database, transaction } from '../../platform/database.ts';

/** One handling of one message, as its inbox row tells. Instants are the database's, but `publishedAt`. */
export interface Handling {
  readonly messageId: string;
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
  command: z.object({ itemId: z.string(), action: z.string(), serviceType: z.string() }),
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
  .partial({ milestones: true, jeopardies: true });

/** Everything that is kept of an order's way. */
export interface Records {
  /** When the gateway accepted it; undefined when it did not come through the gateway. */
  readonly acceptedAt: Date | undefined;
  /** The state its view shows: where service ordering has not answered yet, `acknowledged`. */
  readonly shown: string | undefined;
  readonly order: z.output<typeof order> | undefined;
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
 * Reads all that is kept of an order, as of one moment.
 *
 * @returns undefined when nothing is known under this id
 */
export async function readRecords(sql: Database, orderId: string): Promise<Records | undefined> {
  const [submitted, views, orders, handled, waiting, activations, audit] = await transaction(
    sql,
    (tx) =>
      Promise.all([
        tx<{ at: Date }[]>`
          select created_at as at from gateway.submitted where resource = 'serviceOrder' and id = ${orderId}`,
        tx<{ state: string | null }[]>`
          select state from gateway.view where resource = 'serviceOrder' and id = ${orderId} and not deleted`,
        tx<{ order: unknown }[]>`
          select doc -> 'order' as order from service_ordering.service_order where id = ${orderId}`,
        tx<Handling[]>`
          select message_id as "messageId", consumer, attempt, causation_id as "causationId", type, about,
                 published_at as "publishedAt", received_at as at, outcome, reason, again_at as "againAt"
          from platform.inbox where correlation_id = ${orderId}::uuid
          order by received_at, message_id, attempt limit ${mostHandlings}`,
        tx<Waiting[]>`
          select message_id as "messageId", (headers ->> 'causationId')::uuid as "causationId", type,
                 (headers ->> 'attempt')::int as attempt, case exchange when '' then routing_key else exchange end as to,
                 created_at as since, available_at as "dueAt", returned_at is not null as unroutable
          from platform.outbox where headers ->> 'correlationId' = ${orderId} order by created_at`,
        tx<{ doc: unknown; dueAt: Date | null }[]>`
          select doc, due_at as "dueAt" from activation.activation
          where business_key like ${`["${orderId}",%`} order by id`,
        tx<Records['audit'][number][]>`
          select at, actor, verb, reason from platform.audit where subject ->> 'orderId' = ${orderId} order by at`,
      ]),
    'isolation level repeatable read read only',
  );
  const known = orders[0] === undefined ? undefined : order.parse(orders[0].order);
  if (submitted[0] === undefined && known === undefined && handled.length === 0) return undefined;
  return {
    acceptedAt: submitted[0]?.at,
    shown: views[0]?.state ?? undefined,
    order: known,
    handled,
    waiting,
    activations: activations.map(({ doc, dueAt }) => ({ ...activation.parse(doc), dueAt })),
    audit,
  };
}
