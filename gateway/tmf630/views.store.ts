/** The read model on PostgreSQL: `gateway.view`, one table for every resource. */
import type { JsonObject } from '../../contracts/tmf/common.ts';
import { type Database, type Queryable, isTooSlow, transaction } from '../../ops/platform/database.ts';
import type { ResourceDescriptor } from './descriptor.ts';
import { documentOf } from './document.store.ts';
import { refuse } from './errors.ts';
import { whereClause } from './filters.store.ts';
import { isBackwards, orderOf } from './order.store.ts';
import type { Cursor, Query } from './query-model.ts';
import type { Page, StoredView, ViewStore } from './view-store.ts';

/** Counts are exact up to here (TMF630 asks for a total; beyond, counting would cost more than the page). */
export const EXACT_COUNT_LIMIT = 10_000;

/** How long a statement may read documents. An operator's unlucky filter must not keep a connection from everybody. */
const DOCUMENT_QUERY_MILLISECONDS = 5_000;
/** Counting among documents gives up sooner: the page is worth having without an exact total. */
const DOCUMENT_COUNT_MILLISECONDS = 2_000;

interface Row {
  id: string;
  revision: number;
  /** Null while the submitted document is what it shows. */
  doc: JsonObject | null;
  place: (string | null)[];
}

/** Rows of a page, one more than asked for if there are more, and how many rows match: undefined when nobody counted. */
interface Found {
  readonly rows: readonly Row[];
  readonly counted: number | undefined;
}

/**
 * The views of all resources. Every document holds its `id`, and the columns hold what the document says.
 * @param sql the pool to read from; its `bigint` must parse to number
 * @param slow the pool for lists that look into documents, which may take seconds: however many there are, they wait for each other
 */
export function createViewStore(sql: Database, slow: Database): ViewStore {
  return {
    async get(resource, id) {
      const [row] = await sql<StoredView[]>`
        select id, revision, ${documentOf(sql)} as doc from gateway.view where resource = ${resource.name} and id = ${id} and not deleted`;
      return row;
    },

    async list(resource, query) {
      const { readsDocuments } = whereClause(sql, resource.name, query.filters);
      const limited = readsDocuments || sortsByDocument(query);
      const within: Within = (milliseconds, read) => (limited ? timeLimited(slow, milliseconds, read) : read(sql));
      const { rows, counted } = await (
        query.filters.length === 0 ? walk(resource, query, within) : narrow(resource, query, within)
      ).catch(refusedIfSlow);
      return toPage(query, rows, counted, await submittedOf(sql, resource, rows));
    },
  };
}

/** Runs a read, under a time limit where it looks into documents. */
type Within = <T>(milliseconds: number, read: (on: Queryable) => Promise<T>) => Promise<T>;

/** The list without a filter: an index has it in order, so the page is read from there. */
async function walk(resource: ResourceDescriptor, query: Query, within: Within): Promise<Found> {
  const rows = await within(DOCUMENT_QUERY_MILLISECONDS, (on) => readInOrder(on, resource, query));
  if (isWhole(query, rows)) return { rows, counted: rows.length };
  return { rows, counted: await within(DOCUMENT_COUNT_MILLISECONDS, (on) => countAll(on, resource)) };
}

/**
 * A filtered list. PostgreSQL, left to choose between the filter's index and the order's, walks the order and hopes to
 * meet matches soon; for orders completed on one old day it meets none for a second. So the matches come first: up to
 * the exact count they are sorted themselves. Only when there are more are they so frequent that walking meets them.
 */
async function narrow(resource: ResourceDescriptor, query: Query, within: Within): Promise<Found> {
  const few = await within(DOCUMENT_COUNT_MILLISECONDS, (on) => readMatching(on, resource, query)).catch(stoppedIfSlow);
  if (few?.counted !== undefined && few.counted <= EXACT_COUNT_LIMIT) return few;
  const rows = await within(DOCUMENT_QUERY_MILLISECONDS, (on) => readInOrder(on, resource, query));
  return { rows, counted: few?.counted };
}

/** The page is the list: nothing was skipped and nothing is left, so it need not be counted. */
function isWhole(query: Query, rows: readonly Row[]): boolean {
  return query.limit > 0 && query.cursor === undefined && query.offset === 0 && rows.length <= query.limit;
}

/** The page from the sorted matches, and their count; beyond the exact count, the count alone. */
async function readMatching(sql: Queryable, resource: ResourceDescriptor, query: Query): Promise<Found> {
  const { where } = whereClause(sql, resource.name, query.filters);
  const { keyColumns } = orderOf(sql, query, 'view');
  const { orderBy, place, segments } = orderOf(sql, query, 'keys');
  const beyond = segments.reduce((any, segment) => sql`${any} or (${segment})`, sql`false`);
  const found = await sql<(Row & { counted: number })[]>`
    with matching as materialized (
      select ${keyColumns} from gateway.view where ${where} limit ${EXACT_COUNT_LIMIT + 1}
    ), counted as (
      select count(*)::int as counted from matching
    ), page as (
      select id, ${place} as place, row_number() over (${orderBy}) as position from matching
      where (select counted from counted) <= ${EXACT_COUNT_LIMIT} and (${beyond})
      ${orderBy}
      limit ${rowsWanted(query)} offset ${query.offset}
    )
    select counted, view.id, revision, doc, place
    from counted left join (page join gateway.view on view.resource = ${resource.name} and view.id = page.id) on true
    order by position`;
  return { rows: found.filter((row) => row.id !== null), counted: found[0]?.counted };
}

/** The page, read in the order of an index. */
async function readInOrder(sql: Queryable, resource: ResourceDescriptor, query: Query): Promise<Row[]> {
  const { where } = whereClause(sql, resource.name, query.filters);
  const { place, orderBy, segments } = orderOf(sql, query, 'view');
  const rows: Row[] = [];
  for (const segment of segments) {
    const missing = rowsWanted(query) - rows.length;
    if (missing <= 0) break;
    const read = await sql<Row[]>`
      select id, revision, doc, ${place} as place from gateway.view
      where ${where} and ${segment}
      ${orderBy}
      limit ${missing} offset ${query.offset}`;
    rows.push(...read);
  }
  return rows;
}

/** One row more than the page shows that there is a next one. */
function rowsWanted({ limit }: Query): number {
  return limit === 0 ? 0 : limit + 1;
}

async function countAll(sql: Queryable, resource: ResourceDescriptor): Promise<number> {
  const { where } = whereClause(sql, resource.name, []);
  const [row] = await sql<[{ counted: number }]>`
    select count(*)::int as counted
    from (select from gateway.view where ${where} limit ${EXACT_COUNT_LIMIT + 1}) as matching`;
  return row.counted;
}

/** Undefined for a count that was stopped: then the page itself says how many there are at least. */
function stoppedIfSlow(error: unknown): undefined {
  if (isTooSlow(error)) return undefined;
  throw error;
}

function refusedIfSlow(error: unknown): never {
  if (!isTooSlow(error)) throw error;
  throw refuse('queryTooSlow', 'The query took too long and was stopped.', {
    message: 'Narrow it by an indexed attribute: id, state, a date, externalId, category or relatedParty.id.',
    headers: { 'Retry-After': '5' },
    cause: error,
  });
}

async function timeLimited<T>(sql: Database, milliseconds: number, read: (on: Queryable) => Promise<T>): Promise<T> {
  return transaction(
    sql,
    async (tx) => {
      await tx`select set_config('statement_timeout', ${String(milliseconds)}, true)`;
      return read(tx);
    },
    'read only',
  );
}

function sortsByDocument({ sort }: Query): boolean {
  return sort.some(({ path }) => path.column === undefined);
}

/**
 * What rows without a document of their own show. Read afterwards: as part of the statement it makes the planner expect so much work
 * that it compiles (measured: 700 ms for a page that takes 2).
 */
async function submittedOf(
  sql: Database,
  resource: ResourceDescriptor,
  rows: readonly Row[],
): Promise<ReadonlyMap<string, JsonObject>> {
  const accepted = rows.flatMap(({ id, doc }) => (doc === null ? [id] : []));
  if (accepted.length === 0) return new Map();
  const documents = await sql<{ id: string; document: JsonObject }[]>`
    select id, document from gateway.submitted where resource = ${resource.name} and id = any(${accepted}::text[])`;
  return new Map(documents.map(({ id, document }) => [id, document]));
}

function toPage(
  query: Query,
  rows: readonly Row[],
  counted: number | undefined,
  submitted: ReadonlyMap<string, JsonObject>,
): Page {
  const backwards = isBackwards(query.cursor);
  const more = rows.length > query.limit;
  const page = backwards ? rows.slice(0, query.limit).toReversed() : rows.slice(0, query.limit);
  const [first, last] = [page[0], page.at(-1)];
  const atEnd = backwards && query.cursor?.id === undefined;
  const hasNext = backwards ? !atEnd : more;
  const hasPrevious = backwards ? more : query.cursor !== undefined || query.offset > 0;
  const floor = query.offset + rows.length;
  return {
    items: page.map(({ id, revision, doc }) => ({ id, revision, doc: doc ?? submitted.get(id) ?? {} })),
    ...total(counted, floor),
    next: hasNext && last !== undefined ? cursorAt('after', last) : undefined,
    prev: hasPrevious && first !== undefined ? cursorAt('before', first) : undefined,
  };
}

function total(counted: number | undefined, floor: number): Pick<Page, 'total' | 'totalExact'> {
  if (counted === undefined) return { total: floor, totalExact: false };
  if (counted > EXACT_COUNT_LIMIT) return { total: Math.max(EXACT_COUNT_LIMIT, floor), totalExact: false };
  return { total: counted, totalExact: true };
}

function cursorAt(direction: Cursor['direction'], row: Row): Cursor {
  return { direction, values: row.place, id: row.id };
}
