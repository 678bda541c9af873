import type { Queryable } from '../../platform/database.ts';

/** Who does what to a queue, and why. */
export interface QueueLine {
  readonly id: string;
  readonly verb: string;
  readonly actor: string;
  readonly reason: string | undefined;
}

/** Writes the line of a verb that goes on in pieces: with each, it says how far the verb has come. */
export async function auditQueue(
  sql: Queryable,
  { id, verb, actor, reason }: QueueLine,
  done: Readonly<Record<string, string | number>>,
): Promise<void> {
  await sql`
    insert into platform.audit (id, actor, verb, subject, reason)
    values (${id}, ${actor}, ${verb}, ${sql.json(done)}, ${reason ?? null})
    on conflict (id) do update set subject = excluded.subject`;
}
