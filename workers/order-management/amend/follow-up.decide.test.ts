import { expect, test } from 'vitest';
import { amend } from './amend.decide.ts';
import { onFollowUpAccepted } from './follow-up.decide.ts';
import {
  type Fact,
  accepted,
  anOrder,
  chain,
  claimed,
  done,
  lived,
  orderId,
  recorded,
  rules,
  shortened,
  turn,
} from '../orders.fixture.ts';

/** An amendment that comes after its item has started. */
const late =
  (commandId: string, rate: number): Fact =>
  (state) =>
    amend(
      state,
      { commandId, id: orderId },
      { items: [chain('1', { characteristics: { rate } })], whenStarted: 'followUp' },
      rules,
      turn(),
    );

const delivered = lived(
  ...[accepted(anOrder(chain())), claimed(), late('first', 5), late('second', 6)],
  ...done('first', 'middle', 'last'),
);

test('an order that ends places what follows it, once', () => {
  const { save = [], send = [] } = recorded(delivered);
  expect(shortened(send)).toEqual(['modify 1', 'modify 1']);
  expect(send.slice(0, 2).map(({ body }) => (body as { order: { id: string } }).order.id)).toEqual(
    delivered.order.followUps,
  );
  // Who asks is still told which orders these are.
  expect(save[0]).toMatchObject({ followUps: [], dueAt: null, order: { followUps: delivered.order.followUps } });
});

test('what the release before places again until it hears of it is taken from the list, once', () => {
  const [first = '', second = ''] = delivered.order.followUps;
  const waiting = { ...lived(() => recorded(delivered)), followUps: delivered.followUps };
  expect(onFollowUpAccepted(waiting, first).save?.[0]?.followUps.map(({ id }) => id)).toEqual([second]);
  expect(
    onFollowUpAccepted(
      lived(() => recorded(delivered)),
      first,
    ),
  ).toEqual({});
  expect(onFollowUpAccepted(undefined, first)).toEqual({});
});
