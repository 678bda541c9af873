import { z } from 'zod';
import { settleStep } from '../../../contracts/messages/activation.ts';
import { send } from '../../../contracts/messages/message.ts';
import { failure } from '../../../contracts/messages/values.ts';
import type { Database } from '../../platform/database.ts';
import { publicationOf } from '../../platform/envelope.ts';
import { newId } from '../../platform/ids.ts';
import { insertOutbox } from '../../platform/outbox/outbox.store.ts';

/** Of a stored activation, what an operator needs to see. */
const stored = z.object({
  id: z.string(),
  command: z.object({
    orderId: z.string(),
    itemId: z.string(),
    action: z.string(),
    serviceId: z.string(),
    serviceType: z.string(),
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
      failure: failure.optional(),
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
  readonly position: number;
  readonly steps: z.output<typeof stored>['entries'];
}

/** What fell out, oldest first: everything, or of one order or activation. */
export async function readFallout(sql: Database, id?: string): Promise<Fallout[]> {
  const rows = await sql<{ doc: unknown; since: Date }[]>`
    select doc, updated_at as since from activation.activation
    where phase = 'stalled' and (${id ?? null}::text is null or id::text = ${id ?? ''} or doc -> 'command' ->> 'orderId' = ${id ?? ''})
    order by updated_at`;
  return rows.map(({ doc, since }) => {
    const { id: activationId, command, position, entries } = stored.parse(doc);
    const { orderId, itemId, action, serviceId, serviceType } = command;
    return { activationId, since, orderId, itemId, action, serviceId, serviceType, position, steps: entries };
  });
}

export type FalloutVerb = 'retry' | 'skip' | 'fail';

/** Sends the operator's word to the activator, with its audit line, in one transaction. */
export async function settleFallout(
  sql: Database,
  { activationId, orderId, itemId, serviceType, position }: Fallout,
  { verb, actor, reason }: { verb: FalloutVerb; actor: string; reason: string | undefined },
): Promise<void> {
  const command = send(settleStep, { activationId, serviceType, position, verb });
  await sql.begin(async (tx) => {
    await tx`
      insert into platform.audit (id, actor, verb, subject, reason)
      values (${newId()}, ${actor}, ${`fallout ${verb}`}, ${tx.json({ orderId, itemId, activationId, position })}, ${reason ?? null})`;
    await insertOutbox(tx, [publicationOf(command, { correlationId: orderId })]);
  });
}

/** The lines of the audit about one order, oldest first. */
export async function readAudit(
  sql: Database,
  orderId: string,
): Promise<{ at: Date; actor: string; verb: string; reason: string | null }[]> {
  return sql`select at, actor, verb, reason from platform.audit where subject ->> 'orderId' = ${orderId} order by at`;
}
