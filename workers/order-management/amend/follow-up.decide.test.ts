import { describe, expect, test } from 'vitest';
import { amend } from './amend.decide.ts';
import { answerFollowed, onFollowUpAccepted } from './follow-up.decide.ts';
import type { Effects } from '../order.state.ts';
import {
  type Fact,
  accepted,
  after,
  anItem,
  anOrder,
  chain,
  claimed,
  done,
  due,
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
const acceptedFollowUp =
  (id: string): Fact =>
  (state) =>
    onFollowUpAccepted(state, id);

const facts = [
  ...[accepted(anOrder(chain())), claimed(), late('first', 5), late('second', 6)],
  ...[...done('first', 'middle', 'last'), recorded],
];
const ended = lived(...facts);
const [first = '', second = ''] = ended.order.followUps;

describe('an order that ended', () => {
  test('places what follows it again until it hears that it is there, however often that is lost', () => {
    let state = ended;
    for (let reminder = 0; reminder < 10; reminder += 1) {
      const effects = due(state.dueAt ?? after(0))(state);
      expect(shortened(effects.send ?? [])).toEqual(['modify 1', 'modify 1']);
      expect(effects.send?.map(({ body }) => body)).toMatchObject([
        { order: { id: first }, follows: orderId },
        { order: { id: second }, follows: orderId },
      ]);
      state = effects.save?.at(-1) ?? state;
    }
    state = lived(() => acceptedFollowUp(first)(state));
    const effects = due(state.dueAt ?? after(0))(state);
    expect(effects.send?.map(({ body }) => body)).toMatchObject([{ order: { id: second } }]);
    state = lived(() => effects, acceptedFollowUp(second));
    const last = due(state.dueAt ?? after(0))(state);
    expect(last).toMatchObject({ send: [], save: [{ dueAt: null }] });
    // Who asks is still told which orders these were.
    expect(last.save?.[0]?.order).toEqual(ended.order);
  });

  test('changes nothing when it is told twice, or of an order that does not follow it', () => {
    const told = lived(() => acceptedFollowUp(first)(ended));
    expect(acceptedFollowUp(first)(told)).toEqual({});
    expect(acceptedFollowUp('another')(ended)).toEqual({});
    expect(acceptedFollowUp(first)(undefined)).toEqual({});
  });
});

describe('an order that is placed', () => {
  const answerTo = (effects: Effects, follows?: string) =>
    shortened(answerFollowed(effects, orderId, follows).send ?? []);
  const order = accepted(anOrder(anItem('1')));
  const ofNothing = accepted(anOrder(anItem('1', { specification: { id: 'nothing' } })));

  test('to follow another tells it that it is there: accepted, asked for again, or rejected', () => {
    expect(answerTo(order(undefined), 'followed')).toEqual(['claim 1', 'follow-up-accepted followed']);
    expect(answerTo(order(lived(order)), 'followed')).toEqual(['follow-up-accepted followed']);
    expect(answerTo(ofNothing(undefined), 'followed')).toEqual(['follow-up-accepted followed']);
  });

  test('by a person tells nobody', () => {
    expect(answerTo(order(undefined))).toEqual(['claim 1']);
  });
});
