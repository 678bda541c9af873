/** The read model on PostgreSQL: `gateway.view`, one table for every resource. */
import { setImmediate as othersFirst } from 'node:timers/promises';

import type { JsonObject } from '../../contracts/tmf/common.ts';
import { type Database, type Queryable, isTooSlow, transaction } from '../../ops/platform/database.ts';
import type { ResourceDescriptor } from './descriptor.ts';
import { documentOf } from './document.store.ts';
import { refuse, unavailable } from './errors.ts';
import { whereClause } from './filters.store.ts';
import { clientGone, createGate } from './gate.ts';
import { isBackwards, orderOf } from './order.store.ts';
import type { Cursor, Fields, Query } from './query-model.ts';
import type { Page, StoredView, ViewStore } from './view-store.ts';

/** Counts are exact up to here (TMF630 asks for a total; beyond, counting would cost more than the page). */
export const EXACT_COUNT_LIMIT = 10_000;

/** How long a statement of a list may take, in milliseconds. */
const LIST_MILLISECONDS = 10_000;
/** How long a statement may read documents. An operator's unlucky filter must not keep a connection from everybody. */
const DOCUMENT_QUERY_MILLISECONDS = 5_000;
/** Counting among documents gives up sooner: the page is worth having without an exact total. */
const DOCUMENT_COUNT_MILLISECONDS = 2_000;

/** Connections for lists, and again for lists that search documents: as many are read at once. */
export const listConnections = 3;
const LISTS_WAITING = 200;
/** A client that waits longer asks again, and what it asked first is read for nobody. */
const LIST_PATIENCE = 5_000;

/** Documents of one page, as text: with the addresses that are written into them, an answer stays under 4 MiB. */
const PAGE_BYTES = 3.5 * 1024 * 1024;
/** What is read for a page, where `fields` leaves most of it out. */
const READ_BYTES = 32 * 1024 * 1024;
/** Rows that come at once: the whole of an ordinary page, at most 16 MiB of the largest documents. */
const SLICE_ROWS = 32;
/** Reading this much takes some 3 ms, in which nobody else is answered. */
const BREATH_BYTES = 256 * 1024;

interface Row {
  id: string;
  revision: number;
  text: string;
  place: (string | null)[];
}

interface Placed {
  readonly view: StoredView;
  readonly place: readonly (string | null)[];
}

/** A page while its rows come in. */
interface Filling {
  readonly rows: Placed[];
  /** There are rows behind these: `limit` was reached, or the page's bytes. */
  more: boolean;
  bytes: number;
  read: number;
}

/** Rows of a page, and how many rows match: undefined when nobody counted. */
interface Found {
  readonly page: Filling;
  readonly counted: number | undefined;
}

/**
 * The views of all resources. Every document holds its `id`, and the columns hold what the document says.
 * @param sql the pool for single views; its `bigint` must parse to number. Lists are cancelled over it, so it is another than theirs
 * @param listed the pool for lists that indexes answer
 * @param searched the pool for lists that search documents, which may take seconds: however many there are, they wait for each other alone
 * @param full true when answers that clients have yet to take leave no memory for another list
 */
export function createViewStore(
  sql: Database,
  listed: Database,
  searched: Database = listed,
  full: () => boolean = () => false,
): ViewStore {
  const lane = (pool: Database, refusal: typeof tooManyLists) => ({
    pool,
    inTurn: createGate({ atOnce: listConnections, waiting: LISTS_WAITING, patienceMs: LIST_PATIENCE, refusal }),
  });
  const listing = lane(listed, tooManyLists);
  const searching = lane(searched, tooManySearches);
  return {
    async get(resource, id) {
      const [row] = await sql<StoredView[]>`
        select id, revision, ${documentOf(sql)} as doc from gateway.view where resource = ${resource.name} and id = ${id} and not deleted`;
      return row;
    },

    async list(resource, query, signal) {
      const { readsDocuments } = whereClause(sql, resource.name, query.filters);
      const searches = readsDocuments || sortsByDocument(query);
      const { pool, inTurn } = searches ? searching : listing;
      const within: Within = (milliseconds, read) =>
        stoppable(pool, { sql, milliseconds: searches ? milliseconds : LIST_MILLISECONDS, signal }, read);
      return inTurn(signal, async () => {
        if (full()) throw tooManyLists();
        try {
          const found = await (query.filters.length === 0 ? walk : narrow)(resource, query, within);
          return toPage(query, found);
        } catch (error) {
          if (signal?.aborted === true) throw clientGone(error);
          throw refusedIfSlow(error);
        }
      });
    },
  };
}

const tooManyLists = () =>
  unavailable('More lists are asked for at once than are answered at once.', 2, {
    message: 'Send the request again after a moment, read answers as they come, and ask for smaller pages.',
  });

const tooManySearches = () =>
  refuse('queryTooSlow', 'Too many lists search documents at the moment.', {
    message: 'Send the request again after a moment, or filter by an indexed attribute.',
    headers: { 'Retry-After': '5' },
  });

/** Runs a read under a time limit; it is cancelled when its client is gone. */
type Within = <T>(milliseconds: number, read: (on: Queryable) => Promise<T>) => Promise<T>;

/** The list without a filter: an index has it in order, so the page is read from there. */
async function walk(resource: ResourceDescriptor, query: Query, within: Within): Promise<Found> {
  const page = await within(DOCUMENT_QUERY_MILLISECONDS, (on) => readInOrder(on, resource, query));
  if (isWhole(query, page)) return { page, counted: page.rows.length };
  return { page, counted: await within(DOCUMENT_COUNT_MILLISECONDS, (on) => countAll(on, resource)) };
}

/**
 * A filtered list. PostgreSQL, left to choose between the filter's index and the order's, walks the order and hopes to
 * meet matches soon; for orders completed on one old day it meets none for a second. So the matches come first: up to
 * the exact count they are sorted themselves. Only when there are more are they so frequent that walking meets them.
 */
async function narrow(resource: ResourceDescriptor, query: Query, within: Within): Promise<Found> {
  const few = await within(DOCUMENT_COUNT_MILLISECONDS, (on) => readMatching(on, resource, query)).catch(stoppedIfSlow);
  if (few?.counted !== undefined && few.counted <= EXACT_COUNT_LIMIT) return few;
  const page = await within(DOCUMENT_QUERY_MILLISECONDS, (on) => readInOrder(on, resource, query));
  return { page, counted: few?.counted };
}

/** The page is the list: nothing was skipped and nothing is left, so it need not be counted. */
function isWhole(query: Query, page: Filling): boolean {
  return query.limit > 0 && query.cursor === undefined && query.offset === 0 && !page.more;
}

/** The page from the sorted matches, and their count; beyond the exact count, the count alone. */
async function readMatching(sql: Queryable, resource: ResourceDescriptor, query: Query): Promise<Found> {
  const { where } = whereClause(sql, resource.name, query.filters);
  const { keyColumns } = orderOf(sql, query, 'view');
  const { orderBy, place, segments } = orderOf(sql, query, 'keys');
  const beyond = segments.reduce((any, segment) => sql`${any} or (${segment})`, sql`false`);
  const page = emptyPage();
  let counted: number | undefined;
  // Documents are unpacked row by row as they are fetched, behind the order and its end.
  const matches = sql<(Row & { counted: number })[]>`
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
    select counted, id, revision, ${documentOf(sql)}::text as text, place
    from (
      select counted, view.resource, view.id, revision, doc, place
      from counted left join (page join gateway.view on view.resource = ${resource.name} and view.id = page.id) on true
      order by position
      offset 0
    ) as view`;
  for await (const slice of matches.cursor(SLICE_ROWS)) {
    counted = slice[0]?.counted;
    if (
      !(await fill(
        page,
        query,
        slice.filter((row) => row.id !== null),
      ))
    )
      break;
  }
  return { page, counted };
}

/** The page, read in the order of an index. */
async function readInOrder(sql: Queryable, resource: ResourceDescriptor, query: Query): Promise<Filling> {
  const { where } = whereClause(sql, resource.name, query.filters);
  const { place, orderBy, segments } = orderOf(sql, query, 'view');
  const page = emptyPage();
  for (const segment of segments) {
    const missing = rowsWanted(query) - page.rows.length;
    if (missing <= 0 || page.more) break;
    const rows = sql<Row[]>`
      select id, revision, ${documentOf(sql)}::text as text, place
      from (
        select resource, id, revision, doc, ${place} as place from gateway.view
        where ${where} and ${segment}
        ${orderBy}
        limit ${missing} offset ${query.offset}
      ) as view`;
    for await (const slice of rows.cursor(SLICE_ROWS)) if (!(await fill(page, query, slice))) break;
  }
  return page;
}

const emptyPage = (): Filling => ({ rows: [], more: false, bytes: 0, read: 0 });

/**
 * Adds rows to a page until it is full, in rows or in bytes; one row it always has.
 * @returns whether it takes more
 */
async function fill(page: Filling, query: Query, rows: readonly Row[]): Promise<boolean> {
  let breath = 0;
  for (const { id, revision, text, place } of rows) {
    if (page.rows.length === query.limit) return !(page.more = true);
    const doc = wanted(JSON.parse(text) as JsonObject, query.fields);
    const read = Buffer.byteLength(text);
    const bytes = query.fields === 'all' ? read : Buffer.byteLength(JSON.stringify(doc));
    const fits = page.bytes + bytes <= PAGE_BYTES && page.read + read <= READ_BYTES;
    if (!fits && page.rows.length > 0) return !(page.more = true);
    page.rows.push({ view: { id, revision, doc }, place });
    page.bytes += bytes;
    page.read += read;
    breath += read;
    if (breath > BREATH_BYTES) {
      breath = 0;
      await othersFirst();
    }
  }
  return true;
}

/** What a list's `fields` may need of a document, so that what nobody asked for is not kept in memory. */
function wanted(doc: JsonObject, fields: Fields): JsonObject {
  if (fields === 'all') return doc;
  return Object.fromEntries(Object.entries(doc).filter(([name]) => Object.hasOwn(fields, name)));
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

function refusedIfSlow(error: unknown): unknown {
  if (!isTooSlow(error)) return error;
  return refuse('queryTooSlow', 'The query took too long and was stopped.', {
    message: 'Narrow it by an indexed attribute: id, state, a date, externalId, category or relatedParty.id.',
    headers: { 'Retry-After': '5' },
    cause: error,
  });
}

interface Stop {
  /** The pool to cancel over. */
  readonly sql: Database;
  readonly milliseconds: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs a read in a transaction of its own. Its connection is given back when the database has taken the cancellation, which might
 * else meet the statement of somebody else.
 */
function stoppable<T>(
  pool: Database,
  { sql, milliseconds, signal }: Stop,
  read: (on: Queryable) => Promise<T>,
): Promise<T> {
  return transaction(
    pool,
    async (tx) => {
      const [backend] = await tx<[{ pid: number }]>`
        select pg_backend_pid() as pid, set_config('statement_timeout', ${String(milliseconds)}, true)`;
      let cancelled: Promise<unknown> | undefined;
      const cancel = (): void => {
        cancelled = sql`select pg_cancel_backend(${backend.pid})`.catch(() => undefined);
      };
      if (signal?.aborted === true) throw clientGone();
      signal?.addEventListener('abort', cancel);
      try {
        return await read(tx);
      } finally {
        signal?.removeEventListener('abort', cancel);
        await cancelled;
      }
    },
    'read only',
  );
}

function sortsByDocument({ sort }: Query): boolean {
  return sort.some(({ path }) => path.column === undefined);
}

function toPage(query: Query, { page: { rows, more }, counted }: Found): Page {
  const backwards = isBackwards(query.cursor);
  const page = backwards ? rows.toReversed() : rows;
  const [first, last] = [page[0], page.at(-1)];
  const atEnd = backwards && query.cursor?.id === undefined;
  const hasNext = backwards ? !atEnd : more;
  const hasPrevious = backwards ? more : query.cursor !== undefined || query.offset > 0;
  const floor = query.offset + rows.length + (more ? 1 : 0);
  return {
    items: page.map(({ view }) => view),
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

function cursorAt(direction: Cursor['direction'], { view, place }: Placed): Cursor {
  return { direction, values: place, id: view.id };
}
