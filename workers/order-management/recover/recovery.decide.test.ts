import { describe, expect, test } from 'vitest';
import type { RecoveryPolicy, RecoveryStep } from '../../../contracts/messages/decomposition.ts';
import {
  aProduct,
  accepted,
  after,
  anItem,
  anOrder,
  chain,
  claimed,
  deliveryOf,
  deliveryStates,
  done,
  due,
  given,
  lived,
  orderedItem,
  policy,
  record,
  recorded,
  retry,
  taken,
  told,
  toldOf,
} from '../orders.fixture.ts';

const noPort = { code: 'noPort', reason: 'No port is free.' };
const order = anOrder(chain(), anItem('2'));
const running = (...policies: readonly RecoveryPolicy[]) => [accepted(order, ...policies), claimed()];

describe('retry', () => {
  const twice = running(policy(retry(2), { do: 'compensate' }));

  test('the same again, as another service order, when the wait is over', () => {
    const { state } = given(...twice)
      .when(told('first', 'failed', noPort))
      .then({ stage: 'inProgress', items: { 1: 'inProgress', 2: 'inProgress' }, sends: [] });
    expect(deliveryStates(state)['first']).toBe('waiting');
    expect(state.order.items['1']?.note).toBe('first is tried again. No port is free.');
    expect(state.dueAt).toEqual(after(10));
    const { effects, state: again } = given(...twice, told('first', 'failed', noPort))
      .when(due(after(10)))
      .then({ sends: ['add first'] });
    expect(deliveryOf(again, 'first')).toMatchObject({ attempt: 1, state: 'acknowledged' });
    const before = deliveryOf(state, 'first');
    expect(deliveryOf(again, 'first').serviceOrderId).not.toBe(before.serviceOrderId);
    // The service of an add that failed is terminated for good.
    expect(orderedItem(effects, 'first')?.serviceId).not.toBe(before.serviceId);
  });

  test('what stands on it stands on the new one', () => {
    const { effects, state } = given(...twice, told('first', 'failed', noPort), due(after(10)))
      .when(told('first', 'completed'))
      .then({ sends: ['add middle'] });
    expect(orderedItem(effects, 'middle')?.supportingServices).toEqual([deliveryOf(state, 'first').serviceId]);
  });

  test('is not repeated by what is told of an earlier attempt', () => {
    given(...twice, told('first', 'failed', noPort), due(after(10)))
      .when(toldOf('first', 0, 9, 'completed'))
      .thenNothing();
  });

  test('is counted, and over when the counter says so', () => {
    const tried = [
      ...twice,
      told('first', 'failed', noPort),
      due(after(10)),
      told('first', 'failed', noPort, after(10)),
      due(after(20)),
    ];
    expect(lived(...tried).work[deliveryOf(lived(...tried), 'first').id]?.retries).toEqual({ refused: 2 });
    given(...tried)
      .when(told('first', 'failed', noPort))
      .then({ items: { 1: 'failed', 2: 'inProgress' } });
  });

  test('of a modify is about the same service', () => {
    const modify = anOrder(anItem('1', { action: 'modify', productId: 'p', characteristics: { rate: 50 } }));
    const { effects } = given(
      accepted(modify, policy(retry(1), { do: 'compensate' })),
      claimed(aProduct('p')),
      told('first', 'failed', noPort),
    )
      .when(due(after(10)))
      .then({});
    expect(orderedItem(effects, 'first')).toMatchObject({ action: 'modify', serviceId: 'p-first' });
  });
});

describe('compensate', () => {
  const done2 = [...running(policy({ do: 'compensate' })), ...done('first', 'middle', 'alone')];

  test('takes what is done back, last first, and lets the rest of the order go on', () => {
    given(...done2)
      .when(told('last', 'failed', noPort))
      .then({ items: { 1: 'inProgress', 2: 'completed' }, sends: ['delete middle'] });
    given(...done2, told('last', 'failed', noPort))
      .when(told('middle', 'completed'))
      .then({ sends: ['delete first'] });
    const { effects } = given(...done2, told('last', 'failed', noPort), ...done('middle'))
      .when(told('first', 'completed'))
      .then({
        items: { 1: 'failed', 2: 'completed' },
        deliveries: { first: 'undone', middle: 'undone', last: 'failed', alone: 'completed' },
        sends: ['record 2 aborted, active, release'],
      });
    expect(record(effects)?.products[0]?.components).toEqual([]);
    const { state } = given(...done2, told('last', 'failed', noPort), ...done('middle', 'first'))
      .when(recorded)
      .then({ stage: 'partiallyCompleted' });
    expect(state.order.state).toBe('partial');
    expect(state.order.failure).toEqual({ code: 'noPort', reason: 'Item "1": No port is free.' });
  });

  test('takes items that build on it too', () => {
    const dependent = anOrder(
      chain(),
      anItem('2', { dependsOn: ['1'] }),
      anItem('3', { specification: { id: 'abroad' } }),
    );
    const { state } = given(accepted(dependent, policy({ do: 'compensate' })), claimed(), ...done('first', 'middle'))
      .when(told('last', 'failed', noPort))
      .then({ sends: ['delete middle'] });
    expect(deliveryStates(state)).toMatchObject({ alone: 'cancelled', partner: 'acknowledged' });
    expect(state.order.items['2']).toMatchObject({ state: 'cancelled', failure: { code: 'dependencyFailed' } });
  });

  test('asks what runs to cancel first, and undoes it when that is too late', () => {
    const twoLegs = anOrder(anItem('1', { specification: { id: 'solo' }, quantity: 2 }));
    const placed = [accepted(twoLegs, policy({ do: 'compensate' })), claimed()];
    const [one, other] = lived(...placed).order.deliveries.map(({ id }) => id);
    const begun = [...placed, ...taken(other ?? '')];
    const { effects } = given(...begun)
      .when(told(one ?? '', 'failed', noPort))
      .then({ items: { 1: 'inProgress' } });
    expect(effects.send?.[0]?.body).toMatchObject({ orderId: other });
    given(...placed, told(one ?? '', 'failed', noPort))
      .when(told(other ?? '', 'acknowledged'))
      .then({ sends: [`cancel-service-order ${other}`] });
    given(...begun, told(one ?? '', 'failed', noPort))
      .when(told(other ?? '', 'completed'))
      .then({ sends: ['delete alone'] });
    given(...begun, told(one ?? '', 'failed', noPort))
      .when(told(other ?? '', 'cancelled'))
      .then({ items: { 1: 'failed' }, sends: ['record 2 aborted, aborted, release'] });
  });

  test('puts a modified service back to what it was', () => {
    const modify = anOrder(anItem('1', { action: 'modify', productId: 'p', characteristics: { rate: 50 } }));
    const failed = [
      accepted(modify, policy({ do: 'compensate' })),
      claimed(aProduct('p', { status: 'suspended' })),
      ...done('first'),
    ];
    const { effects } = given(...failed)
      .when(told('middle', 'failed', noPort))
      .then({ sends: ['modify first'] });
    expect(orderedItem(effects, 'first')?.characteristics).toEqual({ rate: 10 });
    given(...failed, told('middle', 'failed', noPort))
      .when(told('first', 'completed'))
      .then({ items: { 1: 'failed' }, sends: ['record 2 suspended, release'] });
  });

  test('leaves what is deleted deleted, and says so', () => {
    const remove = anOrder(anItem('1', { action: 'delete', productId: 'p' }));
    const { state, effects } = given(
      accepted(remove, policy({ do: 'compensate' })),
      claimed(aProduct('p')),
      ...done('last'),
    )
      .when(told('middle', 'failed', noPort))
      .then({ items: { 1: 'failed' }, sends: ['record 2 pendingTerminate, release'] });
    expect(record(effects)?.products[0]?.components?.map(({ name }) => name)).toEqual(['first', 'middle']);
    const ended = recorded(state).save?.[0];
    expect(ended?.order).toMatchObject({ stage: 'failed', failure: { code: 'cannotBeTakenBack' } });
  });

  test('that goes wrong is tried again as the policy has it, and then leaves something behind', () => {
    const failing = [...running(policy(retry(1), { do: 'compensate' })), ...done('alone', 'first')];
    const given1 = [
      ...failing,
      told('middle', 'failed', noPort),
      due(after(10)),
      told('middle', 'failed', noPort, after(10)),
    ];
    given(...given1)
      .when(told('first', 'failed', noPort))
      .then({ stage: 'inProgress', sends: [] });
    given(...given1, told('first', 'failed', noPort))
      .when(due(after(10)))
      .then({ sends: ['delete first'] });
    const { state, effects } = given(...given1, told('first', 'failed', noPort), due(after(10)))
      .when(told('first', 'failed', noPort))
      .then({ items: { 1: 'failed', 2: 'completed' }, sends: ['record 2 pendingTerminate, active, release'] });
    expect(record(effects)?.products[0]?.components?.map(({ name }) => name)).toEqual(['first']);
    expect(recorded(state).save?.[0]?.order.failure?.code).toBe('leftBehind');
  });
});

describe('rolling back', () => {
  test('takes the whole order back', () => {
    const all = [...running(policy({ do: 'rollBack' })), ...done('first', 'alone')];
    given(...all)
      .when(told('middle', 'failed', noPort))
      .then({
        stage: 'rollingBack',
        items: { 1: 'inProgress', 2: 'inProgress' },
        sends: ['delete alone', 'delete first'],
      });
    const { state } = given(...all, told('middle', 'failed', noPort), ...done('first'))
      .when(told('alone', 'completed'))
      .then({ items: { 1: 'failed', 2: 'failed' }, sends: ['record 2 aborted, aborted, release'] });
    const ended = recorded(state).save?.[0];
    expect(ended?.order).toMatchObject({ stage: 'failed', state: 'failed' });
    expect(ended?.order.items['2']?.failure?.code).toBe('rolledBack');
    expect(ended?.audit.some(({ why }) => why === 'middle refused: rollBack')).toBe(true);
  });

  test('said twice, is done once', () => {
    const all = [...running(policy({ do: 'rollBack' })), ...done('first', 'alone'), told('middle', 'failed', noPort)];
    given(...all)
      .when(toldOf('middle', 0, 1, 'failed'))
      .thenNothing();
  });
});

describe('marking partial', () => {
  const markPartial = policy({ do: 'markPartial' }, { do: 'compensate' });

  test('goes on without an optional component', () => {
    const extra = anOrder(anItem('1', { specification: { id: 'extra' } }));
    const { effects, state } = given(accepted(extra, markPartial), claimed(), ...done('first'))
      .when(told('more', 'failed', noPort))
      .then({
        items: { 1: 'completed' },
        deliveries: { first: 'completed', more: 'skipped' },
        sends: ['record 2 pendingActive, release'],
      });
    expect(record(effects)?.products[0]).toMatchObject({ missing: ['more'] });
    expect(record(effects)?.products[0]?.components?.map(({ name }) => name)).toEqual(['first']);
    expect(state.order.items['1']?.note).toBe('Without more (No port is free.).');
    expect(recorded(state).save?.[0]?.order.stage).toBe('partiallyCompleted');
  });

  test('what waits for a component that is left out begins when that is taken back', () => {
    const sequel = anOrder(anItem('1', { specification: { id: 'sequel' } }));
    given(accepted(sequel, markPartial), claimed(), told('opening', 'partial'))
      .when(told('opening', 'completed'))
      .then({ deliveries: { opening: 'undone', next: 'acknowledged' }, sends: ['add next'] });
  });

  test('leaves a component that is there as it was, where its change fails: it is not missing', () => {
    const components = aProduct('p').components.map((one) => ({ ...one, optional: one.name === 'last' }));
    const product = aProduct('p', { specification: { id: 'trio', version: '1.0' }, components });
    const modify = anItem('1', { action: 'modify', productId: 'p', characteristics: { rate: 99 } });
    const { effects } = given(accepted(anOrder(modify), markPartial), claimed(product), ...done('first', 'middle'))
      .when(told('last', 'failed', noPort))
      .then({ deliveries: { first: 'completed', middle: 'completed', last: 'skipped' } });
    const { status, missing, components: now } = record(effects)?.products[0] ?? {};
    expect([status, missing]).toEqual(['pendingActive', []]);
    expect(now?.map(({ name, characteristics }) => [name, characteristics['rate']])).toEqual([
      ['first', 99],
      ['middle', 99],
      ['last', 10],
    ]);
  });

  test('takes an optional product of a bundle out whole', () => {
    const bundle = anOrder(anItem('1', { specification: { id: 'bundle' } }));
    const begun = [accepted(bundle, markPartial), claimed(), ...done('line', 'head')];
    given(...begun)
      .when(told('channels', 'failed', noPort))
      .then({ items: { 1: 'inProgress' }, sends: ['delete head'] });
    const { effects } = given(...begun, told('channels', 'failed', noPort))
      .when(told('head', 'completed'))
      .then({ items: { 1: 'completed' }, sends: ['record 2 pendingActive, aborted, release'] });
    expect(record(effects)?.products[0]?.missing).toEqual(['tv']);
  });

  test('takes bundles within bundles out with all they bundle', () => {
    const mansion = anOrder(anItem('1', { specification: { id: 'mansion' } }));
    const { state } = given(accepted(mansion, markPartial), claimed(), ...done('gate', 'head', 'channels'))
      .when(told('line', 'failed', noPort))
      .then({ sends: ['delete channels'] });
    expect(Object.values(state.givenUp)).toEqual(['leftOut', 'leftOut']);
    const { effects } = given(
      accepted(mansion, markPartial),
      claimed(),
      ...done('gate', 'head', 'channels'),
      told('line', 'failed', noPort),
      ...done('channels'),
    )
      .when(told('head', 'completed'))
      .then({ items: { 1: 'completed' }, sends: ['record 2 pendingActive, aborted, aborted, release'] });
    expect(record(effects)?.products[0]?.missing).toEqual(['home']);
  });

  test('is passed over where the component is needed', () => {
    given(...running(markPartial), ...done('alone'))
      .when(told('first', 'failed', noPort))
      .then({ items: { 1: 'failed', 2: 'completed' } });
  });
});

describe('a service that came in part', () => {
  const partly = (...steps: RecoveryStep[]) => [
    accepted(anOrder(chain()), { ...policy({ do: 'compensate' }), cases: { partial: steps } }),
    claimed(),
    ...done('first', 'middle'),
    told('last', 'partial', noPort),
  ];

  test('is kept, and the product waits to be whole', () => {
    const state = lived(...partly({ do: 'keep' }));
    expect(state.order.items['1']?.state).toBe('completed');
    given(...partly({ do: 'keep' }))
      .when(recorded)
      .then({ stage: 'partiallyCompleted', deliveries: { first: 'completed', middle: 'completed', last: 'partial' } });
  });

  test('is tried again as a modify of what is there, and kept when that fails too', () => {
    const tried = partly(retry(1), { do: 'keep' });
    const { effects } = given(...tried)
      .when(due(after(10)))
      .then({ sends: ['modify last'] });
    expect(orderedItem(effects, 'last')?.serviceId).toBe(deliveryOf(lived(...tried), 'last').serviceId);
    given(...tried, due(after(10)))
      .when(told('last', 'completed'))
      .then({ sends: ['record 2 active, release'] });
    given(...tried, due(after(10)))
      .when(told('last', 'failed', noPort))
      .then({ sends: ['record 2 pendingActive, release'] });
  });

  test('is undone where it is not good enough', () => {
    given(...partly({ do: 'compensate' }).slice(0, -1))
      .when(told('last', 'partial', noPort))
      .then({ items: { 1: 'inProgress' }, sends: ['delete last'] });
  });
});

test('hold waits for a person, while the rest goes on', () => {
  const held = [...running(policy({ do: 'hold' })), told('first', 'failed', noPort)];
  const { state } = given(...held)
    .when(told('alone', 'completed'))
    .then({ stage: 'held', items: { 1: 'held', 2: 'completed' }, sends: [] });
  expect(state.order.state).toBe('held');
  expect(state.order.items['1']?.note).toBe('first needs a person. No port is free.');
  expect(state.dueAt).toBeNull();
});

test('an add that lands after it was given up, and after its order ended, is taken back; the order stays as it ended', () => {
  const abroad = anOrder(anItem('1', { specification: { id: 'abroad' } }));
  const ended = [
    accepted(abroad, policy({ do: 'compensate' })),
    claimed(),
    told('partner', 'failed', { code: 'timedOut', reason: 'Too late.' }),
    recorded,
  ];
  expect(lived(...ended).order.stage).toBe('failed');
  given(...ended)
    .when(told('partner', 'completed'))
    .then({ stage: 'failed', items: { 1: 'failed' }, sends: ['outside delete partner'] });
  const { state } = given(...ended, told('partner', 'completed'))
    .when(told('partner', 'completed'))
    .then({ stage: 'failed', deliveries: { partner: 'undone' }, sends: [] });
  expect(state.dueAt).toBeNull();
});
