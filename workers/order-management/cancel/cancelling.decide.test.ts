import { describe, expect, test } from 'vitest';
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
  deliveryStates,
  done,
  due,
  given,
  lived,
  noon,
  policy,
  recorded,
  refused,
  shortened,
  taken,
  told,
  tooLate,
} from '../orders.fixture.ts';

const order = anOrder(chain(), anItem('2'));
const begun = [accepted(order, policy({ do: 'compensate' })), claimed()];
const running = [...begun, ...taken('first', 'alone')];
const cancels = (...components: readonly string[]): string[] =>
  components.map((one) => `cancel-service-order ${deliveryOf(lived(...running), one).serviceOrderId}`);
const cancellationOf = (state: ReturnType<typeof lived>) => state.cancellations.at(-1);

describe('before anything began', () => {
  test('an order that waits for its date is cancelled at once', () => {
    const waiting = { ...order, requestedStartDate: after(60).toISOString() };
    const { state } = given(accepted(waiting))
      .when(cancelled())
      .then({ stage: 'cancelled', items: { 1: 'cancelled', 2: 'cancelled' }, sends: ['cancellation done'] });
    expect(state.order).toMatchObject({ cancelledAt: noon.toISOString(), cancellationReason: 'changed my mind' });
    expect(state.dueAt).toBeNull();
  });

  test('products that were asked for are given back once they are granted', () => {
    given(accepted(order))
      .when(cancelled())
      .then({ stage: 'pendingCancellation', sends: ['cancellation inProgress'] });
    given(accepted(order), cancelled())
      .when(claimed())
      .then({ stage: 'pendingCancellation', sends: ['record 1 cancelled, cancelled, release'] });
    given(accepted(order), cancelled(), claimed())
      .when(recorded)
      .then({ stage: 'cancelled', items: { 1: 'cancelled', 2: 'cancelled' }, sends: ['cancellation done'] });
    given(accepted(order), cancelled())
      .when(refused('1'))
      .then({ stage: 'cancelled', sends: ['cancellation done'] });
  });
});

describe('in flight', () => {
  test('every service order that runs is asked, and nothing new begins', () => {
    const { state, effects } = given(...running)
      .when(cancelled())
      .then({
        stage: 'assessingCancellation',
        items: { 1: 'assessingCancellation', 2: 'assessingCancellation' },
        sends: [...cancels('first', 'alone'), 'cancellation acknowledged'],
      });
    expect(state.order.state).toBe('assessingCancellation');
    expect(effects.send?.find(({ definition }) => definition.name.includes('product-order-changed'))?.aside).toBe(true);
  });

  test('one that was not heard of yet is asked when it is: service ordering refuses to cancel what it does not know', () => {
    given(...begun, ...taken('alone'))
      .when(cancelled())
      .then({ stage: 'assessingCancellation', sends: [...cancels('alone'), 'cancellation acknowledged'] });
    given(...begun, ...taken('alone'), cancelled())
      .when(told('first', 'acknowledged'))
      .then({ stage: 'assessingCancellation', sends: cancels('first') });
  });

  test('one that is placed outside is asked at once', () => {
    const outside = [accepted(anOrder(anItem('1', { specification: { id: 'abroad' } }))), claimed()];
    const { serviceOrderId } = deliveryOf(lived(...outside), 'partner');
    given(...outside)
      .when(cancelled())
      .then({ sends: [`cancel-order ${serviceOrderId}`, 'cancellation acknowledged'] });
  });

  test('when all are cancelled, what is done is taken back, last first', () => {
    const asked = [...running, ...done('first', 'middle'), cancelled()];
    given(...asked)
      .when(told('last', 'cancelled'))
      .then({ stage: 'assessingCancellation', sends: [] });
    given(...asked, told('last', 'cancelled'))
      .when(told('alone', 'cancelled'))
      .then({
        stage: 'pendingCancellation',
        items: { 1: 'pendingCancellation', 2: 'cancelled' },
        sends: ['delete middle', 'cancellation inProgress'],
      });
    const undone = [...asked, told('last', 'cancelled'), told('alone', 'cancelled'), ...done('middle')];
    given(...undone)
      .when(told('first', 'completed'))
      .then({ items: { 1: 'cancelled', 2: 'cancelled' }, sends: ['record 2 cancelled, cancelled, release'] });
    const { state } = given(...undone, ...done('first'))
      .when(recorded)
      .then({ stage: 'cancelled', sends: ['cancellation done'] });
    expect(cancellationOf(state)).toMatchObject({ state: 'done', effectiveAt: noon.toISOString() });
    expect(state.order.failure).toBeUndefined();
  });

  test('what is done while it is asked is undone', () => {
    given(...running, cancelled(), told('alone', 'cancelled'))
      .when(told('first', 'completed'))
      .then({ stage: 'pendingCancellation', sends: ['delete first', 'cancellation inProgress'] });
  });

  test('one that is too late refuses for all: what was cancelled is ordered again, under another id', () => {
    const { state } = given(...running, cancelled(), told('alone', 'cancelled'))
      .when(tooLate('first'))
      .then({
        stage: 'inProgress',
        items: { 1: 'inProgress', 2: 'inProgress' },
        sends: ['add alone', 'cancellation terminatedWithError'],
      });
    expect(cancellationOf(state)?.failure).toEqual({ code: 'pointOfNoReturn', reason: 'The trench is dug.' });
    expect(state.order.cancellationReason).toBeUndefined();
    // The other's end comes after the refusal.
    given(...running, cancelled(), tooLate('first'))
      .when(told('alone', 'cancelled'))
      .then({ stage: 'inProgress', sends: ['add alone'] });
    const { state: ended } = given(
      ...running,
      cancelled(),
      told('alone', 'cancelled'),
      tooLate('first'),
      ...done('alone', 'first', 'middle', 'last'),
    )
      .when(recorded)
      .then({ stage: 'completed' });
    expect(ended.order.items['2']?.failure).toBeUndefined();
  });

  test('what went wrong while it was asked follows its policy when the order goes on, and not before', () => {
    given(...running, cancelled())
      .when(told('alone', 'failed', { code: 'noPort', reason: 'No port.' }))
      .then({ items: { 1: 'assessingCancellation', 2: 'assessingCancellation' }, sends: [] });
    given(...running, cancelled(), told('alone', 'failed', { code: 'noPort', reason: 'No port.' }))
      .when(tooLate('first'))
      .then({ stage: 'inProgress', items: { 1: 'inProgress', 2: 'failed' } });
  });

  test('what is being taken back already goes on being taken back, and is not asked', () => {
    const failing = [
      ...running,
      ...done('first', 'alone'),
      told('middle', 'failed', { code: 'noPort', reason: 'No port.' }),
    ];
    given(...failing)
      .when(cancelled())
      .then({ stage: 'pendingCancellation', sends: ['delete alone', 'cancellation inProgress'] });
  });

  test('a delete that is done refuses before anybody is asked', () => {
    const remove = anOrder(anItem('1', { action: 'delete', productId: 'p' }));
    const { state } = given(accepted(remove), claimed(aProduct('p')), ...done('last'))
      .when(cancelled())
      .then({ stage: 'inProgress', sends: ['cancellation terminatedWithError'] });
    expect(cancellationOf(state)?.failure?.code).toBe('pointOfNoReturn');
  });

  test('what could not be taken back is told: the cancellation ends in error and the order failed', () => {
    const back = [...running, ...done('first'), cancelled(), told('middle', 'cancelled'), told('alone', 'cancelled')];
    const { state } = given(...back, told('first', 'failed', { code: 'noEffect', reason: 'It stays.' }))
      .when(recorded)
      .then({ stage: 'failed', sends: ['cancellation terminatedWithError'] });
    expect(cancellationOf(state)?.failure?.code).toBe('leftBehind');
  });
});

describe('a request', () => {
  test('said again is answered again, and is one', () => {
    const { effects } = given(...running, cancelled())
      .when(cancelled())
      .then({ sends: ['cancellation acknowledged'] });
    expect(effects.save).toBeUndefined();
  });

  test('for a later date waits for it', () => {
    const { state } = given(...running)
      .when(cancelled('c', after(20)))
      .then({ stage: 'inProgress', sends: ['cancellation acknowledged'] });
    expect(state.dueAt).toEqual(after(20));
    given(...running, cancelled('c', after(20)))
      .when(due(after(20)))
      .then({ stage: 'assessingCancellation' });
  });

  test('beside another, or when all is over, is refused', () => {
    const refusal = (...facts: readonly Fact[]) => {
      const { send = [] } = cancelled('another')(lived(...facts));
      return (send[0]?.body as { code?: string } | undefined)?.code;
    };
    expect(refusal(...running, cancelled())).toBe('cancellationUnderWay');
    expect(refusal(...running, ...done('alone', 'first', 'middle', 'last'))).toBe('orderEnded');
    expect(refusal(...running, ...done('alone', 'first', 'middle', 'last'), recorded)).toBe('orderEnded');
  });

  test('that comes while the order is taken back is refused: it is on its way there', () => {
    const back = [
      accepted(order, policy({ do: 'rollBack' })),
      claimed(),
      ...done('alone'),
      told('first', 'failed', { code: 'noPort', reason: 'No port.' }),
    ];
    const { state } = given(...back)
      .when(cancelled())
      .then({ stage: 'rollingBack', sends: ['cancellation terminatedWithError'] });
    expect(deliveryStates(state)['alone']).toBe('acknowledged');
  });

  test('that has not come to its date when the order ends ends with it', () => {
    const { effects } = given(...running, cancelled('c', after(90)), ...done('alone', 'first', 'middle', 'last'))
      .when(recorded)
      .then({ stage: 'completed' });
    expect(shortened(effects.send ?? [])).toEqual(['cancellation terminatedWithError']);
  });
});
