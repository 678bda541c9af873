import { expect, test } from 'vitest';

import { fromCharacteristics } from './service-attributes.ts';

test('characteristics are shown in one order, however they are stored: the client’s first, then by name', () => {
  const said = [
    { name: 'zeta', value: 0, unit: 'km' },
    { name: 'gone', value: 1 },
    { name: 'constructor', value: 2 },
  ];
  const shown = [
    { name: 'zeta', value: 5, valueType: 'integer', unit: 'km' },
    { name: 'alpha', value: 'a', valueType: 'string' },
    { name: 'mid', value: [1], valueType: 'array' },
  ];
  expect(fromCharacteristics({ mid: [1], alpha: 'a', zeta: 5, gone: null }, said)).toEqual(shown);
  expect(fromCharacteristics({ zeta: 5, alpha: 'a', mid: [1] }, said)).toEqual(shown);
});
