import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { JsonObject } from '../../contracts/tmf/common.ts';
import { connectDatabase, type Database } from '../../ops/platform/database.ts';
import { createTestbed, type Testbed } from '../../ops/verify/testbed/testbed.ts';
import { sortText, writeCursor } from './cursor.ts';
import { toTmfError } from './error-mapper.ts';
import { parseQuery } from './query.ts';
import { orders, services } from './testing/resources.ts';
import type { Page } from './view-store.ts';
import { createViewStore, EXACT_COUNT_LIMIT } from './views.store.ts';

let testbed: Testbed;
let sql: Database;

beforeAll(async () => {
  testbed = await createTestbed();
  sql = connectDatabase(testbed.databaseUrl, { connections: 4, role: 'test' });
});

afterAll(async () => {
  await sql.end();
  await testbed.close();
});

interface Stored {
  id: string;
  doc?: JsonObject;
  deleted?: boolean;
}

/**
 * Stores rows as a projector would, and every second one as it is accepted: its document lies elsewhere. The columns say what the
 * document says.
 */
async function store(resource: string, rows: readonly Stored[]): Promise<void> {
  await sql`delete from gateway.view where resource = ${resource}`;
  await sql`delete from gateway.submitted where resource = ${resource}`;
  const text = rows.map(({ id, doc = {}, deleted = false }, at) =>
    JSON.stringify({ id, deleted, accepted: at % 2 === 1 && !deleted, doc: { id, ...doc } }),
  );
  await sql`
    with rows as (
      select r, r ->> 'id' as id, (r ->> 'accepted')::boolean as accepted
      from (select t::jsonb as r from unnest(${text}::text[]) t)
    ), submitted as (
      insert into gateway.submitted (resource, id, document) select ${resource}, id, r -> 'doc' from rows where accepted
    )
    insert into gateway.view (resource, id, revision, state, doc, external_id, category, party_ids, created_at, start_at, completed_at, deleted)
    select ${resource}, id, case when accepted then 0 else 1 end, r #>> '{doc,state}', case when not accepted then r -> 'doc' end,
      r #>> '{doc,externalId}', r #>> '{doc,category}',
      array(select p ->> 'id' from jsonb_array_elements(coalesce(r #> '{doc,relatedParty}', '[]')) p),
      (r #>> '{doc,orderDate}')::timestamptz, (r #>> '{doc,startDate}')::timestamptz,
      (r #>> '{doc,completionDate}')::timestamptz, (r ->> 'deleted')::boolean
    from rows`;
}

const list = (text: string, resource = orders): Promise<Page> =>
  createViewStore(sql, sql).list(resource, parseQuery(resource, text));
const ids = async (text: string, resource = orders) => (await list(text, resource)).items.map(({ id }) => id);

describe('filters', () => {
  const characteristic = (name: string, value: unknown) => ({ name, value });
  const withCharacteristics = (...list: JsonObject[]) => ({
    serviceOrderItem: [{ id: '1', action: 'add', quantity: list.length, service: { serviceCharacteristic: list } }],
  });

  beforeAll(() =>
    store('serviceOrder', [
      {
        id: 'a',
        doc: {
          state: 'completed',
          externalId: 'X-1',
          orderDate: '2026-01-01T00:00:00.123456Z',
          relatedParty: [
            { id: 'p1', role: 'customer' },
            { id: 'p2', role: 'seller' },
          ],
          ...withCharacteristics(characteristic('downMbps', 100), characteristic('upMbps', 20)),
          note: [{ text: 'n', date: '2026-03-01T01:30:00+02:00' }],
        },
      },
      {
        id: 'b',
        doc: {
          state: 'failed',
          externalId: 'x-2',
          orderDate: '2026-01-02T00:00:00Z',
          relatedParty: [{ id: 'p2', role: 'customer' }],
          ...withCharacteristics(characteristic('downMbps', '100'), characteristic('upMbps', 100)),
          description: 'say "hi", or \\ not',
          note: [{ text: 'n', date: '2026-03-01T00:00:00Z' }],
        },
      },
      {
        id: 'c',
        doc: {
          state: 'held',
          orderDate: '2026-01-03T00:00:00Z',
          ...withCharacteristics(
            characteristic('downMbps', 20),
            characteristic('upMbps', 100),
            characteristic('deep', { a: [{ b: true }] }),
          ),
          description: 'déjà vu',
        },
      },
      { id: 'd', doc: { orderDate: '2026-01-04T00:00:00Z' } },
      { id: 'gone', deleted: true, doc: { state: 'completed', orderDate: '2026-01-01T00:00:00Z' } },
    ]),
  );

  const c = 'serviceOrderItem.service.serviceCharacteristic';
  test.each([
    ['', 'abcd'],
    ['id=a,c,gone', 'ac'],
    ['state=completed', 'a'],
    ['state=completed,held', 'ac'],
    ['state.ne=completed,held', 'bd'],
    ['state=completed&state=held', ''],
    ['externalId.gt=X', 'ab'],
    ['externalId.regex=^[xX]-', 'ab'],
    ['externalId.regex=^x-', 'b'],
    ['orderDate.gte=2026-01-02', 'bcd'],
    ['orderDate.gt=2026-01-02&orderDate.lt=2026-01-04', 'c'],
    ['orderDate=2026-01-01T00:00:00.123456Z', 'a'],
    ['orderDate=2026-01-01T00:00:00.123Z', ''],
    ['orderDate=2026-01-02T02:00:00%2B02:00', 'b'],
    ['orderDate=2026-01-02T02:00:00+02:00', 'b'],
    ['relatedParty.id=p2', 'ab'],
    ['relatedParty.id=p1,p2', 'ab'],
    ['relatedParty.id=p1&relatedParty.id=p2', 'a'],
    ['relatedParty.id=p2&relatedParty.role=customer', 'b'],
    ['relatedParty.role=customer&relatedParty.id=p2', 'b'],
    ['relatedParty.id=p2&relatedParty.role.ne=customer', 'a'],
    ['relatedParty.id.ne=p2', 'a'],
    ['relatedParty.role=seller', 'a'],
    ['description="say%20%5C"hi%5C", or"', ''],
    [`description='say "hi", or %5C not'`, 'b'],
    ['description=d%C3%A9j%C3%A0 vu', 'c'],
    ['description.ne=x', 'abcd'],
    ['note.date.gte=2026-03-01', 'b'],
    ['note.date=2026-02-28T23:30:00Z', 'a'],
    [`${c}.name=downMbps&${c}.value=100`, 'ab'],
    [`${c}.name=downMbps&${c}.value.gte=100`, 'ab'],
    [`${c}.name=upMbps&${c}.value=100`, 'bc'],
    [`${c}.name=downMbps&${c}.value=100&${c}.name=upMbps&${c}.value=20`, 'a'],
    [`${c}.value.deeper.than.that=1`, ''],
    [`${c}.value.a.b=true`, 'c'],
    [`${c}.name=upMbps&serviceOrderItem.quantity.gt=2`, 'c'],
    ['serviceOrderItem.quantity=2', 'ab'],
    ['serviceOrderItem.action=add,delete', 'abc'],
    [`description.regex=${encodeURIComponent('"; drop table gateway.view; --')}`, ''],
    [`description=${encodeURIComponent(`') or true --`)}`, ''],
    [`${c}.value=${encodeURIComponent('") || (1 == 1')}`, ''],
  ])('%s finds %s', async (text, expected) => {
    expect((await ids(`${text}&sort=id`)).join('')).toBe(expected);
  });

  test('an invalid regular expression is the client’s error', async () => {
    const error = await list('description.regex=(').catch(toTmfError);
    expect(error).toMatchObject({ status: 400, code: 'invalidQuery' });
  });

  test('a query that reads documents for too long is stopped and says so', async () => {
    const holder = await sql.reserve();
    await holder`begin`;
    await holder`lock table gateway.view in access exclusive mode`;
    const error = await list('sort=description').catch(toTmfError);
    await holder`rollback`;
    holder.release();
    expect(error).toMatchObject({ status: 503, code: 'queryTooSlow', headers: { 'Retry-After': '5' } });
  });

  test('a list whose client is gone is not read any more', async () => {
    const holder = await sql.reserve();
    await holder`begin`;
    await holder`lock table gateway.view in access exclusive mode`;
    const gone = new AbortController();
    const reading = createViewStore(sql, sql).list(orders, parseQuery(orders, ''), gone.signal);
    const waiting = async () =>
      (
        await sql`
          select from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%gateway.view%'`
      ).count;
    await vi.waitUntil(async () => (await waiting()) === 1, { timeout: 15_000 });
    gone.abort();
    await expect(reading).rejects.toMatchObject({ status: 499, code: 'clientGone' });
    await vi.waitUntil(async () => (await waiting()) === 0, { timeout: 15_000 });
    await holder`rollback`;
    holder.release();
    expect(await ids('sort=id')).toEqual(['a', 'b', 'c', 'd']);
  });

  test('no filter value, however odd, is anything but a value', async () => {
    const attribute = fc.constantFrom(
      'description',
      'state',
      'externalId',
      'relatedParty.id',
      'note.text',
      `${c}.value`,
    );
    const odd = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom('$', '@', '"', '\\', "'", '$v0', '") || (1==1', '\\u0041', '{}', '[]', 'null'),
    );
    await fc.assert(
      fc.asyncProperty(attribute, odd, async (name, value) => {
        fc.pre(!value.includes('\0') && value.isWellFormed());
        const quoted = value.includes('"') ? `'${value}'` : `"${value}"`;
        fc.pre(!(value.includes('"') && value.includes("'")));
        const found = await ids(`${name}=${encodeURIComponent(quoted)}`);
        expect(found).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('a value is found again, however odd', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), async (value) => {
        fc.pre(!value.includes('\0') && value.isWellFormed());
        fc.pre(!(value.includes('"') && value.includes("'")));
        await store('service', [
          { id: 's', doc: { name: value, state: value } },
          { id: 't', doc: { name: `${value}-` } },
        ]);
        const quoted = value.includes('"') ? `'${value}'` : `"${value}"`;
        expect(await ids(`name=${encodeURIComponent(quoted)}`, services)).toEqual(['s']);
        expect(await ids(`state=${encodeURIComponent(quoted)}`, services)).toEqual(['s']);
      }),
      { numRuns: 60 },
    );
  });
});

describe('order and pages', () => {
  /** The whole list by `next` links, and back by `prev` links from its end. */
  async function walk(text: string, direction: 'next' | 'prev', from?: string): Promise<string[]> {
    const found: string[] = [];
    let cursor = from;
    for (let pages = 0; pages < 100; pages += 1) {
      const page = await list(`${text}${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      const here = page.items.map(({ id }) => id);
      if (direction === 'next') found.push(...here);
      else found.unshift(...here);
      const on = page[direction];
      if (on === undefined) return found;
      cursor = writeCursor(on, sortText(parseQuery(orders, text)));
    }
    throw new Error('the walk does not end');
  }

  const dates = fc.constantFrom(
    undefined,
    '2026-01-01T00:00:00.000001Z',
    '2026-01-01T00:00:00.000002Z',
    '2026-01-02T01:00:00+01:00',
  );
  const order = fc.record({
    orderDate: dates,
    startDate: dates,
    state: fc.constantFrom(undefined, 'held', 'failed'),
    priority: fc.constantFrom(undefined, '1', '2', 'é'),
    requestedStartDate: dates,
  });

  test('any list, in any order and page size, is walked whole, each row once, both ways', async () => {
    const sorts = fc.constantFrom(
      'id',
      '-id',
      'orderDate',
      '-orderDate',
      '-state',
      'state',
      'priority',
      '-requestedStartDate',
      'state,-startDate',
      '-priority,requestedStartDate',
      '-id,state',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { maxLength: 12 }),
        sorts,
        fc.integer({ min: 1, max: 5 }),
        async (docs, sort, limit) => {
          await store(
            'serviceOrder',
            docs.map((doc, index) => ({ id: `o${index}`, doc: JSON.parse(JSON.stringify(doc)) as JsonObject })),
          );
          const whole = await ids(`sort=${sort}&limit=1000`);
          expect(whole).toHaveLength(docs.length);
          const paged = `sort=${sort}&limit=${limit}`;
          expect(await walk(paged, 'next')).toEqual(whole);
          const end = writeCursor(
            { direction: 'before', values: [], id: undefined },
            sortText(parseQuery(orders, paged)),
          );
          expect(await walk(paged, 'prev', end)).toEqual(whole);
          const byOffset: string[] = [];
          for (let offset = 0; offset < docs.length; offset += limit)
            byOffset.push(...(await ids(`${paged}&offset=${offset}`)));
          expect(byOffset).toEqual(whole);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a page ends before its documents come to more than 4 MiB, and the next goes on there, both ways', async () => {
    const description = 'd'.repeat(60_000);
    const rows = Array.from({ length: 150 }, (_, n) => ({
      id: `o${String(n).padStart(3, '0')}`,
      doc: { description },
    }));
    await store('serviceOrder', rows);
    const first = await list('sort=id&limit=1000');
    expect(JSON.stringify(first.items).length).toBeGreaterThan(3 * 1024 * 1024);
    expect(JSON.stringify(first.items).length).toBeLessThan(4 * 1024 * 1024);
    expect(first).toMatchObject({ total: 150, totalExact: true, prev: undefined });
    const all = rows.map(({ id }) => id);
    expect(await walk('sort=id&limit=1000', 'next')).toEqual(all);
    expect(await walk('sort=-id&limit=1000&description.ne=x', 'next')).toEqual(all.toReversed());
    const end = writeCursor({ direction: 'before', values: [], id: undefined }, 'id');
    expect(await walk('sort=id&limit=1000', 'prev', end)).toEqual(all);
    // What nobody asked for does not fill the page.
    expect(await ids('sort=id&limit=1000&fields=id')).toEqual(all);
  });

  test('a document that is larger than a page is a page', async () => {
    const huge = { description: 'd'.repeat(5_000_000) };
    await store('serviceOrder', [{ id: 'a', doc: huge }, { id: 'b' }, { id: 'c', doc: huge }]);
    expect(await ids('sort=id')).toEqual(['a']);
    expect(await walk('sort=id', 'next')).toEqual(['a', 'b', 'c']);
  });

  test('nulls come last going up and first coming down', async () => {
    await store('serviceOrder', [
      { id: 'a', doc: { priority: '2' } },
      { id: 'c', doc: { priority: '1' } },
      { id: 'b' },
    ]);
    expect(await ids('sort=priority')).toEqual(['c', 'a', 'b']);
    expect(await ids('sort=-priority')).toEqual(['b', 'a', 'c']);
  });

  test('counts', async () => {
    await store(
      'serviceOrder',
      Array.from({ length: 7 }, (_, index) => ({ id: `o${index}`, doc: { state: index < 4 ? 'held' : 'failed' } })),
    );
    expect(await list('state=held')).toMatchObject({ total: 4, totalExact: true, next: undefined, prev: undefined });
    expect(await list('state=held&limit=0')).toMatchObject({ items: [], total: 4, totalExact: true });
    expect(await list('state=held&offset=9')).toMatchObject({ items: [], total: 4, totalExact: true });
    const second = await list('limit=3&offset=3');
    expect(second).toMatchObject({ total: 7, totalExact: true });
    expect(second.items).toHaveLength(3);
    expect(second.next?.direction).toBe('after');
    expect(second.prev?.direction).toBe('before');
  });

  test('a cursor that was made up is refused or harmless', async () => {
    const made = (values: (string | null)[], id: string) =>
      writeCursor({ direction: 'after', values, id }, '-orderDate');
    const page = await list(`cursor=${made(['2020-01-01T00:00:00.000000Z'], 'nobody')}`);
    expect(page.items).toEqual([]);
    expect(() => parseQuery(orders, `cursor=${made(['no date'], '1')}`)).toThrow('cursor');
  });

  test('a total beyond the exact count is a floor', async () => {
    await sql`delete from gateway.view where resource = 'serviceOrder'`;
    await sql`
      insert into gateway.view (resource, id, revision, doc, created_at)
      select 'serviceOrder', 'n' || i, 1, '{}', now() from generate_series(1, ${EXACT_COUNT_LIMIT + 5}) i`;
    expect(await list('limit=1')).toMatchObject({ total: EXACT_COUNT_LIMIT, totalExact: false });
    expect((await list(`limit=1&offset=${EXACT_COUNT_LIMIT + 3}`)).total).toBeGreaterThan(EXACT_COUNT_LIMIT);
    const filtered = await list('limit=2&id.ne=n1&sort=id');
    expect(filtered).toMatchObject({ total: EXACT_COUNT_LIMIT, totalExact: false });
    expect(filtered.items.map(({ id }) => id)).toEqual(['n10', 'n100']);
    expect(await list('limit=2&id.ne=n1&id.lt=n101')).toMatchObject({ total: 18, totalExact: true });
  });
});

test('a deleted resource is not there', async () => {
  await store('serviceOrder', [
    { id: 'a', doc: { state: 'held' } },
    { id: 'b', deleted: true },
  ]);
  const views = createViewStore(sql, sql);
  expect(await views.get(orders, 'a')).toEqual({ id: 'a', revision: 1, doc: { id: 'a', state: 'held' } });
  expect(await views.get(orders, 'b')).toBeUndefined();
  expect(await views.get(services, 'a')).toBeUndefined();
});
