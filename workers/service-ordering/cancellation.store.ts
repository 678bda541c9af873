import { type Cancellation, cancellation } from '../../contracts/messages/service-ordering.ts';
import type { Transaction } from '../../ops/platform/database.ts';

/** A request to cancel an order, and whether it went with its order. */
export interface KeptCancellation {
  readonly cancellation: Cancellation;
  readonly deleted: boolean;
}

/** Requests to cancel, by their ids: read only, they are written with their orders. */
export async function findCancellations(
  tx: Transaction,
  ids: readonly string[],
): Promise<Map<string, KeptCancellation>> {
  const found = new Map<string, KeptCancellation>();
  for (const id of ids) {
    const rows = await tx<{ doc: unknown; deleted: boolean }[]>`
      select one as doc, o.deleted from service_ordering.service_order o, jsonb_array_elements(o.doc -> 'cancellations') one
      where o.doc -> 'cancellations' <> '[]' and o.doc -> 'cancellations' @> ${JSON.stringify([{ id }])}::text::jsonb
        and one ->> 'id' = ${id}`;
    for (const { doc, deleted } of rows) found.set(id, { cancellation: cancellation.parse(doc), deleted });
  }
  return found;
}
