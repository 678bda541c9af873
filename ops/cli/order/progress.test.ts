import { expect, test } from 'vitest';
import type { ShownOrder } from './gateway-client.ts';
import { changes, hasEnded } from './progress.ts';

const order = (state: string, items: Record<string, string>): ShownOrder => ({
  id: 'o',
  state,
  serviceOrderItem: Object.entries(items).map(([id, itemState]) => ({
    id,
    action: 'add',
    state: itemState,
    service: { serviceType: 'broadband' },
  })),
});

test('the first look shows everything, later ones what changed', () => {
  const first = order('acknowledged', { a: 'acknowledged', b: 'acknowledged' });
  const second = order('inProgress', { a: 'inProgress', b: 'acknowledged' });
  expect(changes(undefined, first)).toHaveLength(3);
  expect(changes(first, second)).toEqual([
    'order                inProgress',
    'item a               inProgress   add  broadband',
  ]);
  expect(changes(second, second)).toEqual([]);
});

test('a reason is shown with what it explains, and a jeopardy once', () => {
  const held: ShownOrder = { ...order('held', { a: 'held' }), jeopardyAlert: [{ message: 'olt does not answer' }] };
  expect(changes(order('inProgress', { a: 'inProgress' }), held).at(-1)).toContain('olt does not answer');
  expect(changes(held, held)).toEqual([]);
});

test('held is no end, partial is one', () => {
  expect(hasEnded(order('held', {}))).toBe(false);
  expect(hasEnded(order('partial', {}))).toBe(true);
});

test('what an item waits for is shown with it, and why an order was cancelled', () => {
  const note = [{ text: 'mine' }, { id: 'waiting-a', text: 'Item "a": Waits for partner to do order-port.' }];
  const waiting: ShownOrder = { ...order('pending', { a: 'pending', b: 'acknowledged' }), note };
  expect(changes(order('inProgress', { a: 'inProgress', b: 'acknowledged' }), waiting)).toEqual([
    'order                pending',
    'item a               pending      add  broadband  Item "a": Waits for partner to do order-port.',
  ]);
  const { note: _over, ...rest } = waiting;
  const cancelled: ShownOrder = { ...rest, state: 'cancelled', cancellationReason: 'Ordered twice' };
  expect(changes(waiting, cancelled)).toEqual(['order                cancelled    Ordered twice']);
});
