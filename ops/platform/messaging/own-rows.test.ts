import { expect, test } from 'vitest';
import { documentsOf } from './own-rows.ts';

interface Item {
  readonly state: string;
  readonly parts: readonly { readonly state?: string | null }[];
}
const documentOf = documentsOf<Item>('shop.item', ({ state, parts }) => [
  [['new', 'sold'], state],
  [['whole', 'broken'], ...parts.map((part) => part.state)],
]);

test('a document is given as it is stored, with what a newer release added', () => {
  const doc = { state: 'new', parts: [{ state: 'whole', addedLater: 1 }, {}, { state: null }], addedLater: { x: [1] } };
  expect(documentOf({ id: '7', doc })).toBe(doc);
});

test.each([
  ['itself', { state: 'lent', parts: [] }, 'lent'],
  ['a part', { state: 'sold', parts: [{ state: 'whole' }, { state: 'rusty' }] }, 'rusty'],
])('a state of %s that this release does not know is named by table, id and word', (_whose, doc, word) => {
  expect(() => documentOf({ id: '7', doc })).toThrow(new RegExp(`^shop\\.item 7 says ${word}`));
});
