import { type CommandRefused, commandRefused } from '../../contracts/messages/values.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { Database } from '../../ops/platform/database.ts';

/** What became of an awaited command: the revision it made, or why not; of a question, the answer. */
export type CommandOutcome = { readonly commandId: string; readonly id: string } & (
  | { readonly revision: number; readonly refusal: null; readonly result: null }
  | { readonly revision: null; readonly refusal: CommandRefused; readonly result: null }
  | { readonly revision: null; readonly refusal: null; readonly result: JsonObject }
);

interface OutcomeRow {
  commandId: string;
  id: string;
  revision: number | null;
  refusal: unknown;
  result: JsonObject | null;
}

/** The outcomes that are there, of those waited for. */
export async function readOutcomes(sql: Database, commandIds: readonly string[]): Promise<CommandOutcome[]> {
  const rows = await sql<OutcomeRow[]>`
    select command_id as "commandId", resource_id as id, revision, refusal, result
    from gateway.outcome where command_id = any(${commandIds as string[]}::uuid[])`;
  return rows.map(({ commandId, id, revision, refusal, result }) => {
    if (revision !== null) return { commandId, id, revision, refusal: null, result: null };
    if (result !== null) return { commandId, id, revision, refusal: null, result };
    return { commandId, id, revision, refusal: commandRefused.parse(refusal), result };
  });
}
