/** The opaque cursor in `next` and `prev` links. */
import * as z from 'zod';

import { refuse } from './errors.ts';
import { isNumber, toInstant } from './filter-value.ts';
import type { Cursor, LeafType, Query, SortKey } from './query-model.ts';

const payload = z.tuple([
  z.enum(['after', 'before']),
  // The sort it belongs to: values of one order mean nothing in another.
  z.string(),
  z.array(z.string().nullable()),
  z.string().nullable(),
]);

/** The cursor as text, for the `cursor` parameter. */
export function writeCursor(cursor: Cursor, sort: string): string {
  const parts: z.infer<typeof payload> = [cursor.direction, sort, [...cursor.values], cursor.id ?? null];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * Reads a cursor back.
 * @throws 400 `invalidQuery` when it is not one of ours, or belongs to another sort
 */
export function readCursor(text: string, sort: readonly SortKey[]): Cursor {
  const parsed = payload.safeParse(decode(text));
  if (!parsed.success) throw invalid();
  const [direction, writtenFor, values, id] = parsed.data;
  const isPlace = id !== null && !id.includes('\0') && values.length === sort.length;
  const isEnd = id === null && values.length === 0 && direction === 'before';
  const fits = values.every((value, index) => value === null || isValueOf(sort[index]?.path.leaf, value));
  if (writtenFor !== sortText({ sort }) || !fits || (!isPlace && !isEnd)) throw invalid();
  return { direction, values, id: id ?? undefined };
}

function isValueOf(leaf: LeafType | undefined, value: string): boolean {
  if (leaf === 'instant') return toInstant(value) === value;
  return leaf === 'number' ? isNumber(value) : !value.includes('\0') && value.isWellFormed();
}

/** The sort of a query as text: what a cursor is bound to. */
export function sortText(query: Pick<Query, 'sort'>): string {
  return query.sort.map(({ path, descending }) => `${descending ? '-' : ''}${path.text}`).join(',');
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function invalid() {
  return refuse('invalidQuery', 'The cursor is not one of ours, or belongs to another sort.', {
    message: 'Follow the Link headers as they are, or begin again without a cursor.',
  });
}
