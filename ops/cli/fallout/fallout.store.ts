import { z } from 'zod';
import { settleStep } from '../../../contracts/messages/activation.ts';
import { send } from '../../../contracts/messages/message.ts';
import { serviceOrder } from '../../../contracts/messages/service-ordering.ts';
import { type Characteristics, characteristics, failure } from '../../../contracts/messages/values.ts';
import { type Database, transaction } from '../../platform/database.ts';
import { publicationOf } from '../../platform/messaging/envelope.ts';
import { newId } from '../../platform/ids.ts';
import { insertDue } from '../../platform/messaging/message.store.ts';

/** Of a stored activation, what an operator needs to see. */
const stored = z.object({
  id: z.string(),
  command: z.object({
    orderId: z.string(),
    itemId: z.string(),
    action: z.string(),
    serviceId: z.string(),
    serviceType: z.string(),
    requested: characteristics,
  }),
  position: z.int(),
  entries: z.array(
    z.object({
      step: z.string(),
      platform: z.string(),
      direction: z.string(),
      state: z.string(),
      generation: z.int(),
      attempt: z.int(),
      failures: z.int(),
      uncertainSince: z.string().optional(),
      failure: failure.optional(),
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

/** An activation that stands still until a person says how it goes on. */
export interface Fallout {
  readonly activationId: string;
  readonly since: Date;
  readonly orderId: string;
  readonly itemId: string;
  readonly action: string;
  readonly serviceId: string;
  readonly serviceType: string;
  /** What the service shall be. */
  readonly requested: Characteristics;
  readonly position: number;
  readonly steps: z.output<typeof stored>['entries'];
}

/** What fell out, oldest first: everything, or of these orders and activations. */
export async function readFallout(sql: Database, ...ids: readonly string[]): Promise<Fallout[]> {
  const rows = await sql<{ doc: unknown; since: Date }[]>`
    select doc, updated_at as since from activation.activation
    where phase = 'stalled'
      and (${ids.length} = 0 or id::text = any(${[...ids]}) or doc -> 'command' ->> 'orderId' = any(${[...ids]}))
    order by updated_at`;
  return rows.map(({ doc, since }) => {
    const { id: activationId, command, position, entries } = stored.parse(doc);
    return { activationId, since, ...command, position, steps: entries };
  });
}

export type FalloutVerb = 'retry' | 'skip' | 'fail';

/** An operator's word, and whose it is. `requested`: what the service shall be, put right. */
export interface Word {
  readonly verb: FalloutVerb;
  readonly actor: string;
  readonly reason: string | undefined;
  readonly requested?: Characteristics | undefined;
}

/**
 * Sends the operator's word to the activator, with its audit line, in one transaction.
 *
 * @returns the id of the message that carries it
 */
export async function settleFallout(
  sql: Database,
  { activationId, orderId, itemId, serviceType, position }: Fallout,
  { verb, actor, reason, requested }: Word,
): Promise<string> {
  const correction = requested === undefined ? {} : { requested };
  const word = publicationOf(send(settleStep, { activationId, serviceType, position, verb, ...correction }), {
    correlationId: orderId,
  });
  await transaction(sql, async (tx) => {
    await tx`
      insert into platform.audit (id, actor, verb, subject, reason)
      values (${newId()}, ${actor}, ${`fallout ${verb}`}, ${tx.json({ orderId, itemId, activationId, position, ...correction })}, ${reason ?? null})`;
    await insertDue(tx, [word]);
  });
  return word.id;
}

/** What became of a message at the worker it was for: undefined until it was handled, `outcome` null when it was done. */
export async function readHandled(
  sql: Database,
  messageId: string,
): Promise<{ outcome: string | null; reason: string | null } | undefined> {
  const rows = await sql<{ outcome: string | null; reason: string | null }[]>`
    select outcome, reason from platform.inbox where message_id = ${messageId} order by attempt desc limit 1`;
  return rows[0];
}

/** A line of the audit. `requested`: what the service shall be since then, where that was put right. */
export interface AuditLine {
  readonly at: Date;
  readonly actor: string;
  readonly verb: string;
  readonly reason: string | null;
  readonly requested: Characteristics | null;
}

/** The lines of the audit about one order, oldest first. */
export async function readAudit(sql: Database, orderId: string): Promise<AuditLine[]> {
  return sql<AuditLine[]>`
    select at, actor, verb, reason, subject -> 'requested' as requested
    from platform.audit where subject ->> 'orderId' = ${orderId} order by at, id`;
}

const told = serviceOrder.pick({ state: true, progress: true, jeopardies: true });

/** What the order itself says of its item, as whoever ordered reads it; empty where service ordering has not heard yet. */
export async function readOrderWords(sql: Database, orderId: string, itemId: string): Promise<string[]> {
  const rows = await sql<{ order: unknown }[]>`
    select doc -> 'order' as order from service_ordering.service_order where id = ${orderId}`;
  if (rows[0] === undefined) return [];
  const { state, progress, jeopardies } = told.parse(rows[0].order);
  const alert = jeopardies.findLast(({ itemIds }) => itemIds.includes(itemId));
  return [
    `the order is ${state}, its item ${progress[itemId]?.state ?? 'unknown'}`,
    ...(alert === undefined ? [] : [`${alert.message} (${alert.at})`]),
  ];
}
