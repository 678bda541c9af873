import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ActivateItem, activateItem } from '../../contracts/messages/activation.ts';
import { claimServices } from '../../contracts/messages/service-inventory.ts';
import { serviceOrderStates } from '../../contracts/states/service-order.ts';
import {
  type Fact,
  accepted,
  after,
  anItem,
  anOrder,
  busy,
  claimed,
  due,
  givenUp,
  refused,
  retried,
  sent,
  settled,
  stalled,
  verdicts,
} from './orders.fixture.ts';
import type { OrderState } from './order.state.ts';
import {
  itemEnded,
  itemTransitions,
  moveItem,
  moveOrder,
  orderEnded,
  orderTransitions,
} from './service-order.machine.ts';

test('an order and its items end in the states TMF641 calls final, and in no other that they can reach', () => {
  const reachable = (table: Readonly<Record<string, Readonly<Record<string, string>>>>): string[] => {
    const seen = new Set(['acknowledged']);
    for (const state of seen) for (const next of Object.values(table[state] ?? {})) seen.add(next);
    return [...seen].toSorted();
  };
  const orders = reachable(orderTransitions);
  expect(orders.filter((state) => orderEnded(state as never))).toEqual([
    'cancelled',
    'completed',
    'failed',
    'partial',
    'rejected',
  ]);
  const items = reachable(itemTransitions);
  expect(items.filter((state) => itemEnded(state as never))).toEqual([
    'cancelled',
    'completed',
    'failed',
    'partial',
    'rejected',
  ]);
});

test('no trigger leads anywhere out of a final state, or from any state to one that is not known', () => {
  for (const state of serviceOrderStates) {
    for (const trigger of ['start', 'reject', 'allDone', 'someDone', 'noneDone', 'stall', 'resume'] as const)
      expect([undefined, ...serviceOrderStates]).toContain(moveOrder(state, trigger));
    for (const trigger of ['start', 'wait', 'reject', 'complete', 'fail', 'abandon', 'stall', 'resume'] as const)
      expect([undefined, ...serviceOrderStates]).toContain(moveItem(state, trigger));
  }
});

const ids = ['a', 'b', 'c', 'd'] as const;
const order = anOrder(
  anItem('a'),
  anItem('b', { dependsOn: ['a'] }),
  anItem('c', { action: 'modify' }),
  anItem('d', { dependsOn: ['b', 'c'] }),
);

const anItemId = fc.constantFrom(...ids);
const aFact: fc.Arbitrary<Fact> = fc.oneof(
  fc.subarray([...ids], { minLength: 1 }).map((some) => claimed(...some)),
  anItemId.map((id) => verdicts(busy(id))),
  anItemId.map((id) => verdicts(refused(id))),
  fc.tuple(anItemId, fc.constantFrom('completed' as const, 'failed' as const)).map(([id, how]) => settled(id, how)),
  fc.tuple(anItemId, fc.boolean()).map(([id, is]) => stalled(id, is)),
  fc.integer({ min: 0, max: 2_000 }).map((seconds) => due(after(seconds))),
  fc.constant(givenUp(claimServices)),
  anItemId.map((id) => givenUp(activateItem, id)),
  anItemId.map((id) => retried(id)),
);

/** Facts in any order, some of them again right away, some again much later. */
const aHistory = fc
  .array(fc.tuple(aFact, fc.constantFrom('once', 'twice', 'late')), { maxLength: 30 })
  .map((facts): Fact[] => [
    accepted(order),
    ...facts.flatMap(([fact, how]) => (how === 'twice' ? [fact, fact] : [fact])),
    ...facts.flatMap(([fact, how]) => (how === 'late' ? [fact] : [])),
  ]);

const apply = (state: OrderState | undefined, fact: Fact): OrderState => {
  const next = fact(state).save?.at(-1) ?? state;
  if (next === undefined) throw new Error('nothing was accepted');
  return next;
};

test('law: the same fact twice equals once, and is one revision', () => {
  fc.assert(
    fc.property(aHistory, aFact, (history, fact) => {
      const once = apply(history.reduce<OrderState | undefined>(apply, undefined), fact);
      const twice = apply(once, fact);
      const { progress, state, jeopardies } = once.order;
      expect(twice.order).toMatchObject({ progress, state, jeopardies });
      expect(twice.work).toEqual(once.work);
    }),
  );
});

test('law: no end is left, no item starts before what it depends on is done, and every revision follows on the last', () => {
  fc.assert(
    fc.property(aHistory, (history) => {
      let state: OrderState | undefined;
      for (const fact of history) {
        const before = state;
        const effects = fact(before);
        state = effects.save?.at(-1) ?? before;
        if (state === undefined) throw new Error('nothing was accepted');
        for (const { itemId } of sent<ActivateItem>(effects, 'activate-item')) {
          const item = order.items.find((one) => one.itemId === itemId);
          for (const dependency of item?.dependsOn ?? [])
            expect(state.order.progress[dependency]?.state).toBe('completed');
        }
        for (const [revision, shown] of sent<{ order: { revision: number } }>(
          effects,
          'service-order-changed',
        ).entries())
          expect(shown.order.revision).toBe((before?.order.revision ?? 0) + 1 + revision);
        if (before === undefined) continue;
        if (orderEnded(before.order.state)) expect(state.order).toEqual(before.order);
        for (const id of ids) {
          const was = before.order.progress[id]?.state ?? 'acknowledged';
          if (itemEnded(was)) expect(state.order.progress[id]?.state).toBe(was);
        }
      }
    }),
  );
});

test('law: whatever came in whatever order, once every answer has come at last, the order and every item has ended', () => {
  fc.assert(
    fc.property(aHistory, fc.shuffledSubarray([...ids], { minLength: 4 }), (history, ending) => {
      let state = history.reduce<OrderState | undefined>(apply, undefined);
      // A person has what was given up said again; the inventory answers what it is asked, and the network what it is told.
      for (const id of ids) state = apply(state, retried(id));
      state = apply(state, claimed(...ids));
      for (let round = 0; round < ids.length + 1; round += 1)
        for (const id of ending)
          if (['inProgress', 'held'].includes(state?.order.progress[id]?.state ?? ''))
            state = apply(state, settled(id));
      expect(ids.map((id) => itemEnded(state?.order.progress[id]?.state ?? 'acknowledged'))).toEqual(
        ids.map(() => true),
      );
      expect(orderEnded(state?.order.state ?? 'acknowledged')).toBe(true);
      expect([
        state?.dueAt,
        state?.order.jeopardies.filter(({ message }) => message.includes('fallout retry')),
      ]).toEqual([null, []]);
    }),
  );
});
