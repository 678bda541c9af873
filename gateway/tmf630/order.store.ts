/**
 * The order of a list and the places in it. Ties are broken by id, so the order is total and a page can begin after any
 * row. A null counts as greater than everything, which is how one ascending index serves both directions.
 */
import type { Fragment } from 'postgres';

import type { Queryable } from '../../ops/platform/database.ts';
import { columnKinds } from './descriptor.ts';
import { documentOf } from './document.store.ts';
import type { Cursor, Query, SortKey } from './query-model.ts';

/** One sort key in SQL. */
interface Key {
  readonly expression: Fragment;
  readonly descending: boolean;
  /** The key's value at a place, as an SQL value. */
  readonly at: (value: string) => Fragment;
  /** The key as text that `at` reads back exactly. */
  readonly asText: (expression: Fragment) => Fragment;
}

/** A list's order, ready for statements. */
export interface Order {
  /** The sort keys as select columns `key0`, `key1`, with the id. */
  readonly keyColumns: Fragment;
  readonly orderBy: Fragment;
  /** The sort keys of a row as a JSON array of texts and nulls, for cursors. */
  readonly place: Fragment;
  /**
   * Conditions for the rows beyond the cursor, in the order in which they must be read: all rows of the first come before
   * those of the second. Without a cursor, one condition that always holds.
   */
  readonly segments: readonly Fragment[];
}

/**
 * The order of a query, turned around when its cursor asks for what comes before a place.
 * @param over `view` to order the table's rows, `keys` to order rows that were selected by `keyColumns`
 */
export function orderOf(
  sql: Queryable,
  { sort, cursor }: Pick<Query, 'sort' | 'cursor'>,
  over: 'view' | 'keys',
): Order {
  const inView = sort.map((key) => toKey(sql, key, isBackwards(cursor)));
  const keys =
    over === 'view' ? inView : inView.map((key, index) => ({ ...key, expression: sql`${sql(keyName(index))}` }));
  // The id follows the last key's direction: (key, id) can then be compared as one row, by one index.
  const idDescending = keys.at(-1)?.descending ?? false;
  const orderings = keys.map((key) => sql`${key.expression} ${direction(sql, key.descending)}`);
  const columns = inView.map(({ expression }, index) => sql`${expression} as ${sql(keyName(index))}`);
  return {
    keyColumns: commas(sql, [sql`id`, ...columns]),
    orderBy: sql`order by ${commas(sql, [...orderings, sql`id ${direction(sql, idDescending)}`])}`,
    place: sql`jsonb_build_array(${commas(
      sql,
      keys.map((key) => key.asText(key.expression)),
    )})`,
    segments: segmentsOf(sql, keys, idDescending, cursor),
  };
}

/** Whether a cursor is walked backwards, so that the page it finds is to be turned around. */
export function isBackwards(cursor: Cursor | undefined): boolean {
  return cursor?.direction === 'before';
}

function keyName(index: number): string {
  return `key${index}`;
}

function toKey(sql: Queryable, { path, descending }: SortKey, reversed: boolean): Key {
  const turned = descending !== reversed;
  if (path.column !== undefined) {
    const expression = sql`${sql(path.column)}`;
    return columnKinds[path.column] === 'instant'
      ? instantKey(sql, expression, turned)
      : textKey(sql, expression, turned);
  }
  const text = sql`(${documentOf(sql)} #>> ${path.steps.map((step) => step.name)}::text[])`;
  switch (path.leaf) {
    case 'instant':
      return instantKey(
        sql,
        sql`(case when pg_input_is_valid(${text}, 'timestamptz') then ${text}::timestamptz end)`,
        turned,
      );
    case 'number': {
      const expression = sql`(case when pg_input_is_valid(${text}, 'numeric') then ${text}::numeric end)`;
      const at = (value: string) => sql`${value}::text::numeric`;
      return { expression, descending: turned, at, asText: (number) => sql`${number}::text` };
    }
    case 'string':
    case 'boolean':
    case 'any':
    case 'object':
      return textKey(sql, sql`(${text} collate "C")`, turned);
    default:
      return path.leaf satisfies never;
  }
}

function textKey(sql: Queryable, expression: Fragment, descending: boolean): Key {
  return { expression, descending, at: (value) => sql`${value}::text`, asText: (text) => sql`${text}::text` };
}

function instantKey(sql: Queryable, expression: Fragment, descending: boolean): Key {
  return {
    expression,
    descending,
    at: (value) => sql`${value}::text::timestamptz`,
    asText: (instant) => sql`to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  };
}

function segmentsOf(
  sql: Queryable,
  keys: readonly Key[],
  idDescending: boolean,
  cursor: Cursor | undefined,
): Fragment[] {
  if (cursor?.id === undefined) return [sql`true`];
  const { id, values } = cursor;
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) return singleKeySegments(sql, only, values[0] ?? null, id);
  return [generalSegment(sql, keys, values, id, idDescending)];
}

/** With one key, comparing (key, id) as a row lets an index go straight to the place; nulls are a segment of their own. */
function singleKeySegments(sql: Queryable, key: Key, value: string | null, id: string): Fragment[] {
  const { expression, descending } = key;
  if (value === null) {
    return descending
      ? [sql`${expression} is null and id < ${id}`, sql`${expression} is not null`]
      : [sql`${expression} is null and id > ${id}`];
  }
  return descending
    ? [sql`(${expression}, id) < (${key.at(value)}, ${id})`]
    : [sql`(${expression}, id) > (${key.at(value)}, ${id})`, sql`${expression} is null`];
}

/** With several keys: beyond in the first, or equal in the first and beyond in the second, and so on to the id. */
function generalSegment(
  sql: Queryable,
  keys: readonly Key[],
  values: readonly (string | null)[],
  id: string,
  idDescending: boolean,
): Fragment {
  let equalSoFar = sql`true`;
  let beyond = sql`false`;
  for (const [index, key] of keys.entries()) {
    const value = values[index] ?? null;
    beyond = sql`${beyond} or (${equalSoFar} and ${keyBeyond(sql, key, value)})`;
    const equal = value === null ? sql`${key.expression} is null` : sql`${key.expression} = ${key.at(value)}`;
    equalSoFar = sql`${equalSoFar} and ${equal}`;
  }
  const idBeyond = idDescending ? sql`id < ${id}` : sql`id > ${id}`;
  return sql`(${beyond} or (${equalSoFar} and ${idBeyond}))`;
}

function keyBeyond(sql: Queryable, { expression, descending, at }: Key, value: string | null): Fragment {
  if (value === null) return descending ? sql`${expression} is not null` : sql`false`;
  return descending ? sql`${expression} < ${at(value)}` : sql`(${expression} > ${at(value)} or ${expression} is null)`;
}

function direction(sql: Queryable, descending: boolean): Fragment {
  return descending ? sql`desc` : sql`asc`;
}

function commas(sql: Queryable, fragments: readonly Fragment[]): Fragment {
  return fragments.reduce((all, fragment, index) => (index === 0 ? fragment : sql`${all}, ${fragment}`), sql``);
}
