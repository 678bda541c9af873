import { expect, test } from 'vitest';
import { conversionFault, convert } from './units.decide.ts';

test.each([
  [1, 'Gbit/s', 'Mbit/s', 1000],
  [0.1, 'Gbit/s', 'Mbit/s', 100],
  [1.1, 'Gbps', 'kbit/s', 1_100_000],
  [500, 'Mbit/s', 'Gbit/s', 0.5],
  [20, 'GB', 'MB', 20_000],
  [1, 'GiB', 'B', 1_073_741_824],
  [2, 'd', 'h', 48],
  [90, 'min', 'h', 1.5],
  [1.005, 'km', 'm', 1005],
  [0, 'GHz', 'MHz', 0],
])('%d %s in %s is %d', (value, from, to, result) => {
  expect(convert(value, from, to)).toBe(result);
});

test('a unit that nobody knows is named, with those there are', () => {
  expect(convert(1, 'furlong', 'm')).toMatch(/^"furlong" is not a unit known here; there are bit\/s, /);
});

test('units of different quantities are not converted', () => {
  const sentence = '"Gbit/s" is a unit of bit rate, "GB" of amount of data: one cannot be converted to the other';
  expect(conversionFault('Gbit/s', 'GB')).toBe(sentence);
  expect(convert(1, 'Gbit/s', 'GB')).toBe(sentence);
});
