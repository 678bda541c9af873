import { describe, expect, test } from 'vitest';
import { gatewayOf, isOffered, prefixLengths, prefixPool, type Family } from './prefixes.ts';

const families = Object.keys(prefixLengths) as Family[];
const everyLength = families.flatMap((family) => prefixLengths[family].map((length) => ({ family, length })));

describe.each(everyLength)('$family /$length', ({ family, length }) => {
  const pool = prefixPool(family, length);

  test.each([0, 1, 255, 256, pool.size - 1])('number %i is on offer', (index) => {
    expect(isOffered(family, length, pool.at(index))).toBe(true);
  });

  test('what is not aligned, beyond its end or not an address is not on offer', () => {
    for (const other of [pool.at(pool.size).split('/')[0], '192.0.2.0', '2001:db8::', 'x', ''].map(
      (each) => `${each}/${length}`,
    ))
      expect(isOffered(family, length, other)).toBe(false);
  });

  test('every name is another one', () => {
    const some = Array.from({ length: 2000 }, (_, index) => pool.at(index));
    expect(new Set(some).size).toBe(2000);
  });

  test('no other length reaches into it', () => {
    for (const other of prefixLengths[family].filter((each) => each !== length))
      expect(isOffered(family, other, pool.at(0).replace(/\d+$/, String(other)))).toBe(false);
  });
});

test('addresses are written as people write them', () => {
  expect(prefixPool('ipv4', 30).at(64)).toBe('10.192.1.0/30');
  expect(prefixPool('ipv6', 56).at(0)).toBe('3fff:100::/56');
  expect(prefixPool('ipv6', 64).at(2 ** 24 - 1)).toBe('3fff:200:ff:ffff::/64');
});

test('the gateway is the first host, or for a single address the router it sits on', () => {
  expect(gatewayOf('ipv4', '10.192.1.0/30')).toBe('10.192.1.1');
  expect(gatewayOf('ipv4', '10.224.0.9/32')).toBe('100.64.0.1');
  expect(gatewayOf('ipv6', '3fff:100::/56')).toBe('3fff:100::1');
});

test('a host of a prefix is not a prefix', () => {
  expect(isOffered('ipv4', 30, '10.192.0.1/30')).toBe(false);
  expect(isOffered('ipv6', 56, '3fff:100::1/56')).toBe(false);
});
