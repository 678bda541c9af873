import { expect, test } from 'vitest';
import type { ItemProgress, Jeopardy } from '../../../contracts/messages/service-ordering.ts';
import { whatHolds } from './standing.decide.ts';

const failure = { code: 'outcomeUnknown', reason: 'answered 503' };
const progress: Record<string, ItemProgress> = {
  a: { state: 'failed', failure: { code: 'refused', reason: 'no' } },
  b: { state: 'held', failure },
};
const alert = (itemId: string, message: string): Jeopardy => ({
  id: `${itemId}-1`,
  name: 'fallout',
  message,
  itemIds: [itemId],
  at: '2026-03-01T12:00:00.000Z',
});

test('what is held says so in the words of its newest alert', () => {
  const jeopardies = [
    alert('b', 'before'),
    alert('b', 'Item "b" is held at step s: answered 503'),
    alert('a', 'other'),
  ];
  expect(whatHolds({ state: 'held', progress, jeopardies })).toEqual({
    code: 'outcomeUnknown',
    reason: 'Item "b" is held at step s: answered 503',
  });
  expect(whatHolds({ state: 'held', progress, jeopardies: [] })).toEqual(failure);
});

test('what is not held waits for nobody', () => {
  expect(whatHolds({ state: 'inProgress', progress, jeopardies: [] })).toBeUndefined();
  expect(whatHolds({ state: 'held', progress: { b: { state: 'held' } }, jeopardies: [] })).toBeUndefined();
});
