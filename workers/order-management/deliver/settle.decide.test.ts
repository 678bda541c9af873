import { describe, expect, test } from 'vitest';
import type { SettleDelivery } from '../../../contracts/messages/order-management.ts';
import {
  type Fact,
  accepted,
  anItem,
  anOrder,
  cancelled,
  chain,
  claimed,
  deliveryOf,
  done,
  given,
  lived,
  orderedItem,
  orderId,
  policy,
  record,
  told,
  turn,
} from '../orders.fixture.ts';
import { settle } from './settle.decide.ts';

const noPort = { code: 'noPort', reason: 'No port is free.' };
const settled =
  (component: string, verb: SettleDelivery['verb'], requested?: SettleDelivery['requested']): Fact =>
  (state) =>
    settle(
      state,
      { orderId, deliveryId: deliveryOf(state, component).id, verb, requested },
      '019f0000-0000-7000-8000-00000000bbbb',
      turn(),
    );
const held = [
  accepted(anOrder(chain(), anItem('2')), policy({ do: 'hold' })),
  claimed(),
  ...done('alone', 'first'),
  told('middle', 'failed', noPort),
];
const refusalOf = (fact: Fact, ...facts: readonly Fact[]): string | undefined =>
  (fact(lived(...facts)).send?.[0]?.body as { code?: string } | undefined)?.code;

describe('what is held', () => {
  test('is tried again, with what a person put right, and their word is in the audit', () => {
    const { effects, state } = given(...held)
      .when(settled('middle', 'retry', { rate: 7 }))
      .then({ stage: 'inProgress', sends: ['add middle'] });
    expect(orderedItem(effects, 'middle')?.characteristics).toEqual({ rate: 7 });
    expect(state.audit.find(({ why }) => why === 'by the word of a person')).toMatchObject({
      about: 'middle',
      from: 'held',
      to: 'retry',
    });
    const { effects: end } = given(...held, settled('middle', 'retry', { rate: 7 }), ...done('middle'))
      .when(told('last', 'completed'))
      .then({});
    const component = record(end)?.products[0]?.components?.find(({ name }) => name === 'middle');
    expect(component?.characteristics).toEqual({ rate: 7 });
  });

  test('fails: its item is taken back', () => {
    given(...held)
      .when(settled('middle', 'fail'))
      .then({ items: { 1: 'inProgress', 2: 'completed' }, sends: ['delete first'] });
  });

  test('takes the whole order back', () => {
    given(...held)
      .when(settled('middle', 'rollBack'))
      .then({ stage: 'rollingBack', sends: ['delete alone', 'delete first'] });
  });

  test('is left out where it is optional, and only there', () => {
    expect(refusalOf(settled('middle', 'skip'), ...held)).toBe('notOptional');
    given(
      accepted(anOrder(anItem('1', { specification: { id: 'extra' } })), policy({ do: 'hold' })),
      claimed(),
      ...done('first'),
      told('more', 'failed', noPort),
    )
      .when(settled('more', 'skip'))
      .then({ deliveries: { first: 'completed', more: 'skipped' }, sends: ['record 2 pendingActive, release'] });
  });

  test('because its service order is: that is asked to be cancelled, or settled where it is held', () => {
    const there = [accepted(anOrder(chain())), claimed(), told('first', 'held', noPort)];
    expect(lived(...there).order.stage).toBe('held');
    expect(refusalOf(settled('first', 'retry'), ...there)).toBe('serviceOrderHeld');
    const id = deliveryOf(lived(...there), 'first').serviceOrderId;
    given(...there)
      .when(settled('first', 'fail'))
      .then({ sends: [`cancel-service-order ${id}`] });
    given(...there, settled('first', 'fail'))
      .when(told('first', 'cancelled'))
      .then({ items: { 1: 'failed' }, sends: ['record 2 aborted, release'] });
  });

  test('while it is taken back is tried again, or stays behind', () => {
    const stuck = [...held, settled('middle', 'fail'), told('first', 'failed', noPort)];
    given(...stuck)
      .when(settled('first', 'retry'))
      .then({ sends: ['delete first'] });
    given(...stuck)
      .when(settled('first', 'fail'))
      .then({ items: { 1: 'failed', 2: 'completed' }, sends: ['record 2 pendingTerminate, active, release'] });
  });
});

test('while an order is cancelled, a person decides about what cannot be taken back', () => {
  const back = [
    accepted(anOrder(chain(), anItem('2')), policy({ do: 'hold' })),
    claimed(),
    ...done('alone', 'first'),
    cancelled(),
    told('middle', 'cancelled'),
    told('first', 'failed', noPort),
  ];
  given(...back)
    .when(settled('first', 'retry'))
    .then({ stage: 'pendingCancellation', sends: ['delete first'] });
  given(...back, ...done('alone'))
    .when(settled('first', 'fail'))
    .then({ sends: ['record 2 pendingTerminate, cancelled, release'] });
});

test('there is nothing to say about what is not held', () => {
  expect(refusalOf(settled('alone', 'retry'), ...held)).toBe('notHeld');
  expect(refusalOf(settled('middle', 'retry'), ...held, cancelled())).toBe('cancellationUnderWay');
  expect(refusalOf((state) => settle(state, { orderId, deliveryId: 'x', verb: 'retry' }, 'c', turn()), ...held)).toBe(
    'notFound',
  );
});
