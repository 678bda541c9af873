import { expect, test } from 'vitest';
import { orderOf } from './order-file.ts';

const about = (id: string): string => `{"productOrderItem":[{"id":"1","action":"delete","product":{"id":"${id}"}}]}`;

test('what is ordered says which API it is for', () => {
  expect(orderOf(about('p'), 'f', undefined).kind).toBe('productOrder');
  expect(orderOf('{"serviceOrderItem":[]}', 'f', undefined).kind).toBe('serviceOrder');
  // Neither: the gateway says what is wrong with it.
  expect(orderOf('[]', 'f', undefined).kind).toBe('serviceOrder');
  expect(orderOf('null', 'f', undefined).kind).toBe('serviceOrder');
  expect(() => orderOf('{', 'f', undefined)).toThrow('f is not JSON');
});

test('a file that leaves open which product is meant is completed, and sent in no other way', () => {
  expect(orderOf(about('<product id>'), 'f', 'p-1').body).toBe(about('p-1'));
  expect(orderOf(about('<product id>'), 'f', '"').body).toBe(about('\\"'));
  expect(() => orderOf(about('<product id>'), 'f', undefined)).toThrow('name it with --product <id>');
  expect(() => orderOf(about('<product id>'), 'f', '')).toThrow('--product is empty');
  expect(() => orderOf(about('p-1'), 'f', 'p-2')).toThrow('f has no <product id> in it');
});
