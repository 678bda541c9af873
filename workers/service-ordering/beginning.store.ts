import { activateItem } from '../../contracts/messages/activation.ts';
import { namesOf } from '../../contracts/messages/message.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { Beginning, Beginnings } from './unbegun.decide.ts';

/**
 * What became of the commands to begin these orders' items, by order and item: a dead letter tells nobody but the journal. An unreadable one does not say which item it was; it counts for all that have not begun.
 */
export async function readBeginnings(
  tx: Transaction,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, Beginnings>> {
  const rows = await tx<({ orderId: string; itemId: string } & Beginning)[]>`
    select correlation_id as "orderId", coalesce(about, '') as "itemId", bool_or(outcome is null) as begun,
           max(received_at) filter (where outcome in ('parked', 'deadLettered', 'unreadable')) as "givenUpAt",
           (array_agg(reason order by received_at desc)
             filter (where outcome in ('parked', 'deadLettered', 'unreadable')))[1] as reason
    from platform.journal
    where correlation_id = any(${orderIds as string[]}::uuid[]) and type = any(${namesOf(activateItem)}::text[])
    group by correlation_id, about`;
  const orders = Map.groupBy(rows, ({ orderId }) => orderId);
  return new Map(
    [...orders].map(([orderId, items]) => [orderId, new Map(items.map(({ itemId, ...one }) => [itemId, one]))]),
  );
}
