/** Notes of ours on an order: what waits for an outside system, and for which. Laid over the client's notes. Pure. */
import type { ServiceOrder } from '../../../contracts/messages/service-ordering.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';

const author = 'service ordering';
const prefix = 'waiting-';

const isOurs = (note: unknown): boolean => {
  const { id, author: by } = (note ?? {}) as JsonObject;
  return by === author && typeof id === 'string' && id.startsWith(prefix);
};
const notesOf = ({ note }: JsonObject): readonly unknown[] => (Array.isArray(note) ? note : []);

/** The document's notes, the client's first: a JSON Patch counts on their places. */
export function withWaitingNotes(
  base: JsonObject,
  { progress, milestones, updatedAt }: Pick<ServiceOrder, 'progress' | 'milestones' | 'updatedAt'>,
): JsonObject {
  const ours = Object.entries(progress).flatMap(([itemId, { waitsFor }]) => {
    if (waitsFor === undefined) return [];
    const since = milestones.findLast(({ status, itemIds }) => status === 'waiting' && itemIds.includes(itemId));
    const { platform, until } = waitsFor;
    const text = `Item "${itemId}": ${since?.message ?? `Waits for ${platform}, until ${until} at the latest.`}`;
    return [{ id: `${prefix}${itemId}`, author, date: since?.at ?? updatedAt, text }];
  });
  return ours.length === 0 ? {} : { note: [...notesOf(base), ...ours] };
}

/** A document that a client patched as it read it, without our notes. */
export function withoutWaitingNotes(doc: JsonObject): JsonObject {
  const { note: _both, ...rest } = doc;
  const before = notesOf(doc);
  const own = before.filter((note) => !isOurs(note));
  if (own.length === before.length) return doc;
  return own.length === 0 ? rest : { ...rest, note: own };
}
