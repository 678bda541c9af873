/** Notes of ours on an order: why something failed, what it waits for, what became of a late change. Pure. */
import type { ProductOrder } from '../../../contracts/messages/order-management.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';

const author = 'order management';
const prefix = 'standing-';

const isOurs = (note: unknown): boolean => {
  const { id, author: by } = (note ?? {}) as JsonObject;
  return by === author && typeof id === 'string' && id.startsWith(prefix);
};
const notesOf = ({ note }: JsonObject): readonly unknown[] => (Array.isArray(note) ? note : []);

type Standing = Pick<ProductOrder, 'items' | 'failure' | 'followUps' | 'updatedAt' | 'completedAt'>;

/** The document's notes, the client's first: a JSON Patch counts on their places. */
export function withStandingNotes(base: JsonObject, order: Standing): JsonObject {
  const { items, failure, followUps, updatedAt, completedAt = updatedAt } = order;
  const ours = (what: string, text: string) => ({ id: `${prefix}${what}`, author, date: completedAt, text });
  const ofItems = Object.entries(items)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([itemId, { failure: why, note }]) => {
      const said = [why?.reason, note].filter((text) => text !== undefined);
      return said.length === 0 ? [] : [ours(`item-${itemId}`, `Item "${itemId}": ${said.join(' ')}`)];
    });
  // An order mostly fails for what an item failed for: that is said once.
  const own = failure !== undefined && !ofItems.some(({ text }) => text.includes(failure.reason));
  const standing = [
    ...(own ? [ours('order', failure.reason)] : []),
    ...ofItems,
    ...followUps.map((id) => ours(`follow-up-${id}`, `A change that came too late for this order is order ${id}.`)),
  ];
  return standing.length === 0 ? {} : { note: [...notesOf(base), ...standing] };
}

/** A document that a client patched as it read it, without our notes. */
export function withoutStandingNotes(doc: JsonObject): JsonObject {
  const { note: _both, ...rest } = doc;
  const before = notesOf(doc);
  const own = before.filter((note) => !isOurs(note));
  if (own.length === before.length) return doc;
  return own.length === 0 ? rest : { ...rest, note: own };
}
