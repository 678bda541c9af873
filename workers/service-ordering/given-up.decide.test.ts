import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as activationMessages from '../../contracts/messages/activation.ts';
import { type CancelItem, activateItem, cancelItem } from '../../contracts/messages/activation.ts';
import type { MessageDefinition } from '../../contracts/messages/message.ts';
import * as inventoryMessages from '../../contracts/messages/service-inventory.ts';
import { claimServices, reclaimServices, releaseClaims } from '../../contracts/messages/service-inventory.ts';
import * as orderingMessages from '../../contracts/messages/service-ordering.ts';
import * as planningMessages from '../../contracts/messages/service-planning.ts';
import { reactions } from './given-up.decide.ts';
import {
  accepted,
  anItem,
  anOrder,
  assessed,
  busy,
  cancelled,
  claimed,
  given,
  givenUp,
  itemStates,
  lived,
  milestone,
  reclaimed,
  refused,
  retried,
  settled,
  shortened,
  status,
  verdicts,
} from './orders.fixture.ts';

const keyOf = (stage: CancelItem['stage'], itemId: string, round = 1): string => `${stage} ${round} ${itemId}`;
const one = [accepted(anOrder(anItem('a'))), claimed('a')] as const;
const side = [accepted(anOrder(anItem('a'), anItem('b'))), claimed('a', 'b')] as const;
const notBegun = givenUp(activateItem, 'a');

describe('an item whose activator gave up before it began', () => {
  test('is held, and says to a person why and what to do', () => {
    const { state } = given(...one)
      .when(notBegun)
      .then({ order: 'held', items: { a: 'held' }, sends: [] });
    expect(state.order.progress['a']?.failure).toEqual({ code: 'notBegun', reason: 'the disk is full' });
    expect(state.order.jeopardies).toEqual([
      expect.objectContaining({
        name: 'fallout',
        itemIds: ['a'],
        message:
          'Item "a" is held: the broadband activator gave up before its first step (the disk is full). Put that right, then: patchbay fallout retry.',
      }),
    ]);
  });

  test('is told of in full, however long the reason, and once', () => {
    const { order } = lived(...one, givenUp(activateItem, 'a', { reason: 'x'.repeat(2_000) }));
    expect(order.jeopardies[0]?.message).toMatch(/patchbay fallout retry\.$/);
    given(...one, notBegun)
      .when(notBegun)
      .thenNothing();
  });

  test.each([
    ['that it waits', status('a', 'waiting', 1), 'pending'],
    ['that it runs', status('a', 'running', 1), 'inProgress'],
    ['of a milestone', milestone('a', 'reserved'), 'inProgress'],
    ['that it is done', settled('a'), 'completed'],
  ])('goes on by what its activator says: %s', (_, fact, state) => {
    const after_ = lived(...one, notBegun, fact);
    expect(itemStates(after_)).toEqual({ a: state });
    expect(after_.order.jeopardies).toEqual([]);
    expect(after_.order.progress['a']?.failure).toBeUndefined();
    expect(after_.work['a']?.unbegun).toBeUndefined();
  });

  test.each([
    ['waits', status('a', 'waiting', 1)],
    ['stands still at a step', status('a', 'stalled', 1)],
    ['reached a milestone', milestone('a', 'reserved')],
    ['is done', settled('a')],
    ['is asked whether it can be taken back, with all that is to be known of it', cancelled()],
  ])('is left alone when it %s', (_, fact) => {
    given(...one, fact)
      .when(notBegun)
      .thenNothing();
  });

  test('that stalls at a step after all is held for that', () => {
    const { state } = given(...one, notBegun)
      .when(status('a', 'stalled', 1))
      .then({ order: 'held', items: { a: 'held' } });
    expect(state.order.progress['a']?.failure?.code).toBe('noEffect');
    expect(state.order.jeopardies).toHaveLength(1);
    given(...one, notBegun, status('a', 'stalled', 1))
      .when(retried('a'))
      .thenNothing();
  });

  test("is begun again by a person's word, once; what was given up before does not hold it", () => {
    const { state } = given(...one, notBegun)
      .when(retried('a'))
      .then({ order: 'inProgress', items: { a: 'inProgress' }, sends: ['activate-item a'] });
    expect(state.order.jeopardies).toEqual([]);
    for (const fact of [retried('a'), notBegun])
      given(...one, notBegun, retried('a'))
        .when(fact)
        .thenNothing();
    given(...one, notBegun, retried('a'))
      .when(givenUp(activateItem, 'a', { messageId: 'another' }))
      .then({ order: 'held' });
  });

  test('goes with the cancellation: the question carries the whole item', () => {
    const { state } = given(...one, notBegun)
      .when(cancelled())
      .then({ order: 'assessingCancellation', sends: ['cancel-item assess a', 'cancellation-changed'] });
    expect(state.order.jeopardies).toEqual([]);
  });

  test('does not hold its neighbours', () => {
    given(...side)
      .when(notBegun)
      .then({ order: 'held', items: { a: 'held', b: 'inProgress' } });
  });

  test('of the release before, whose row says less, goes on all the same', () => {
    const held = lived(...one, notBegun);
    const old = { ...held, work: { a: { ...held.work['a'], unbegun: { held: true } } } };
    expect(shortened(retried('a')(old).send ?? [])).toEqual(['activate-item a']);
    expect(settled('a')(old).save).toMatchObject([{ order: { state: 'completed' } }]);
  });

  test('that nobody knows, or that was never begun, is not held', () => {
    given(...one)
      .when(givenUp(activateItem, 'z'))
      .thenNothing();
    given(...one)
      .when(givenUp(activateItem))
      .thenNothing();
    given(accepted(anOrder(anItem('a'))))
      .when(notBegun)
      .thenNothing();
    expect(notBegun(undefined)).toEqual({});
    given(...one)
      .when(retried('a'))
      .thenNothing();
  });
});

describe('a claim that was given up', () => {
  const order = accepted(anOrder(anItem('a'), anItem('b', { dependsOn: ['a'] }), anItem('c', { action: 'noChange' })));
  const notClaimed = givenUp(claimServices);

  test('holds the items that wait for it, with one alert', () => {
    const { state } = given(order)
      .when(notClaimed)
      .then({ order: 'held', items: { a: 'held', b: 'held', c: 'completed' }, sends: [] });
    expect(state.order.jeopardies).toEqual([
      expect.objectContaining({
        itemIds: ['a', 'b'],
        message:
          '2 items are held: the inventory gave up the claim of services (the disk is full). Put that right, then: patchbay fallout retry.',
      }),
    ]);
    given(order, notClaimed).when(notClaimed).thenNothing();
  });

  test('is claimed again whole by a word on one of its items', () => {
    const { state } = given(order, notClaimed)
      .when(retried('b'))
      .then({
        order: 'inProgress',
        items: { a: 'acknowledged', b: 'acknowledged', c: 'completed' },
        sends: ['claim-services a b'],
      });
    expect(state.order.jeopardies).toEqual([]);
    given(order, notClaimed, retried('b')).when(notClaimed).thenNothing();
  });

  test('replayed, it is answered as ever', () => {
    given(order, notClaimed)
      .when(claimed('a', 'b'))
      .then({
        order: 'inProgress',
        items: { a: 'inProgress', b: 'acknowledged', c: 'completed' },
        sends: ['activate-item a'],
      });
    const { state } = given(order, notClaimed)
      .when(verdicts(busy('a')))
      .then({ order: 'held', items: { a: 'pending', b: 'held', c: 'completed' } });
    expect(state.order.jeopardies).toMatchObject([{ itemIds: ['b'] }]);
    given(order, notClaimed)
      .when(verdicts(refused('a')))
      .then({ order: 'partial', items: { a: 'failed', b: 'cancelled', c: 'completed' } });
  });

  test('that was answered first holds nothing', () => {
    for (const answer of [claimed('a', 'b'), verdicts(busy('a'), busy('b'))])
      given(order, answer).when(notClaimed).thenNothing();
  });

  test('does not keep its order from being cancelled', () => {
    const { state } = given(order, notClaimed).when(cancelled()).then({ order: 'cancelled' });
    expect(state.order.jeopardies).toEqual([]);
  });
});

describe('a cancellation', () => {
  const inFlight = [...side, cancelled()] as const;

  test.each([
    ['a question was given up', givenUp(cancelItem, keyOf('assess', 'a')), 'The activator gave up the question'],
    ['the claim of what is done was given up', givenUp(reclaimServices, '1'), 'The inventory gave up'],
  ])('is refused when %s', (_, fact, why) => {
    const { state } = given(...side, settled('a'), cancelled())
      .when(fact)
      .then({ order: 'inProgress', items: { a: 'completed', b: 'inProgress' } });
    expect(state.cancellations).toMatchObject([
      { state: 'terminatedWithError', failure: { code: 'commandGivenUp', reason: expect.stringContaining(why) } },
    ]);
  });

  test('goes on when the question was answered first, or belongs to another', () => {
    given(...inFlight, assessed('a'))
      .when(givenUp(cancelItem, keyOf('assess', 'a')))
      .thenNothing();
    given(...inFlight)
      .when(givenUp(cancelItem, keyOf('assess', 'a', 2)))
      .thenNothing();
    given(...inFlight)
      .when(givenUp(cancelItem, 'no key'))
      .thenNothing();
    const reclaiming = [...side, settled('a'), cancelled(), assessed('a', 'over'), reclaimed('a')] as const;
    given(...reclaiming)
      .when(givenUp(reclaimServices, '1'))
      .thenNothing();
  });

  test('of which two questions were given up is refused once', () => {
    given(...inFlight, givenUp(cancelItem, keyOf('assess', 'a')))
      .when(givenUp(cancelItem, keyOf('assess', 'b')))
      .thenNothing();
  });

  test('an item that could not be told to go back is held, and told again by a person', () => {
    const facts = [...inFlight, assessed('a'), assessed('b')] as const;
    const lost = givenUp(cancelItem, keyOf('proceed', 'a'));
    const { state } = given(...facts)
      .when(lost)
      .then({ order: 'pendingCancellation', items: { a: 'held', b: 'pendingCancellation' }, sends: [] });
    expect(state.order.jeopardies).toMatchObject([{ itemIds: ['a'] }]);
    given(...facts, lost)
      .when(retried('a'))
      .then({ items: { a: 'pendingCancellation', b: 'pendingCancellation' }, sends: ['cancel-item proceed a'] });
    const ended = lived(...facts, lost, settled('a', 'cancelled'), settled('b', 'cancelled'));
    expect([ended.order.state, ended.order.jeopardies]).toEqual(['cancelled', []]);
  });

  test('that was refused holds an item that could not be told so, and a person has it told again', () => {
    const facts = [...inFlight, status('a', 'waiting', 1), assessed('b', 'too late')] as const;
    const lost = givenUp(cancelItem, keyOf('abandon', 'a'));
    given(...facts)
      .when(lost)
      .then({ order: 'held', items: { a: 'held', b: 'inProgress' }, sends: [] });
    given(...facts, lost)
      .when(retried('a'))
      .then({ items: { a: 'pending', b: 'inProgress' }, sends: ['cancel-item abandon a'] });
    // The step was under way already.
    expect(itemStates(lived(...facts, lost, milestone('a', 'reserved')))).toMatchObject({ a: 'held' });
    expect(lived(...facts, lost, settled('a'), settled('b')).order).toMatchObject({
      state: 'completed',
      jeopardies: [],
    });
    given(...facts, settled('a'))
      .when(lost)
      .thenNothing();
    given(...facts, cancelled('another'))
      .when(lost)
      .thenNothing();
  });

  test('an item that stands still at a step besides is held for that when it was told', () => {
    const facts = [...inFlight, status('a', 'stalled', 1), assessed('b', 'too late')] as const;
    const state = lived(...facts, givenUp(cancelItem, keyOf('abandon', 'a')));
    expect(state.order.jeopardies).toHaveLength(2);
    const told = retried('a')(state).save?.[0]?.order;
    expect([told?.progress['a']?.state, told?.progress['a']?.failure?.code]).toEqual(['held', 'noEffect']);
    expect(told?.jeopardies).toHaveLength(1);
  });
});

test('an alert is named by no other, also after one was taken back', () => {
  const facts = [...side, notBegun, givenUp(activateItem, 'b'), retried('a')] as const;
  const { order } = lived(...facts, givenUp(activateItem, 'a', { messageId: 'another' }));
  expect(new Set(order.jeopardies.map(({ id }) => id)).size).toBe(2);
});

test('what only warns changes nothing here, nor does anything of an order that has ended', () => {
  given(...one)
    .when(givenUp(releaseClaims))
    .thenNothing();
  given(...one, settled('a'))
    .when(notBegun)
    .thenNothing();
});

const isMessage = (one: unknown): one is MessageDefinition<unknown> =>
  typeof one === 'object' && one !== null && 'whenGivenUp' in one;

test('every command of service ordering whose sender holds or refuses has its reaction, and no other', () => {
  const definitions = Object.entries<unknown>({
    ...activationMessages,
    ...inventoryMessages,
    ...orderingMessages,
    ...planningMessages,
  }).flatMap(([name, value]) => (isMessage(value) ? [{ name, definition: value }] : []));
  const sources = globSync('*.ts', { cwd: import.meta.dirname })
    .filter((file) => !/\.(test|fixture)\.ts$/.test(file))
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
    .join('\n');
  const sent = definitions.flatMap(({ name, definition }) => (sources.includes(`send(${name},`) ? [definition] : []));
  expect(sent.map(({ name }) => name)).toContain(releaseClaims.name);
  const reacting = sent.filter(({ whenGivenUp }) => whenGivenUp === 'hold' || whenGivenUp === 'refuse');
  const names = reacting.flatMap(({ name, previous }) => [name, ...(previous === undefined ? [] : [previous.name])]);
  expect([...reactions.keys()].toSorted()).toEqual(names.toSorted());
});
