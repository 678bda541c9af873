import type { RunStep } from '../../../contracts/messages/activation.ts';
import type { Letter } from '../../platform/broker/letters.ts';
import type { Database } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';

/** Writes down what is about to be done to a letter: before it is done, so that nothing is done without its line. */
export async function auditLetter(
  sql: Database,
  { id, queue, type, code, envelope }: Letter,
  { verb, actor, reason, body }: { verb: string; actor: string; reason: string | undefined; body?: string | undefined },
): Promise<void> {
  const edited = body === undefined ? {} : { body };
  const subject = { orderId: envelope.correlationId, messageId: id, queue, type: type ?? null, code, ...edited };
  await sql`
    insert into platform.audit (id, actor, verb, subject, reason)
    values (${newId()}, ${actor}, ${`letter ${verb}`}, ${sql.json(subject)}, ${reason ?? null})`;
}

/** Whether a step still stands where its letter left it: if not, the letter is void and replaying it does nothing. */
export async function isStalledAt(
  sql: Database,
  { activationId, position, generation }: Pick<RunStep, 'activationId' | 'position' | 'generation'>,
): Promise<boolean> {
  const rows = await sql`
    select 1 from activation.activation
    where id = ${activationId} and phase = 'stalled' and (doc ->> 'position')::int = ${position}
      and (doc -> 'entries' -> ${position}::int ->> 'generation')::int = ${generation}`;
  return rows.length > 0;
}
