import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { Body } from './body.ts';
import { TmfError } from './errors.ts';
import { applyJsonPatch, type JsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { readPatch } from './patch.ts';
import { anOrder, orders } from './testing/resources.ts';

const name = fc.constantFrom('a', 'b', 'c');
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.constant(null),
    fc.string({ maxLength: 3 }),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
})).value;

describe('merge patch', () => {
  // The examples of RFC 7396, appendix A.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });

  test('merging twice is merging once, and the arguments stay as they were', () => {
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const before = JSON.stringify([target, patch]);
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
        expect(JSON.stringify([target, patch])).toBe(before);
      }),
    );
  });
});

describe('JSON patch', () => {
  const apply = (document: unknown, ...operations: JsonPatch) => applyJsonPatch(document, operations);

  // The examples of RFC 6902, appendix A, and its corners.
  test.each([
    [{ foo: 'bar' }, { op: 'add', path: '/baz', value: 'qux' }, { foo: 'bar', baz: 'qux' }],
    [{ foo: ['bar', 'baz'] }, { op: 'add', path: '/foo/1', value: 'qux' }, { foo: ['bar', 'qux', 'baz'] }],
    [{ foo: ['bar'] }, { op: 'add', path: '/foo/-', value: ['abc'] }, { foo: ['bar', ['abc']] }],
    [{ baz: 'qux', foo: 'bar' }, { op: 'remove', path: '/baz' }, { foo: 'bar' }],
    [{ foo: ['bar', 'qux', 'baz'] }, { op: 'remove', path: '/foo/1' }, { foo: ['bar', 'baz'] }],
    [
      { baz: 'qux', foo: 'bar' },
      { op: 'replace', path: '/baz', value: 'boo' },
      { baz: 'boo', foo: 'bar' },
    ],
    [
      { a: { w: 1 }, b: {} },
      { op: 'move', from: '/a/w', path: '/b/t' },
      { a: {}, b: { t: 1 } },
    ],
    [
      { foo: ['all', 'grass', 'cows', 'eat'] },
      { op: 'move', from: '/foo/1', path: '/foo/3' },
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    [{ a: [1] }, { op: 'copy', from: '/a', path: '/b' }, { a: [1], b: [1] }],
    [{ '~1': 10 }, { op: 'test', path: '/~01', value: 10 }, { '~1': 10 }],
    [{ 'a/b': 1 }, { op: 'replace', path: '/a~1b', value: 2 }, { 'a/b': 2 }],
    [{ '': 1 }, { op: 'replace', path: '/', value: 2 }, { '': 2 }],
  ] as [unknown, JsonPatch[number], unknown][])('%j with %j is %j', (document, operation, expected) => {
    expect(apply(document, operation)).toEqual(expected);
  });

  test.each([
    [{ op: 'remove', path: '/nothing' }, 'invalidPatch'],
    [{ op: 'replace', path: '/nothing', value: 1 }, 'invalidPatch'],
    [{ op: 'add', path: '/a/b/c', value: 1 }, 'invalidPatch'],
    [{ op: 'add', path: '/list/5', value: 1 }, 'invalidPatch'],
    [{ op: 'add', path: '/list/01', value: 1 }, 'invalidPatch'],
    [{ op: 'replace', path: '/list/-', value: 1 }, 'invalidPatch'],
    [{ op: 'remove', path: '' }, 'invalidPatch'],
    [{ op: 'move', from: '/a', path: '/a/b' }, 'invalidPatch'],
    [{ op: 'add', path: '/__proto__', value: 1 }, 'invalidPatch'],
    [{ op: 'test', path: '/a', value: { b: 2 } }, 'patchTestFailed'],
  ] as [JsonPatch[number], string][])('%j is refused with %s', (operation, code) => {
    expect(() => apply({ a: { b: 1 }, list: [1] }, operation)).toThrow(expect.objectContaining({ code }));
  });

  test('copies of copies are bounded', () => {
    const doubling: JsonPatch = Array.from({ length: 60 }, (_, index) => ({
      op: 'copy',
      from: '',
      path: `/c${index}`,
    }));
    expect(() => apply({ a: 'x' }, ...doubling)).toThrow('copies more than a body may hold');
  });

  test('adding and removing again changes nothing, and the argument stays as it was', () => {
    fc.assert(
      fc.property(fc.dictionary(name, json), json, (document, value) => {
        const before = JSON.stringify(document);
        const added = apply(document, { op: 'add', path: '/new', value });
        expect(JSON.stringify(document)).toBe(before);
        expect(apply(added, { op: 'remove', path: '/new' })).toEqual(document);
      }),
    );
  });
});

describe('a PATCH', () => {
  const href = 'http://api.test/tmf-api/serviceOrdering/v4/serviceOrder/1';
  const current = anOrder({
    id: '1',
    state: 'held',
    orderDate: '2026-01-01T00:00:00Z',
    description: 'old',
    keep: { our: 1 },
  });
  const read = (json: unknown, mediaType = 'application/merge-patch+json') =>
    readPatch(orders, (document) => ({ ...document, href }), {
      json,
      mediaType,
      bytes: new Uint8Array(),
    } satisfies Body);

  test('merges, and says what changed', () => {
    const { doc, changed } = read({ description: 'new', note: [{ text: 'hello' }] }).apply(current);
    expect(doc).toEqual({ ...current, description: 'new', note: [{ text: 'hello' }] });
    expect(changed).toEqual(['description', 'note']);
  });

  test('attributes we do not know are kept and may change', () => {
    expect(read({ keep: { our: 2 }, '@type': 'Special' }).apply(current).doc).toMatchObject({
      keep: { our: 2 },
      '@type': 'Special',
    });
  });

  test('what cannot be patched may be sent back as it was read', () => {
    expect(
      read({ id: '1', href, orderDate: '2026-01-01T00:00:00Z', description: 'new' }).apply(current).changed,
    ).toEqual(['description']);
  });

  test.each([
    [{ id: '2' }, 'notPatchable'],
    [{ href: 'http://elsewhere/1' }, 'notPatchable'],
    [{ orderDate: null, description: 'x' }, 'notPatchable'],
    [{ milestone: [] }, 'notPatchable'],
    [{ requestedStartDate: 'soon' }, 'invalidBody'],
    [{ serviceOrderItem: [] }, 'invalidBody'],
    [{ state: 'flying' }, 'invalidBody'],
  ])('%j is refused with %s', (body, code) => {
    expect(() => read(body).apply(current)).toThrow(expect.objectContaining({ code, status: 400 }));
  });

  test('an attribute that was wrong before is not held against the client', () => {
    const old: JsonObject = { ...current, priority: 4 };
    expect(read({ description: 'new' }).apply(old).doc).toMatchObject({ priority: 4, description: 'new' });
  });

  test('JSON Patch reaches into arrays', () => {
    const patch = read(
      [{ op: 'replace', path: '/serviceOrderItem/0/action', value: 'noChange' }],
      'application/json-patch+json',
    );
    expect(patch.apply(current).doc).toMatchObject({ serviceOrderItem: [{ action: 'noChange' }] });
  });

  test.each([
    [{ op: 'add' }, 'The body must be an array, but is {"op":"add"}.'],
    [[], 'The body must have at least 1 entry.'],
    [
      [{ op: 'add', path: 'x', value: 1 }],
      "[0].path is not a JSON Pointer: it begins with '/' and escapes '~' as '~0', but is \"x\".",
    ],
  ])('%j is no JSON Patch', (body, reason) => {
    expect(() => read(body, 'application/json-patch+json')).toThrow(reason);
  });

  test('a patch must be of its kind', () => {
    expect(() => read([1])).toThrow(TmfError);
  });
});
