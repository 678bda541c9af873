import { describe, expect, test } from 'vitest';
import type { Cancellation, ServiceOrder } from '../../contracts/messages/service-ordering.ts';
import {
  type Fact,
  accepted,
  after,
  anItem,
  anOrder,
  assessed,
  busy,
  cancelled,
  claimed,
  due,
  given,
  itemStates,
  lived,
  orderId,
  reclaimed,
  sent,
  settled,
  status,
  verdicts,
} from './orders.fixture.ts';
import type { Effects, OrderState } from './order.state.ts';

const line = anOrder(anItem('a'), anItem('b', { dependsOn: ['a'] }), anItem('c', { dependsOn: ['b'] }));
const side = anOrder(anItem('a'), anItem('b'));
const refusalOf = (effects: Effects) => sent<{ kind: string; code: string }>(effects, 'command-refused')[0];
const taskOf = (state: OrderState): Cancellation | undefined => state.cancellations.at(-1);
const inFlight: Fact[] = [accepted(line), claimed('a', 'b', 'c'), settled('a')];

describe('before anything has begun', () => {
  test('an order that waits for its services is cancelled at once, and gives them back', () => {
    const { state, effects } = given(accepted(side), verdicts(busy('a')))
      .when(cancelled())
      .then({ order: 'cancelled', items: { a: 'cancelled', b: 'cancelled' } });
    expect(sent(effects, 'release-claims')).toEqual([{ orderId, serviceIds: ['service-a', 'service-b'] }]);
    expect(taskOf(state)).toMatchObject({ id: 'cancellation-1', revision: 1, state: 'done' });
    expect(state.order).toMatchObject({ cancellationReason: 'changed my mind', cancelledAt: expect.any(String) });
  });

  test('an order that waits for its date asked nothing of anybody, and gives nothing back', () => {
    const later = { ...side, requestedStartDate: after(3_600).toISOString() };
    given(accepted(later))
      .when(cancelled())
      .then({ order: 'cancelled', sends: ['cancellation-changed'] });
  });

  test('the answer is the cancellation, not the order', () => {
    const { effects } = given(accepted(side)).when(cancelled()).then({});
    const asides = (effects.send ?? []).map(({ definition, aside }) => [definition.name.split('.')[1], aside ?? false]);
    expect(asides).toContainEqual(['service-order-changed', true]);
    expect(asides).toContainEqual(['cancellation-changed', false]);
  });
});

describe('in flight', () => {
  test('every activator that began is asked, services of items that are done are claimed again, and nothing new begins', () => {
    given(...inFlight)
      .when(cancelled())
      .then({
        order: 'assessingCancellation',
        items: { a: 'completed', b: 'assessingCancellation', c: 'acknowledged' },
        sends: ['cancel-item assess a', 'cancel-item assess b', 'reclaim-services a', 'cancellation-changed'],
      });
  });

  test('when all agree, what was done last is taken back first', () => {
    const agreed: Fact[] = [...inFlight, cancelled(), assessed('a', 'over'), assessed('b')];
    given(...agreed)
      .when(reclaimed('a', 7))
      .then({
        order: 'pendingCancellation',
        items: { a: 'completed', b: 'pendingCancellation', c: 'cancelled' },
        sends: ['release-claims service-c', 'cancel-item proceed b', 'cancellation-changed'],
      });
    const { effects } = given(...agreed, reclaimed('a', 7))
      .when(settled('b', 'cancelled'))
      .then({ items: { a: 'pendingCancellation', b: 'cancelled', c: 'cancelled' }, sends: ['cancel-item proceed a'] });
    expect(sent<{ claimNumber: number }>(effects, 'cancel-item')).toMatchObject([{ claimNumber: 7 }]);
    const { state } = given(...agreed, reclaimed('a'), settled('b', 'cancelled'))
      .when(settled('a', 'cancelled'))
      .then({ order: 'cancelled', items: { a: 'cancelled', b: 'cancelled', c: 'cancelled' } });
    expect(taskOf(state)).toMatchObject({ state: 'done', revision: 3, effectiveAt: expect.any(String) });
  });

  test('it waits for the last verdict, and for the claim of what is done', () => {
    given(...inFlight, cancelled(), assessed('a', 'over'), reclaimed('a'))
      .when(status('b', 'waiting', 5))
      .then({ order: 'assessingCancellation', sends: [] });
    given(...inFlight, cancelled(), assessed('a', 'over'))
      .when(assessed('b'))
      .then({ order: 'assessingCancellation' });
  });

  test('an item that was over when it was asked is claimed again once its outcome has come', () => {
    given(accepted(side), claimed('a', 'b'), cancelled(), assessed('a', 'over'), assessed('b'))
      .when(settled('a'))
      .then({
        order: 'assessingCancellation',
        items: { a: 'completed', b: 'assessingCancellation' },
        sends: ['reclaim-services a'],
      });
  });

  test('the outcome of the change itself, said again, does not stand for its taking back', () => {
    const state = lived(
      ...inFlight,
      cancelled(),
      assessed('a', 'over'),
      assessed('b'),
      reclaimed('a'),
      settled('b', 'cancelled'),
    );
    expect(settled('a')(state)).toEqual({});
  });

  test('an item that fails by itself meanwhile is over, and the order is cancelled all the same', () => {
    const { state } = given(
      accepted(side),
      claimed('a', 'b'),
      cancelled(),
      assessed('a'),
      assessed('b', 'over'),
      settled('b', 'failed'),
    )
      .when(settled('a', 'cancelled'))
      .then({ order: 'cancelled', items: { a: 'cancelled', b: 'failed' } });
    expect(taskOf(state)?.state).toBe('done');
  });

  test('a held item is asked like any other', () => {
    given(accepted(side), claimed('a', 'b'), status('a', 'stalled', 3), cancelled(), assessed('a'))
      .when(assessed('b'))
      .then({ order: 'pendingCancellation', items: { a: 'pendingCancellation', b: 'pendingCancellation' } });
  });

  test('an undo that is given up leaves the order failed, and says what is left behind', () => {
    const { state } = given(
      accepted(side),
      claimed('a', 'b'),
      cancelled(),
      assessed('a'),
      assessed('b'),
      settled('b', 'cancelled'),
    )
      .when(settled('a', 'failed', { code: 'leftBehind', reason: 'Step reserve-port could not be taken back.' }))
      .then({ order: 'failed', items: { a: 'failed', b: 'cancelled' } });
    expect(taskOf(state)).toMatchObject({ state: 'terminatedWithError', failure: { code: 'leftBehind' } });
    expect(state.order.failure?.code).toBe('leftBehind');
  });

  test('an answer to the cancellation before is no answer to this one', () => {
    const again = [...inFlight, cancelled(), assessed('a', 'too late', 1), cancelled('cancellation-2')];
    given(...again, assessed('a', 'over', 2))
      .when(assessed('b', 'possible', 1))
      .thenNothing();
    const { state } = given(...again)
      .when(assessed('b', 'too late', 2))
      .then({});
    expect(state.cancellations.map((one) => one.state)).toEqual(['terminatedWithError', 'terminatedWithError']);
  });
});

describe('too late', () => {
  test('one item past its point of no return is enough: all go on where they were, and what was claimed again is given back', () => {
    const { state, effects } = given(...inFlight, cancelled(), assessed('a', 'over'), reclaimed('a'))
      .when(assessed('b', 'too late'))
      .then({ order: 'inProgress', items: { a: 'completed', b: 'inProgress', c: 'acknowledged' } });
    expect(
      sent<{ stage: string; item: { itemId: string } }>(effects, 'cancel-item').map(
        (one) => `${one.stage} ${one.item.itemId}`,
      ),
    ).toEqual(['abandon a', 'abandon b']);
    expect(sent(effects, 'release-claims')).toEqual([{ orderId, serviceIds: ['service-a'], round: 1 }]);
    expect(taskOf(state)).toMatchObject({ state: 'terminatedWithError', failure: { code: 'notCancellable' } });
  });

  test('a service that somebody changed since cannot be taken back', () => {
    given(...inFlight, cancelled(), assessed('a', 'over'), assessed('b'))
      .when(reclaimed('a', null))
      .then({ order: 'inProgress' });
  });

  test('a held item is held again, one that waits for an outside system waits again', () => {
    const facts: Fact[] = [
      accepted(side),
      claimed('a', 'b'),
      status('a', 'stalled', 3),
      status('b', 'waiting', 3),
      cancelled(),
    ];
    given(...facts, assessed('b'))
      .when(assessed('a', 'too late'))
      .then({ order: 'held', items: { a: 'held', b: 'pending' } });
  });

  test('then the order goes on to its end, and can be asked again', () => {
    const { state } = given(...inFlight, cancelled(), assessed('b', 'too late'), settled('b'))
      .when(settled('c'))
      .then({ order: 'completed' });
    expect(itemStates(state)).toEqual({ a: 'completed', b: 'completed', c: 'completed' });
    given(...inFlight, cancelled(), assessed('b', 'too late'))
      .when(cancelled('cancellation-2'))
      .then({ order: 'assessingCancellation' });
  });

  test('a claim that comes after it was refused is given back', () => {
    given(...inFlight, cancelled(), assessed('b', 'too late'))
      .when(reclaimed('a'))
      .then({ sends: ['release-claims service-a'] });
  });
});

describe('a request', () => {
  test('with a date waits for it', () => {
    const { state } = given(...inFlight)
      .when(cancelled('later', after(600)))
      .then({ order: 'inProgress' });
    expect(taskOf(state)).toMatchObject({ state: 'accepted', revision: 1 });
    given(...inFlight, cancelled('later', after(600)), due(after(40)))
      .when(due(after(700)))
      .then({ order: 'assessingCancellation' });
  });

  test('with a date that the order does not live to see ends with the order', () => {
    const { state, effects } = given(...inFlight, cancelled('later', after(600)), settled('b'))
      .when(settled('c'))
      .then({ order: 'completed' });
    const reason = 'The order ended completed before the date of its cancellation.';
    const over = { state: 'terminatedWithError', revision: 2, failure: { code: 'orderEnded', reason } };
    expect(taskOf(state)).toMatchObject(over);
    expect(sent(effects, 'cancellation-changed')).toMatchObject([{ cancellation: over }]);
    expect(refusalOf(cancelled('another')(state))).toMatchObject({ kind: 'conflict', code: 'orderEnded' });
  });

  test('again under its id is answered again and asks nobody twice', () => {
    given(...inFlight, cancelled())
      .when(cancelled())
      .then({ sends: ['cancellation-changed'] });
  });

  test('for nothing known, something over, or something being cancelled is refused with the reason', () => {
    expect(refusalOf(cancelled()(undefined))).toMatchObject({ kind: 'invalid', code: 'unknownServiceOrder' });
    const over = lived(accepted(side), claimed('a', 'b'), settled('a'), settled('b'));
    expect(refusalOf(cancelled()(over))).toMatchObject({ kind: 'conflict', code: 'orderEnded' });
    const asked = lived(...inFlight, cancelled());
    expect(refusalOf(cancelled('another')(asked))).toMatchObject({ kind: 'conflict', code: 'cancellationUnderWay' });
  });
});

test('an order that is to start later starts then, whatever else rings before', () => {
  const later = { ...side, requestedStartDate: after(3_600).toISOString() };
  const { state } = given().when(accepted(later)).then({ order: 'pending', sends: [] });
  expect(state.dueAt).toEqual(after(3_600));
  given(accepted(later))
    .when(due(after(3_599)))
    .thenNothing();
  const started = given(accepted(later))
    .when(due(after(3_600)))
    .then({ order: 'inProgress', sends: ['claim-services a b'] });
  const order: ServiceOrder = started.state.order;
  expect(order.startedAt).toBe(after(3_600).toISOString());
});
