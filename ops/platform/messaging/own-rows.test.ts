import { expect, test } from 'vitest';
import { z } from 'zod';
import { documentsOf } from './own-rows.ts';

const documentOf = documentsOf(
  'shop.item',
  z.object({ state: z.enum(['new', 'sold']), parts: z.array(z.object({ id: z.string() })) }),
);

test('a document is given as it is stored, with what a newer release added', () => {
  const doc = { state: 'new', parts: [{ id: 'a', addedLater: 1 }], addedLater: { x: [1] } };
  expect(documentOf({ id: '7', doc })).toBe(doc);
});

test('one that this release does not know is named by table, id and attribute', () => {
  const doc = { state: 'lent', parts: [{ id: 'a' }, {}] };
  expect(() => documentOf({ id: '7', doc })).toThrow(/^shop\.item 7 .*state: .*"new"\|"sold".*parts\.1\.id: /);
});
