import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { Transaction } from '../../ops/platform/database.ts';

/** A create that its owner has not answered. */
export interface Unanswered {
  readonly resource: string;
  readonly id: string;
  /** As it is shown: what the client sent, acknowledged. */
  readonly document: JsonObject;
}

/** With the broker away, what waits for it is at the front of the outbox: looking at so many is enough, and bounded. */
const soonest = 1_000;

/**
 * Leases creates that were not answered when they should have been. Each is due again after as long as it has waited so
 * far, 30 s to 10 min. None while commands of the kind wait in the outbox: they are not lost, the broker is away.
 *
 * @param types of the commands that creates are sent as
 */
export async function leaseUnanswered(
  tx: Transaction,
  resources: readonly string[],
  types: readonly string[],
  limit: number,
): Promise<Unanswered[]> {
  return tx<Unanswered[]>`
    with due as (
      select resource, id from gateway.view
      where revision = 0 and ask_again_at <= now() and resource = any(${resources as string[]}::text[])
        and not exists (
          select from (
            select type, created_at from platform.outbox
            where exchange <> '' and returned_at is null order by available_at limit ${soonest}
          ) waiting
          where type = any(${types as string[]}::text[]) and created_at < now() - interval '15 seconds'
        )
      order by ask_again_at limit ${limit} for update skip locked
    )
    update gateway.view v
    set ask_again_at = now() + least(interval '10 minutes', greatest(interval '30 seconds', now() - s.created_at))
    from due join gateway.submitted s using (resource, id)
    where v.resource = due.resource and v.id = due.id
    returning v.resource, v.id, s.document`;
}
