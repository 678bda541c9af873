import { expect, test } from 'vitest';
import { beginTrace, readTraceparent, traceIdFor, traceIdOf } from './trace-context.ts';

const order = '01a20a4d-c717-721d-8509-5c150b449841';
const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('a traceparent from outside is carried on as it is', () => {
  expect(readTraceparent(given)).toBe(given);
  expect(readTraceparent(` ${given.toUpperCase()} `)).toBe(given);
});

test('a later version of the header is carried on as the version we know', () => {
  expect(readTraceparent(`01${given.slice(2)}-more`)).toBe(given);
});

test.each([
  undefined,
  '',
  'nonsense',
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  `ff${given.slice(2)}`,
])('%j is no traceparent', (header) => {
  expect(readTraceparent(header)).toBeUndefined();
});

test('an order whose client began no trace has its own id as the trace', () => {
  const begun = beginTrace(order) ?? '';
  expect(readTraceparent(begun)).toBe(begun);
  expect(traceIdOf(begun)).toBe(order.replaceAll('-', ''));
  expect(beginTrace(order, () => 0)?.slice(36, 52)).toBe('0000000100000001');
});

test('what is no UUID has no trace of its own', () => {
  expect(traceIdFor('test')).toBeUndefined();
  expect(beginTrace('test')).toBeUndefined();
});
