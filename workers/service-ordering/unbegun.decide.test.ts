import { describe, expect, test } from 'vitest';
import { activateItem } from '../../contracts/messages/activation.ts';
import type { OrderState } from './order.state.ts';
import { type Fact, accepted, after, anItem, anOrder, claimed, settled, status } from './orders.fixture.ts';
import { onDue } from './service-order.decide.ts';
import { type Beginning, retryItem } from './unbegun.decide.ts';

const givenUp = (over: Partial<Beginning> = {}): Beginning => ({
  begun: false,
  givenUpAt: after(5),
  reason: 'the catalog is not readable',
  ...over,
});
/** The alarm rings, and the journal says this of the items' beginnings. */
const looks =
  (beginnings: Readonly<Record<string, Beginning>> = {}, seconds = 1_000): Fact =>
  (state) =>
    onDue(state, after(seconds), new Map(Object.entries(beginnings)));
const retried =
  (itemId: string, seconds = 1_100): Fact =>
  (state) =>
    retryItem(state, itemId, after(seconds));

function live(...facts: readonly Fact[]): { state: OrderState; begins: number } {
  let state: OrderState | undefined;
  let begins = 0;
  for (const [at, fact] of facts.entries()) {
    const { save = [], send = [] } = fact(state);
    state = save.at(-1) ?? state;
    if (at === facts.length - 1) begins = send.filter(({ definition }) => definition.name === activateItem.name).length;
  }
  if (state === undefined) throw new Error('nothing was accepted');
  return { state, begins };
}
const one = [accepted(anOrder(anItem('1'))), claimed('1')];
const stands = ({ state }: { state: OrderState }) => [state.order.state, state.order.progress['1']?.state];

describe('an item whose activator gave up before it began', () => {
  test('is held, and says to a person why and what to do', () => {
    const { state, begins } = live(...one, looks({ 1: givenUp() }));
    expect([state.order.state, state.order.progress['1']?.state, begins]).toEqual(['held', 'held', 0]);
    expect(state.order.progress['1']?.failure).toEqual({ code: 'notBegun', reason: 'the catalog is not readable' });
    expect(state.order.jeopardies).toEqual([
      expect.objectContaining({
        name: 'fallout',
        itemIds: ['1'],
        message:
          'Item "1" is held: the broadband activator gave up before its first step (the catalog is not readable). Put that right, then: patchbay fallout retry.',
      }),
    ]);
  });

  test('is told of in full, however long the reason', () => {
    const { state } = live(...one, looks({ 1: givenUp({ reason: 'x'.repeat(2_000) }) }));
    expect(state.order.jeopardies[0]?.message).toMatch(/patchbay fallout retry\.$/);
  });

  test('is not asked for again, nor told of twice, and looked at soon', () => {
    const { state, begins } = live(
      ...one,
      looks({ 1: givenUp() }),
      looks({ 1: givenUp() }, 2_000),
      looks({ 1: givenUp() }, 3_000),
    );
    expect([begins, state.order.jeopardies.length, state.dueAt]).toEqual([0, 1, after(3_030)]);
  });

  test.each([
    ['a letter that is replayed', looks({ 1: givenUp({ begun: true }) }, 2_000)],
    ['what its activator says of it', status('1', 'waiting', 1)],
  ])('goes on by %s', (_, fact) => {
    const { state } = live(...one, looks({ 1: givenUp() }), fact);
    expect(state.order.progress['1']).toMatchObject({ state: _.startsWith('a letter') ? 'inProgress' : 'pending' });
    expect(state.work['1']?.unbegun).toBeUndefined();
    expect(state.order.progress['1']?.failure).toBeUndefined();
  });

  test('that stalls at a step after all is held for that', () => {
    const { state } = live(...one, looks({ 1: givenUp() }), status('1', 'stalled', 1));
    expect(state.order.progress['1']).toMatchObject({ state: 'held', failure: { code: 'noEffect' } });
    expect(
      stands(
        live(...one, looks({ 1: givenUp() }), status('1', 'stalled', 1), looks({ 1: givenUp({ begun: true }) }, 2_000)),
      ),
    ).toEqual(['held', 'held']);
  });

  test('may be done before anybody looked again', () => {
    expect(stands(live(...one, looks({ 1: givenUp() }), settled('1')))).toEqual(['completed', 'completed']);
  });

  test("is begun again by a person's word, once; what was given up before does not hold it", () => {
    const held = [...one, looks({ 1: givenUp() })];
    expect(live(...held, retried('1')).begins).toBe(1);
    expect(live(...held, retried('1'), retried('1')).begins).toBe(0);
    expect(stands(live(...held, retried('1')))).toEqual(['inProgress', 'inProgress']);
    const again = live(...held, retried('1'), looks({ 1: givenUp() }, 3_000));
    expect([...stands(again), again.begins]).toEqual(['inProgress', 'inProgress', 1]);
    const late = givenUp({ givenUpAt: after(1_200), reason: 'still not' });
    expect(stands(live(...held, retried('1'), looks({ 1: late }, 3_000)))).toEqual(['held', 'held']);
  });
});

describe('an item is left alone', () => {
  test.each<[string, Readonly<Record<string, Beginning>>]>([
    ['that nothing is known of', {}],
    ['whose command was taken, though a reminder of it was given up', { 1: givenUp({ begun: true }) }],
    ['whose command is being tried', { 1: givenUp({ givenUpAt: null }) }],
    [
      'whose command was taken where another could not be read',
      { 1: givenUp({ begun: true, givenUpAt: null }), '': givenUp() },
    ],
  ])('%s', (_, beginnings) => {
    const { state, begins } = live(...one, looks(beginnings));
    expect([state.order.state, begins]).toEqual(['inProgress', 1]);
  });

  test('that its activator has told of', () => {
    const { state } = live(...one, status('1', 'waiting', 1), looks({ 1: givenUp() }));
    expect(state.order.progress['1']?.state).toBe('pending');
  });

  test('that is not held for this, whatever a person says', () => {
    expect(live(...one, retried('1')).begins).toBe(0);
    expect(live(...one, status('1', 'stalled', 1), retried('1')).begins).toBe(0);
  });
});

test('one that could not be read holds every item that has not begun', () => {
  const two = [accepted(anOrder(anItem('1'), anItem('2'))), claimed('1', '2')];
  const begun = givenUp({ begun: true, givenUpAt: null });
  const { state } = live(...two, looks({ 2: begun, '': givenUp() }));
  expect([state.order.progress['1']?.state, state.order.progress['2']?.state]).toEqual(['held', 'inProgress']);
});
