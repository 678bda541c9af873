import { type CommandRefused, commandRefused } from '../../contracts/messages/values.ts';
import type { Database } from '../../ops/platform/database.ts';

/** What became of an awaited command: the revision it made, or why not. */
export type CommandOutcome = { readonly commandId: string; readonly id: string } & (
  | { readonly revision: number; readonly refusal: null }
  | { readonly revision: null; readonly refusal: CommandRefused }
);

/** The outcomes that are there, of those waited for. */
export async function readOutcomes(sql: Database, commandIds: readonly string[]): Promise<CommandOutcome[]> {
  const rows = await sql<{ commandId: string; id: string; revision: number | null; refusal: unknown }[]>`
    select command_id as "commandId", resource_id as id, revision, refusal
    from gateway.outcome where command_id = any(${commandIds as string[]}::uuid[])`;
  return rows.map(({ commandId, id, revision, refusal }) =>
    revision === null
      ? { commandId, id, revision, refusal: commandRefused.parse(refusal) }
      : { commandId, id, revision, refusal: null },
  );
}
