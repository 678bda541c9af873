import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { writeCursor } from './cursor.ts';
import { TmfError } from './errors.ts';
import { parseFields, parseQuery } from './query.ts';
import { orders, services } from './testing/resources.ts';

const parse = (text: string) => parseQuery(orders, text);
const filters = (text: string) =>
  parse(text).filters.map(({ path, operator, values }) => [path.text, operator, ...values]);

function refusal(run: () => unknown): TmfError {
  try {
    run();
  } catch (error) {
    if (error instanceof TmfError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('filters', () => {
  test.each([
    ['state=completed', ['state', 'eq', 'completed']],
    ['state=failed,partial', ['state', 'eq', 'failed', 'partial']],
    ['state.ne=failed', ['state', 'ne', 'failed']],
    ['description="a,b"', ['description', 'eq', 'a,b']],
    ["description='it is, so'", ['description', 'eq', 'it is, so']],
    ['description=O%27Brien', ['description', 'eq', "O'Brien"]],
    ['description="a",b', ['description', 'eq', 'a', 'b']],
    ['description="', ['description', 'eq', '"']],
    ['description=', ['description', 'eq', '']],
    ['description.regex=^a{1,3}$', ['description', 'regex', '^a{1,3}$']],
    ['description*=^a', ['description', 'regex', '^a']],
    ['description%2A%3D%5Ea', ['description', 'regex', '^a']],
    ['description=a>b', ['description', 'eq', 'a>b']],
    ['orderDate%3E2026-01-01', ['orderDate', 'gt', '2026-01-01T00:00:00.000000Z']],
    ['orderDate%3E%3D2026-01-01', ['orderDate', 'gte', '2026-01-01T00:00:00.000000Z']],
    ['orderDate>=2026-01-01', ['orderDate', 'gte', '2026-01-01T00:00:00.000000Z']],
    ['orderDate<2026-01-01T10:00:00.5Z', ['orderDate', 'lt', '2026-01-01T10:00:00.500000Z']],
    ['orderDate.lte=2026-01-01T00:00:00+02:00', ['orderDate', 'lte', '2025-12-31T22:00:00.000000Z']],
    ['orderDate=2026-01-01T00:00:00.123456Z', ['orderDate', 'eq', '2026-01-01T00:00:00.123456Z']],
    ['serviceOrderItem.quantity.gt=2', ['serviceOrderItem.quantity', 'gt', '2']],
    ['relatedParty.%40referredType=Individual', ['relatedParty.@referredType', 'eq', 'Individual']],
    [
      'serviceOrderItem.service.serviceCharacteristic.value.any.thing=1',
      ['serviceOrderItem.service.serviceCharacteristic.value.any.thing', 'eq', '1'],
    ],
    [
      'serviceOrderItem.serviceOrderItem.service.supportingService.name=x',
      ['serviceOrderItem.serviceOrderItem.service.supportingService.name', 'eq', 'x'],
    ],
  ])('%s', (text, expected) => {
    expect(filters(text)).toEqual([expected]);
  });

  test('pairs are kept in their order, repeated ones too', () => {
    expect(filters('state=a&state.ne=b&state=c')).toEqual([
      ['state', 'eq', 'a'],
      ['state', 'ne', 'b'],
      ['state', 'eq', 'c'],
    ]);
  });

  test('a boolean compares with true or false', () => {
    expect(parseQuery(services, 'isBundle=true').filters).toMatchObject([
      { values: ['true'], path: { leaf: 'boolean' } },
    ]);
    expect(refusal(() => parseQuery(services, 'isBundle=yes')).reason).toBe(
      "'isBundle' compares with true or false, not with 'yes'.",
    );
  });

  test.each([
    ['colour=red', 'unknownAttribute', "A serviceOrder has no attribute 'colour'."],
    [
      'relatedParty.shoe.size=4',
      'unknownAttribute',
      "A serviceOrder has no attribute 'relatedParty.shoe' (in 'relatedParty.shoe.size').",
    ],
    ['constructor=x', 'unknownAttribute', "A serviceOrder has no attribute 'constructor'."],
    ['state.foo=x', 'unknownAttribute', "A serviceOrder has no attribute 'state.foo'."],
    ['filter=$.x', 'unknownAttribute', "A serviceOrder has no attribute 'filter'."],
    ["serviceOrderItem.service.serviceCharacteristic.value.a'b=1", 'unknownAttribute', undefined],
    ['=x', 'unknownAttribute', undefined],
    ['sort=colour', 'unknownAttribute', "A serviceOrder has no attribute 'colour'."],
    ['fields=id,colour', 'unknownAttribute', "A serviceOrder has no attribute 'colour'."],
    ['relatedParty=x', 'invalidQuery', "'relatedParty' is an object: filter by one of its attributes."],
    ['href=x', 'invalidQuery', 'Filter by id instead of href: the href is made for each request.'],
    [
      'orderDate=yesterday',
      'invalidQuery',
      "'orderDate' compares with a date, like 2026-03-01 or 2026-03-01T09:30:00Z, not with 'yesterday'.",
    ],
    ['orderDate=2026-02-30', 'invalidQuery', undefined],
    ['orderDate=0000-01-01', 'invalidQuery', undefined],
    ['serviceOrderItem.quantity=many', 'invalidQuery', undefined],
    ['state.gt=a,b', 'invalidQuery', "'state.gt' compares with one value."],
    ['state', 'invalidQuery', "'state' is no condition."],
    ['state=%E0%A4%A', 'invalidQuery', "'%E0%A4%A' is not percent-encoded correctly."],
    ['state=%00', 'invalidQuery', undefined],
    ['description.regex=(a)%5C1', 'invalidQuery', 'A regular expression may not have back-references.'],
    ['description.regex=a{1,200}', 'invalidQuery', undefined],
    [
      'description.regex=(?:.{0,99}){0,99}$',
      'invalidQuery',
      'A regular expression may come to 255 characters, not 9802.',
    ],
    ['description.regex=((a{9}){9}){9}', 'invalidQuery', undefined],
    ['description.regex=(?x)(a #)%0A{99}', 'invalidQuery', undefined],
    [`description.regex=${'a'.repeat(129)}`, 'invalidQuery', undefined],
    ['a.b.c.d.e.f.g.h.i=1', 'invalidQuery', "'a.b.c.d.e.f.g.h.i' goes deeper than 8 attributes."],
    [Array.from({ length: 21 }, () => 'state=a').join('&'), 'invalidQuery', 'A query may have 20 conditions, not 21.'],
    ['offset=-1', 'invalidQuery', undefined],
    ['limit=1001', 'invalidQuery', "limit must be a whole number from 0 to 1000, but is '1001'."],
    ['limit=1&limit=2', 'invalidQuery', 'limit may be given once.'],
    ['cursor=abc', 'invalidQuery', undefined],
    [
      'sort=relatedParty.name',
      'invalidQuery',
      "A list cannot be sorted by 'relatedParty.name': each entry may have several.",
    ],
    ['sort=href', 'invalidQuery', undefined],
    ['sort=a,b,c,d,e', 'invalidQuery', undefined],
  ])('%s is refused', (text, code, reason) => {
    const error = refusal(() => parse(text));
    expect(error).toMatchObject({ status: 400, code });
    if (reason !== undefined) expect(error.reason).toBe(reason);
  });

  test('no query string, however odd, does anything but parse or be refused', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'state',
        'orderDate',
        'relatedParty.id',
        '=',
        '&',
        ',',
        '.',
        '%3E',
        '"',
        "'",
        'sort',
        'fields',
        '+',
        '-',
        '$',
        'cursor',
        '%',
      ),
      fc.string({ maxLength: 6, unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        try {
          parse(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(TmfError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('sort, fields and pages', () => {
  test('a plus sign arrives as a space', () => {
    const { sort } = parse('sort=-orderDate,+id,%2BexternalId');
    expect(sort.map(({ path, descending }) => [path.text, descending])).toEqual([
      ['orderDate', true],
      ['id', false],
      ['externalId', false],
    ]);
  });

  test('without sort, the resource says', () => {
    expect(parse('').sort).toMatchObject([{ path: { text: 'orderDate', column: 'created_at' }, descending: true }]);
  });

  test('fields make a tree; the whole wins over its parts', () => {
    expect(parse('fields=state,relatedParty.name&fields=relatedParty.id,note,note.text').fields).toEqual({
      state: true,
      relatedParty: { name: true, id: true },
      note: true,
    });
    expect(parse('fields=none').fields).toEqual({});
    expect(parse('fields=').fields).toBe('all');
    expect(parseFields(orders, 'fields=state')).toEqual({ state: true });
    expect(refusal(() => parseFields(orders, 'state=held')).reason).toBe(
      "'state' has no meaning for a single serviceOrder.",
    );
  });

  test('a page was asked for by offset, limit or cursor', () => {
    const { path } = parse('').sort[0] ?? {};
    const cursor = writeCursor(
      { direction: 'after', values: ['2026-01-01T00:00:00.000000Z'], id: '1' },
      `-${path?.text}`,
    );
    expect(parse('state=held').paged).toBe(false);
    expect(parse('offset=0').paged).toBe(true);
    expect(parse('limit=5').paged).toBe(true);
    expect(parse(`cursor=${cursor}`)).toMatchObject({
      paged: true,
      cursor: { direction: 'after', values: ['2026-01-01T00:00:00.000000Z'], id: '1' },
    });
  });

  test('a cursor belongs to its sort, and excludes an offset', () => {
    const cursor = writeCursor({ direction: 'after', values: ['2026-01-01T00:00:00.000000Z'], id: '1' }, '-orderDate');
    expect(refusal(() => parse(`sort=id&cursor=${cursor}`)).code).toBe('invalidQuery');
    expect(refusal(() => parse(`offset=3&cursor=${cursor}`)).code).toBe('invalidQuery');
  });
});
