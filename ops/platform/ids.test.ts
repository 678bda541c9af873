import fc from 'fast-check';
import { v5 } from 'uuid';
import { expect, test } from 'vitest';
import { derivedId } from './ids.ts';

test('a derived id is the UUIDv5 of its parts, in our namespace, as any other library makes it', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }), (parts) => {
      expect(derivedId(...parts)).toBe(v5(JSON.stringify(parts), '6f1d9d1e-5c0e-5a0b-9a53-0c9be3d3f2a7'));
    }),
  );
});

test('parts that read the same when joined give different ids', () => {
  expect(derivedId('a', 'bc')).not.toBe(derivedId('ab', 'c'));
});
