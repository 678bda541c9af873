/** Filters as SQL: view columns where one holds the attribute, the document for the rest. Values are parameters only. */
import type { Fragment } from 'postgres';

import type { Queryable } from '../../ops/platform/database.ts';
import { columnKinds } from './descriptor.ts';
import { documentOf } from './document.store.ts';
import { toDocumentFilter } from './filter-path.ts';
import type { Filter } from './query-model.ts';

/** A condition, and whether answering it reads documents: those run under a tight statement timeout. */
export interface Condition {
  readonly where: Fragment;
  readonly readsDocuments: boolean;
}

/** The rows of a resource that satisfy all filters. */
export function whereClause(sql: Queryable, resource: string, filters: readonly Filter[]): Condition {
  const byColumn = filters.filter((filter) => answeredByColumn(filter, filters));
  const byDocument = toDocumentFilter(filters.filter((filter) => !byColumn.includes(filter)));
  // A set column also narrows what the document then decides, such as the role of one same party.
  const columns = filters.filter((filter) => byColumn.includes(filter) || isSetMembership(filter));
  const conditions = columns.map((filter) => columnCondition(sql, filter));
  const document =
    byDocument === undefined
      ? sql``
      : sql`and jsonb_path_exists_tz(${documentOf(sql)}, ${byDocument.path}::text::jsonpath, ${JSON.stringify(byDocument.vars)}::text::jsonb, true)`;
  return {
    where: sql`resource = ${resource} and not deleted ${join(sql, conditions)} ${document}`,
    readsDocuments: byDocument !== undefined,
  };
}

/** A set column knows that some element has the value, not which: alone it answers, with conditions beside it it cannot. */
function answeredByColumn(filter: Filter, all: readonly Filter[]): boolean {
  const { column } = filter.path;
  if (column === undefined || filter.operator === 'regex') return false;
  if (columnKinds[column] !== 'set') return true;
  const array = arrayOf(filter);
  const beside = all.filter((other) => other !== filter && arrayOf(other) === array && !isSetMembership(other));
  return filter.operator === 'eq' && beside.length === 0;
}

function isSetMembership({ path, operator }: Filter): boolean {
  return path.column !== undefined && columnKinds[path.column] === 'set' && operator === 'eq';
}

function arrayOf({ path }: Filter): string | undefined {
  return path.steps[0]?.array === true ? path.steps[0].name : undefined;
}

function columnCondition(sql: Queryable, { path, operator, values }: Filter): Fragment {
  if (path.column === undefined) throw new TypeError(`${path.text} has no column`);
  const column = sql(path.column);
  const list = [...values];
  const one = list[0] ?? '';
  const kind = columnKinds[path.column];
  if (kind === 'set') return sql`${column} && ${list}::text[]`;
  if (operator === 'eq' && list.length > 1) return sql`${column} = any(${cast(sql, kind, list)})`;
  if (operator === 'ne') return sql`(${column} is null or ${column} <> all(${cast(sql, kind, list)}))`;
  const value = kind === 'instant' ? sql`${one}::text::timestamptz` : sql`${one}::text`;
  switch (operator) {
    // Not `any` for a single value: behind an equality the index's next columns are in order.
    case 'eq':
      return sql`${column} = ${value}`;
    case 'gt':
      return sql`${column} > ${value}`;
    case 'gte':
      return sql`${column} >= ${value}`;
    case 'lt':
      return sql`${column} < ${value}`;
    case 'lte':
      return sql`${column} <= ${value}`;
    case 'regex':
      throw new TypeError('regular expressions are matched in the document');
    default:
      return operator satisfies never;
  }
}

/** Through text, because the driver would send a timestamp as a JavaScript date and lose its microseconds. */
function cast(sql: Queryable, kind: 'text' | 'instant', values: string[]): Fragment {
  return kind === 'instant' ? sql`${values}::text[]::timestamptz[]` : sql`${values}::text[]`;
}

function join(sql: Queryable, conditions: readonly Fragment[]): Fragment {
  return conditions.reduce((all, condition) => sql`${all} and ${condition}`, sql``);
}
