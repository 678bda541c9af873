import { z } from 'zod';
import { activateItem, cancelItem } from '../../../contracts/messages/activation.ts';
import { namesOf, send } from '../../../contracts/messages/message.ts';
import { claimServices } from '../../../contracts/messages/service-inventory.ts';
import { retryItem, serviceOrder } from '../../../contracts/messages/service-ordering.ts';
import { activatorControlQueue, activatorQueue, serviceInventoryQueue } from '../../../contracts/topology.ts';
import type { Letters } from '../../platform/broker/letters.ts';
import { type Database, transaction } from '../../platform/database.ts';
import { publicationOf } from '../../platform/messaging/envelope.ts';
import { newId } from '../../platform/ids.ts';
import { insertDue } from '../../platform/messaging/message.store.ts';
import { lookAgain } from './look-again.ts';
import type { Word } from './fallout.store.ts';

/** Which command about an item was given up. The release before knew only the one that begins it. */
const command = z.enum(['claim', 'activate', 'proceed', 'abandon']);
export type GivenUpCommand = z.output<typeof command>;

/** Of a stored service order, what an operator needs to see. */
const stored = z.object({
  order: serviceOrder.pick({ id: true, request: true, progress: true, jeopardies: true }),
  work: z.record(
    z.string(),
    z.object({ unbegun: z.object({ held: z.boolean(), command: command.optional() }).optional() }),
  ),
});

/** An item that is held because a command about it was given up: there is no step that stands still. */
export interface UnbegunItem {
  readonly unbegun: true;
  readonly command: GivenUpCommand;
  readonly since: Date;
  readonly orderId: string;
  readonly itemId: string;
  readonly action: string;
  readonly serviceId: string;
  readonly serviceType: string;
  readonly because: string;
}

/** Items that are held for that, those held longest first: everything, or of these orders. */
export async function readUnbegun(sql: Database, ...ids: readonly string[]): Promise<UnbegunItem[]> {
  const rows = await sql<{ doc: unknown; since: Date }[]>`
    select doc, updated_at as since from service_ordering.service_order
    where state in ('held', 'pendingCancellation') and not deleted and (${ids.length} = 0 or id = any(${[...ids]}))
      and jsonb_path_exists(doc -> 'work', '$.*.unbegun ? (@.held == true)')
    order by updated_at`;
  return rows.flatMap(({ doc, since }) => {
    const { order, work } = stored.parse(doc);
    return order.request.items.flatMap(({ itemId, action, serviceId }): UnbegunItem[] => {
      const { state, serviceType = '', failure } = order.progress[itemId] ?? {};
      const { held: isHeld, command: given = 'activate' } = work[itemId]?.unbegun ?? {};
      if (isHeld !== true || state !== 'held') return [];
      const at = order.jeopardies.findLast(({ itemIds }) => itemIds.includes(itemId))?.at;
      const held = at === undefined ? since : new Date(at);
      const because = failure?.reason ?? '';
      return [
        {
          unbegun: true,
          command: given,
          since: held,
          orderId: order.id,
          itemId,
          action,
          serviceId,
          serviceType,
          because,
        },
      ];
    });
  });
}

/**
 * Has service ordering send again what was given up, with the audit line, in one transaction.
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

/** Where the letters of such commands lie, and which of them are about the item. An order claims all its services at once. */
export function lettersAbout({ command: given, orderId, itemId, serviceType }: UnbegunItem): {
  readonly queue: string;
  readonly types: readonly string[];
  readonly about: z.ZodType;
} {
  const item = z.object({ orderId: z.literal(orderId), itemId: z.literal(itemId) });
  switch (given) {
    case 'claim':
      return { queue: serviceInventoryQueue, types: namesOf(claimServices), about: item.pick({ orderId: true }) };
    case 'activate':
      return { queue: activatorQueue(serviceType), types: namesOf(activateItem), about: item };
    case 'proceed':
    case 'abandon':
      return { queue: activatorControlQueue(serviceType), types: namesOf(cancelItem), about: z.object({ item }) };
    default:
      return given satisfies never;
  }
}

/** Takes the letters of what was sent again: nobody needs to look at them. One that stays changes nothing when it is replayed. */
export async function takeGivenUpLetters(letters: Letters, one: UnbegunItem): Promise<number> {
  const { queue, types, about } = lettersAbout(one);
  const take = (): Promise<number> =>
    letters.take(queue, ({ type, body }) => {
      if (type === undefined || !types.includes(type)) return false;
      try {
        return about.safeParse(JSON.parse(body)).success;
      } catch {
        // Whatever it is, it is not this item's.
        return false;
      }
    });
  return (await lookAgain(async () => (await take()) || undefined)) ?? 0;
}
