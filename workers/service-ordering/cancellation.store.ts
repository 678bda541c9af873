import type { Cancellation } from '../../contracts/messages/service-ordering.ts';
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
  const rows = await tx<{ doc: Cancellation; deleted: boolean }[]>`
    select one as doc, o.deleted
    from unnest(${ids as string[]}::text[]) as wanted (id)
    join service_ordering.service_order o
      on o.doc -> 'cancellations' <> '[]'
      and o.doc -> 'cancellations' @> jsonb_build_array(jsonb_build_object('id', wanted.id))
    cross join jsonb_array_elements(o.doc -> 'cancellations') one
    where one ->> 'id' = wanted.id`;
  return new Map(rows.map(({ doc, deleted }): [string, KeptCancellation] => [doc.id, { cancellation: doc, deleted }]));
}
