import { describe, expect, test } from 'vitest';
import type { ProductOrderAmendment, RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import { amend, remove } from './amend.decide.ts';
import {
  type Fact,
  aProduct,
  accepted,
  after,
  anItem,
  anOrder,
  cancelled,
  chain,
  claimed,
  deliveryOf,
  done,
  due,
  given,
  lived,
  noon,
  orderedItem,
  policy,
  recorded,
  rules,
  shortened,
  told,
  turn,
} from '../orders.fixture.ts';
import { planOf } from '../receive/receive.decide.ts';
import { settle } from '../deliver/settle.decide.ts';

const commandId = '019f0000-0000-7000-8000-00000000aaaa';
const amended =
  (amendment: Partial<ProductOrderAmendment>, expectedRevision?: number): Fact =>
  (state) =>
    amend(state, { commandId, id: 'o', expectedRevision }, { whenStarted: 'refuse', ...amendment }, rules, turn());
const replaced = (...items: readonly RequestedProductItem[]) => amended({ items: [...items] });
const refusalOf = (fact: Fact, ...facts: readonly Fact[]): string | undefined => {
  const { save, send = [] } = fact(facts.length === 0 ? undefined : lived(...facts));
  expect(save).toBeUndefined();
  return (send[0]?.body as { code?: string } | undefined)?.code;
};

/** The second item waits for the first. */
const order = anOrder(chain(), anItem('2', { dependsOn: ['1'], characteristics: { rate: 20 } }));
const running = [accepted(order), claimed()];
const faster = anItem('2', { dependsOn: ['1'], characteristics: { rate: 90 } });

describe('items', () => {
  test('that have not started are planned anew; the others go on as they are', () => {
    const { state } = given(...running, told('first', 'inProgress'))
      .when(replaced(faster))
      .then({ stage: 'inProgress', sends: ['record 2 pendingActive, pendingActive'] });
    expect(deliveryOf(state, 'first').state).toBe('inProgress');
    expect(state.order.request.items[1]?.characteristics).toEqual({ rate: 90 });
    const { effects } = given(...running, replaced(faster), ...done('first', 'middle'))
      .when(told('last', 'completed'))
      .then({ sends: ['add alone'] });
    expect(orderedItem(effects, 'alone')?.characteristics).toEqual({ rate: 90 });
  });

  test('that wait for an amended one wait for what it has become', () => {
    const three = [chain(), anItem('2', { dependsOn: ['1'] }), anItem('3', { dependsOn: ['2'] })] as const;
    const other = chain('2', { dependsOn: ['1'] });
    const { state } = given(accepted(anOrder(...three)), claimed(), replaced(other), ...done('first', 'middle'))
      .when(told('last', 'completed'))
      .then({ sends: ['add first'] });
    const again = planOf(state.order.request, rules, [], state.order.rules, turn());
    expect(JSON.stringify(state.plan)).toBe(JSON.stringify('plan' in again && again.plan));
  });

  test('leave what a person put right for others', () => {
    const failed = told('first', 'failed', { code: 'noPort', reason: 'No port.' });
    const putRight: Fact = (state) => {
      const { id: deliveryId } = deliveryOf(state, 'first');
      return settle(state, { orderId: 'o', deliveryId, verb: 'retry', requested: { rate: 5 } }, commandId, turn());
    };
    const held = [accepted(order, policy({ do: 'hold' })), claimed(), failed];
    const { plan } = lived(...held, putRight, replaced(faster));
    expect(plan?.deliveries.map(({ characteristics }) => characteristics['rate'])).toEqual([5, 10, 10, 90]);
    expect(plan?.products[0]?.components[0]?.characteristics).toEqual({ rate: 5 });
  });

  test('of an order that waits for its date may become something else', () => {
    const waiting = { ...order, requestedStartDate: after(60).toISOString() };
    given(accepted(waiting), replaced(anItem('2', { quantity: 3 })))
      .when(due(after(60)))
      .then({ stage: 'validated', sends: ['claim 1, 2, 2, 2'] });
  });

  test('that started are refused', () => {
    expect(refusalOf(replaced(chain('1', { characteristics: { rate: 5 } })), ...running)).toBe('itemStarted');
  });

  test('that started become a follow-up order, where the amendment says so: it is placed when this one has ended', () => {
    const change = { items: [chain('1', { characteristics: { rate: 5 } })], whenStarted: 'followUp' as const };
    const { state } = given(...running)
      .when(amended(change))
      .then({ stage: 'inProgress', sends: [] });
    expect(state.order.followUps).toHaveLength(1);
    expect(state.order.request).toEqual(order);
    const { effects } = given(...running, amended(change), ...done('first', 'middle', 'last', 'alone'))
      .when(recorded)
      .then({ stage: 'completed' });
    expect(effects.send?.[0]?.body).toMatchObject({
      order: {
        id: state.order.followUps[0],
        items: [{ itemId: '1', action: 'modify', productId: state.order.items['1']?.products[0], quantity: 1 }],
      },
    });
  });

  test('that no rule can make anything of are refused with the reason, and nothing changes', () => {
    const wrong = anItem('2', { dependsOn: ['1'], characteristics: { colour: 'red' } });
    expect(refusalOf(replaced(wrong), ...running)).toBe('invalidCharacteristic');
  });

  test('keep their action, product and quantity once their products are claimed', () => {
    expect(refusalOf(replaced(anItem('2', { dependsOn: ['1'], quantity: 2 })), ...running)).toBe('productsClaimed');
  });

  test('of an order that goes back, or has none of that name, are refused', () => {
    expect(refusalOf(replaced(anItem('7')), ...running)).toBe('unknownItem');
    expect(refusalOf(replaced(faster), accepted(order))).toBe('productsAsked');
    expect(refusalOf(replaced(faster), ...running, cancelled())).toBe('orderGoingBack');
    const failing = [
      accepted(order, policy({ do: 'rollBack' })),
      claimed(),
      ...done('first'),
      told('middle', 'failed', { code: 'x', reason: 'No.' }),
    ];
    expect(refusalOf(replaced(faster), ...failing)).toBe('orderGoingBack');
    expect(refusalOf(replaced(faster), ...running, ...done('first', 'middle', 'last', 'alone'))).toBe('orderEnded');
  });

  test('of existing products are planned with these', () => {
    const changes = anOrder(
      chain(),
      anItem('2', { action: 'modify', productId: 'p', dependsOn: ['1'], characteristics: { rate: 20 } }),
    );
    const begun = [accepted(changes), claimed(aProduct('p', { components: [] }))];
    const { state } = given(...begun)
      .when(replaced({ ...(changes.items[1] as RequestedProductItem), characteristics: { rate: 30 } }))
      .then({ stage: 'inProgress' });
    expect(state.plan?.products.find(({ id }) => id === 'p')?.characteristics).toEqual({ rate: 30 });
  });
});

describe('words', () => {
  test('change as long as the order is there, null takes them away', () => {
    const { state } = given(...running, amended({ description: 'for the shop', priority: '1' }))
      .when(amended({ description: null }))
      .then({ sends: [] });
    expect(state.order.request).toMatchObject({ priority: '1' });
    expect(state.order.request.description).toBeUndefined();
    const ended = [...running, ...done('first', 'middle', 'last', 'alone'), recorded];
    given(...ended)
      .when(amended({ externalId: 'E-1' }))
      .then({ stage: 'completed' });
  });

  test('the start can be moved until it has come', () => {
    const waiting = { ...order, requestedStartDate: after(60).toISOString() };
    expect(lived(accepted(waiting), amended({ requestedStartDate: after(90).toISOString() })).dueAt).toEqual(after(90));
    given(accepted(waiting))
      .when(amended({ requestedStartDate: noon.toISOString() }))
      .then({ sends: ['claim 1, 2'] });
    expect(refusalOf(amended({ requestedStartDate: after(90).toISOString() }), ...running)).toBe('orderStarted');
  });

  test('that were meant for another revision are stale', () => {
    expect(refusalOf(amended({ priority: '1' }, 1), ...running)).toBe('revisionMoved');
    expect(refusalOf(amended({ priority: '1' }))).toBe('notFound');
  });
});

describe('deleting', () => {
  const command = { commandId, id: 'o' };

  test('is for orders that have ended', () => {
    expect(refusalOf((state) => remove(state, command, noon), ...running)).toBe('orderRunning');
    const ended = lived(...running, ...done('first', 'middle', 'last', 'alone'), recorded);
    const gone = remove(ended, command, noon).save?.[0];
    expect(gone).toMatchObject({ deleted: true, order: { revision: ended.order.revision + 1 } });
    expect(refusalOf((state) => remove(state && { ...state, deleted: true }, command, noon), ...running)).toBe(
      'notFound',
    );
  });

  test('does not come undone by a fact that is late', () => {
    const abroad = anOrder(anItem('1', { specification: { id: 'abroad' } }));
    const failed = lived(
      accepted(abroad, policy({ do: 'compensate' })),
      claimed(),
      told('partner', 'failed', { code: 'timedOut', reason: 'Late.' }),
      recorded,
    );
    const gone = remove(failed, command, noon).save?.[0];
    const late = told('partner', 'completed')(gone);
    expect(late.save?.[0]?.deleted).toBe(true);
    expect(shortened(late.send ?? [])).toEqual(['outside delete partner']);
  });
});
