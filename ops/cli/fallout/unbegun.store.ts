import { z } from 'zod';
import { activateItem } from '../../../contracts/messages/activation.ts';
import { namesOf, send } from '../../../contracts/messages/message.ts';
import { retryItem, serviceOrder } from '../../../contracts/messages/service-ordering.ts';
import { activatorQueue } from '../../../contracts/topology.ts';
import type { Letters } from '../../platform/broker/letters.ts';
import { type Database, transaction } from '../../platform/database.ts';
import { publicationOf } from '../../platform/messaging/envelope.ts';
import { newId } from '../../platform/ids.ts';
import { insertDue } from '../../platform/messaging/message.store.ts';
import { lookAgain } from './look-again.ts';
import type { Word } from './fallout.store.ts';

/** Of a stored service order, what an operator needs to see. */
const stored = z.object({
  order: serviceOrder.pick({ id: true, request: true, progress: true, jeopardies: true }),
  work: z.record(z.string(), z.object({ unbegun: z.object({ held: z.boolean() }).optional() })),
});

/** An item that its activator gave up before it began: there is no activation and no step of it. */
export interface UnbegunItem {
  readonly unbegun: true;
  readonly since: Date;
  readonly orderId: string;
  readonly itemId: string;
  readonly action: string;
  readonly serviceId: string;
  readonly serviceType: string;
  readonly because: string;
}

/** Items that are held because they never began, those held longest first: everything, or of these orders. */
export async function readUnbegun(sql: Database, ...ids: readonly string[]): Promise<UnbegunItem[]> {
  const rows = await sql<{ doc: unknown; since: Date }[]>`
    select doc, updated_at as since from service_ordering.service_order
    where state = 'held' and not deleted and (${ids.length} = 0 or id = any(${[...ids]}))
      and jsonb_path_exists(doc -> 'work', '$.*.unbegun ? (@.held == true)')
    order by updated_at`;
  return rows.flatMap(({ doc, since }) => {
    const { order, work } = stored.parse(doc);
    return order.request.items.flatMap(({ itemId, action, serviceId }): UnbegunItem[] => {
      const { state, serviceType = '', failure } = order.progress[itemId] ?? {};
      if (work[itemId]?.unbegun?.held !== true || state !== 'held') return [];
      const at = order.jeopardies.findLast(({ itemIds }) => itemIds.includes(itemId))?.at;
      const held = at === undefined ? since : new Date(at);
      const because = failure?.reason ?? '';
      return [{ unbegun: true, since: held, orderId: order.id, itemId, action, serviceId, serviceType, because }];
    });
  });
}

/**
 * Has service ordering begin the item again, with the audit line, in one transaction.
 *
 * @returns the id of the message that carries the word
 */
export async function retryUnbegun(
  sql: Database,
  { orderId, itemId }: UnbegunItem,
  { actor, reason }: Pick<Word, 'actor' | 'reason'>,
): Promise<string> {
  const word = publicationOf(send(retryItem, { orderId, itemId }), { correlationId: orderId });
  await transaction(sql, async (tx) => {
    await tx`
      insert into platform.audit (id, actor, verb, subject, reason)
      values (${newId()}, ${actor}, 'fallout retry', ${tx.json({ orderId, itemId })}, ${reason ?? null})`;
    await insertDue(tx, [word]);
  });
  return word.id;
}

/** Takes the letters of the commands that began nothing: nobody needs to look at them again. */
export async function takeBeginLetters(
  letters: Letters,
  { orderId, itemId, serviceType }: UnbegunItem,
): Promise<number> {
  const about = z.object({ orderId: z.literal(orderId), itemId: z.literal(itemId) });
  const take = (): Promise<number> =>
    letters.take(activatorQueue(serviceType), ({ type, body }) => {
      if (type === undefined || !namesOf(activateItem).includes(type)) return false;
      try {
        return about.safeParse(JSON.parse(body)).success;
      } catch {
        // Whatever it is, it is not this item's.
        return false;
      }
    });
  return (await lookAgain(async () => (await take()) || undefined)) ?? 0;
}
