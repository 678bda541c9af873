/** Counts and links of a list answer (TMF630, pagination). */
import { sortText, writeCursor } from './cursor.ts';
import type { Cursor, Query } from './query-model.ts';
import type { Page } from './view-store.ts';

/** Proxies commonly give all headers of an answer 8 KiB, some 4: links beyond this are left out, the needed first. */
const LINK_BUDGET = 3 * 1024;

/** 206 when the client asked for a page and got a part, else 200: a client that asked for nothing is not surprised. */
export function pageStatus(query: Query, page: Page): 200 | 206 {
  const whole = page.totalExact && page.items.length === page.total;
  return query.paged && !whole ? 206 : 200;
}

/**
 * `X-Total-Count`, `X-Result-Count` and `Link` of a page.
 * @param url the list's absolute URL without query string
 * @param text the query string the client sent, whose filters every link repeats as they came
 */
export function pagingHeaders(url: string, text: string, query: Query, page: Page): Record<string, string> {
  const kept = text.split('&').filter((pair) => pair !== '' && !/^(?:offset|limit|cursor)(?:=|$)/.test(pair));
  const link = (parameters: string) =>
    [...kept, `limit=${query.limit}`, parameters].filter((pair) => pair !== '').join('&');
  const at = (cursor: Cursor) => link(`cursor=${writeCursor(cursor, sortText(query))}`);
  const from = (offset: number) => link(offset === 0 ? '' : `offset=${offset}`);

  const links: [relation: string, target: string][] = [];
  if (query.limit > 0) {
    if (page.next !== undefined) links.push(['next', at(page.next)]);
    if (page.prev !== undefined) links.push(['prev', at(page.prev)]);
    links.push(['first', from(0)]);
    links.push(['last', page.totalExact ? from(lastOffset(page.total, query.limit)) : at(END)]);
  }
  const written = writeLinks(url, links);
  return {
    'X-Total-Count': String(page.total),
    'X-Result-Count': String(page.items.length),
    ...(page.totalExact ? {} : { 'X-Total-Count-Exact': 'false' }),
    ...(written === '' ? {} : { Link: written }),
  };
}

/** Before the end of the list: its last page, found from behind. */
const END: Cursor = { direction: 'before', values: [], id: undefined };

function lastOffset(total: number, limit: number): number {
  return Math.max(0, Math.floor((total - 1) / limit) * limit);
}

/**
 * As many links as fit. With a very long query string they are written relative to the request (RFC 8288 resolves them
 * against it), and if not even that fits, left out: the counts and `offset` still lead everywhere.
 */
function writeLinks(url: string, links: readonly (readonly [string, string])[]): string {
  const written: string[] = [];
  let room = LINK_BUDGET;
  for (const [relation, query] of links) {
    const target = safe(query);
    const absolute = `<${url}?${target}>; rel="${relation}"`;
    const relative = `<?${target}>; rel="${relation}"`;
    const fitting = [absolute, relative].find((link) => link.length <= room);
    if (fitting === undefined) continue;
    written.push(fitting);
    room -= fitting.length + 2;
  }
  return written.join(', ');
}

/** A query string that came in raw may hold what a Link header must not; escaping it changes nothing of its meaning. */
function safe(query: string): string {
  return query.replace(/[^\x21-\x7e]|[<>"]/gu, encodeURIComponent);
}
