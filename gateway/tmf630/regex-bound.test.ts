import { expect, test } from 'vitest';

import { MOST_UNFOLDED, unfoldedSize } from './regex-bound.ts';

test.each([
  ['', 0],
  ['abc', 3],
  ['^a.c$', 5],
  ['a*b+c?d*?', 4],
  ['a{3}', 3],
  ['a{2,}', 2],
  ['a{0,9}?', 9],
  ['a{,9}', 5],
  ['[a-z]{3}[^]x]{2}[[:digit:]]{4}[\\]]', 10],
  ['\\d{6}\\{9}', 9],
  ['(?:ab|c){3}', 12],
  ['(ab){2,4}(?=x{3})(?!y)(?<=z)(?<!z)', 8 + 3 + 1 + 1 + 1],
  ['^([0-9a-f]{2}:){5}[0-9a-f]{2}$', 1 + 15 + 2 + 1],
  ['(?:.{0,99}){0,99}$', 99 * 99 + 1],
  ['((((a{9}){9}){9}){9}){9}', 9 ** 5],
  ['(?i)abc', 3],
  ['(){50}', 50],
  // Refused by PostgreSQL.
  ['(a{3}', 3],
])('%s is as large as %i characters', (pattern, size) => {
  expect(unfoldedSize(pattern)).toBe(size);
});

test.each([')', 'a)', '[', '[a', '\\', '(?a', '(?x)a', '(?#', '***=a', '(?b)a', '(?i)(?x)(a #)\n{99}'])(
  '%s cannot be read',
  (pattern) => {
    expect(unfoldedSize(pattern)).toBeUndefined();
  },
);

test('what people look for is far from the bound', () => {
  const uuid = '^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$';
  const address = '^(?:\\d{1,3}\\.){3}\\d{1,3}(?:/\\d{1,2})?$';
  for (const pattern of [uuid, address]) expect(unfoldedSize(pattern)).toBeLessThan(MOST_UNFOLDED / 4);
});
