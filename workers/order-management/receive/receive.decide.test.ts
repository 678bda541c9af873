import { describe, expect, test } from 'vitest';
import {
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
  noon,
  orderedItem,
  record,
  recorded,
  refused,
  shortened,
  told,
  turn,
} from '../orders.fixture.ts';
import { onProductsRecorded } from './receive.decide.ts';

const dated = (date: Date) => ({ ...anOrder(chain()), requestedStartDate: date.toISOString() });

describe('an order is received', () => {
  test('its rules are pinned and its products asked for', () => {
    const { state, effects } = given()
      .when(accepted(anOrder(chain(), anItem('2', { quantity: 2 }))))
      .then({ stage: 'validated', items: { 1: 'acknowledged', 2: 'acknowledged' }, sends: ['claim 1, 2, 2'] });
    expect(state.order.state).toBe('acknowledged');
    expect(state.order.rules.map(({ specification, version }) => `${specification.id} ${version}`)).toEqual([
      'chain 1',
      'solo 1',
    ]);
    expect(state.audit.map(({ from, to, cause }) => [from, to, cause])).toEqual([
      ['', 'received', 'a test'],
      ['received', 'validated', 'a test'],
    ]);
    expect(effects.send).toHaveLength(2);
  });

  test('said again, it is shown again and nothing else', () => {
    const { effects } = given(accepted(anOrder(chain())))
      .when(accepted(anOrder(chain())))
      .then({ sends: [] });
    expect(effects.save).toBeUndefined();
    expect(effects.send).toHaveLength(1);
  });

  test('what no rule knows is rejected with the reason, for every item', () => {
    const { state } = given()
      .when(accepted(anOrder(anItem('1', { specification: { id: 'nothing' } }), anItem('2'))))
      .then({ stage: 'rejected', items: { 1: 'rejected', 2: 'rejected' }, sends: [] });
    expect(state.order.items['1']?.failure?.reason).toContain('nothing');
    expect(state.order.failure?.reason).toMatch(/^Item "1": /u);
    expect(state.dueAt).toBeNull();
  });

  test('what asks for nothing ends at once', () => {
    const { state } = given()
      .when(accepted(anOrder(anItem('1', { action: 'noChange' }))))
      .then({ stage: 'completed', items: { 1: 'completed' }, sends: [] });
    expect(state.order.completedAt).toBe(noon.toISOString());
  });

  test('a date in the future is waited for', () => {
    const { state } = given()
      .when(accepted(dated(after(3_600))))
      .then({ stage: 'validated', sends: [] });
    expect(state.order.state).toBe('pending');
    expect(state.dueAt).toEqual(after(3_600));
    given(accepted(dated(after(3_600))))
      .when(due(after(3_600)))
      .then({ stage: 'validated', sends: ['claim 1'] });
  });
});

describe('its products', () => {
  test('are refused: the order is rejected', () => {
    given(accepted(anOrder(chain(), anItem('2'))))
      .when(refused('2'))
      .then({ stage: 'rejected', items: { 1: 'rejected', 2: 'rejected' }, sends: [] });
  });

  test('are granted: what waits for nothing is ordered', () => {
    const { state } = given(accepted(anOrder(chain(), anItem('2'))))
      .when(claimed())
      .then({
        stage: 'inProgress',
        items: { 1: 'inProgress', 2: 'inProgress' },
        deliveries: { first: 'acknowledged', middle: 'planned', last: 'planned', alone: 'acknowledged' },
        sends: ['record 1 pendingActive, pendingActive', 'add first', 'add alone'],
      });
    expect(state.order.startedAt).toBe(noon.toISOString());
    // What it waits for is told: that is no matter of time.
    expect(state.dueAt).toBeNull();
  });

  test('granted again, nothing happens', () => {
    given(accepted(anOrder(chain())), claimed())
      .when(claimed())
      .thenNothing();
  });

  test('cannot be what is asked of them: they are given back, then the order is rejected', () => {
    const faulty = anItem('1', { action: 'modify', productId: 'p', characteristics: { colour: 'red' } });
    const { state } = given(accepted(anOrder(faulty)))
      .when(claimed(aProduct('p', { status: 'suspended' })))
      .then({ stage: 'validated', sends: ['record 1 suspended, release'] });
    expect(state.order.items['1']?.failure?.code).toBe('invalidCharacteristic');
    given(accepted(anOrder(faulty)), claimed(aProduct('p')))
      .when(recorded)
      .then({ stage: 'rejected', items: { 1: 'rejected' }, sends: [] });
  });
});

describe('an order runs', () => {
  const running = [accepted(anOrder(chain(), anItem('2'))), claimed()];

  test('an accepted service order moves nothing but itself', () => {
    given(...running)
      .when(told('first', 'acknowledged'))
      .then({
        deliveries: { first: 'acknowledged', middle: 'planned', last: 'planned', alone: 'acknowledged' },
        sends: [],
      });
  });

  test('what depends on a delivery is ordered when that is done', () => {
    const { effects, state } = given(...running)
      .when(told('first', 'completed'))
      .then({ sends: ['add middle'] });
    expect(orderedItem(effects, 'middle')?.supportingServices).toEqual([deliveryOf(state, 'first').serviceId]);
  });

  test('everything done is recorded; recorded, the order is completed', () => {
    const all = [...running, ...done('alone', 'first', 'middle')];
    const { effects } = given(...all)
      .when(told('last', 'completed'))
      .then({
        stage: 'inProgress',
        items: { 1: 'completed', 2: 'completed' },
        sends: ['record 2 active, active, release'],
      });
    expect(
      record(effects)
        ?.products[0]?.components?.map(({ name }) => name)
        .toSorted(),
    ).toEqual(['first', 'last', 'middle']);
    const { state } = given(...all, told('last', 'completed'))
      .when(recorded)
      .then({ stage: 'completed', sends: [] });
    expect(state.order.state).toBe('completed');
    expect(state.dueAt).toBeNull();
    expect(state.audit.filter(({ about }) => about === 'order').map(({ to }) => to)).toEqual([
      'received',
      'validated',
      'decomposed',
      'inProgress',
      'completed',
    ]);
  });

  test('a record that is older than the last ends nothing', () => {
    given(...running, ...done('alone', 'first', 'middle', 'last'))
      .when((state) => onProductsRecorded(state, 1, turn()))
      .thenNothing();
  });

  test('what waits outside shows as pending', () => {
    const { state } = given(accepted(anOrder(anItem('1', { specification: { id: 'abroad' } }))), claimed())
      .when(told('partner', 'pending'))
      .then({ stage: 'inProgress', items: { 1: 'pending' } });
    expect(state.order.state).toBe('pending');
  });

  test('a type that is carried out outside is placed there', () => {
    given(accepted(anOrder(anItem('1', { specification: { id: 'abroad' } }))))
      .when(claimed())
      .then({ sends: ['record 1 pendingActive', 'outside add partner'] });
  });
});

describe('existing products', () => {
  const modify = anOrder(anItem('1', { action: 'modify', productId: 'p', characteristics: { rate: 50 } }));
  const remove = anOrder(anItem('1', { action: 'delete', productId: 'p' }));

  test('are modified by modifying their services', () => {
    const { effects } = given(accepted(modify))
      .when(claimed(aProduct('p')))
      .then({ stage: 'inProgress' });
    expect(orderedItem(effects, 'first')).toMatchObject({
      action: 'modify',
      serviceId: 'p-first',
      characteristics: { rate: 50 },
    });
  });

  test('are deleted from the top down, and are terminated', () => {
    given(accepted(remove))
      .when(claimed(aProduct('p')))
      .then({ sends: ['record 1 pendingTerminate', 'delete last'] });
    given(accepted(remove), claimed(aProduct('p')), ...done('last', 'middle'))
      .when(told('first', 'completed'))
      .then({ items: { 1: 'completed' }, sends: ['record 2 terminated, release'] });
  });

  test('a bundle names its parts in what it records', () => {
    const { effects } = given(accepted(anOrder(anItem('1', { specification: { id: 'bundle' } }))))
      .when(claimed())
      .then({ stage: 'inProgress' });
    const [bundle, tv] = record(effects)?.products ?? [];
    expect(bundle?.draft).toBeUndefined();
    expect(tv?.draft).toMatchObject({ isBundle: false, bundle: { productId: bundle?.productId, name: 'tv' } });
  });

  test('a nested item is about the part that it speaks for, its bundle about all', () => {
    const more = anItem('more', { partOf: '1', name: 'tv', specification: undefined });
    const { state } = given(accepted(anOrder(anItem('1', { specification: { id: 'bundle' } }), more)))
      .when(claimed())
      .then({ stage: 'inProgress' });
    const [bundle, tv] = state.plan?.products ?? [];
    expect([state.order.items['1']?.products, state.order.items['more']?.products]).toEqual([
      [bundle?.id, tv?.id],
      [tv?.id],
    ]);
  });
});

test('whatever was said of an order that is not there says nothing', () => {
  expect(claimed()(undefined)).toEqual({});
  expect(recorded(undefined)).toEqual({});
  expect(shortened(cancelled()(undefined).send ?? [])).toEqual([`command-refused undefined`]);
});
