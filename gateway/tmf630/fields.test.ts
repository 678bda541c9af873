import fc from 'fast-check';
import { expect, test } from 'vitest';

import { fieldTree, project } from './fields.ts';

const order = {
  id: '1',
  href: 'http://x/1',
  state: 'held',
  relatedParty: [{ id: 'p', name: 'Ann', role: 'customer' }, { id: 'q' }],
  nothing: null,
};
const pick = (...fields: string[]) => project(order, fieldTree(fields.map((field) => field.split('.'))));

test('id and href always come along', () => {
  expect(pick('state')).toEqual({ id: '1', href: 'http://x/1', state: 'held' });
  expect(pick()).toEqual({ id: '1', href: 'http://x/1' });
});

test('an array is selected from element by element', () => {
  expect(pick('relatedParty.name')).toMatchObject({ relatedParty: [{ name: 'Ann' }, {}] });
});

test('what is not there stays away, and null stays null', () => {
  expect(pick('description', 'nothing', 'nothing.more')).toEqual({ id: '1', href: 'http://x/1', nothing: null });
});

const name = fc.constantFrom('a', 'b', 'c', 'id');
const json = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.integer(), tie('object'), fc.array(tie('value'), { maxLength: 3 })),
  object: fc.dictionary(name, tie('value'), { maxKeys: 4 }),
})).object;
const paths = fc.array(fc.array(name, { minLength: 1, maxLength: 3 }), { maxLength: 4 });

test('selecting twice is selecting once', () => {
  fc.assert(
    fc.property(json, paths, (document, wanted) => {
      const tree = fieldTree(wanted);
      expect(project(project(document, tree), tree)).toEqual(project(document, tree));
    }),
  );
});

test('selecting every top-level attribute is selecting all', () => {
  fc.assert(
    fc.property(json, (document) => {
      expect(project(document, fieldTree(Object.keys(document).map((key) => [key])))).toEqual(document);
    }),
  );
});
