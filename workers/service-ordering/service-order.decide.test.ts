import { describe, expect, test } from 'vitest';
import type { ActivateItem } from '../../contracts/messages/activation.ts';
import type { ClaimRequest } from '../../contracts/messages/service-inventory.ts';
import type { RequestedItem } from '../../contracts/messages/service-ordering.ts';
import { accept } from './service-order.decide.ts';
import {
  aService,
  aSpecification,
  accepted,
  after,
  noon,
  anItem,
  anOrder,
  busy,
  claimed,
  due,
  given,
  granted,
  lived,
  milestone,
  refused,
  sent,
  settled,
  shortened,
  stalled,
  status,
  verdicts,
} from './orders.fixture.ts';

const one = anOrder(anItem('a'));
const pair = anOrder(anItem('a'), anItem('b'));
const chain = anOrder(anItem('a'), anItem('b', { dependsOn: ['a'] }), anItem('c', { dependsOn: ['b'] }));

describe('acceptance', () => {
  test('an accepted order claims all its services in one message', () => {
    const { state } = given()
      .when(accepted(pair))
      .then({
        order: 'inProgress',
        items: { a: 'acknowledged', b: 'acknowledged' },
        sends: ['claim-services a b'],
      });
    expect(state).toMatchObject({ order: { revision: 1, startedAt: state.order.updatedAt }, dueAt: null });
  });

  test('a claim carries what the new service will be: defaults filled in, its type, what it stands on within the order', () => {
    const { effects } = given()
      .when(accepted(anOrder(anItem('a'), anItem('b', { dependsOn: ['a'], supportingServices: ['outside'] }))))
      .then({});
    const [{ claims }] = sent<{ claims: ClaimRequest[] }>(effects, 'claim-services') as [{ claims: ClaimRequest[] }];
    expect(claims[1]).toMatchObject({
      serviceType: 'broadband',
      specification: { id: 'line', version: '1.0' },
      characteristics: { rate: 100, technology: 'fibre' },
      supportingServices: ['outside', 'service-a'],
    });
  });

  test('an order that cannot be right is rejected with all its items, and asks nothing of anybody', () => {
    const { state } = given()
      .when(accepted(anOrder(anItem('a'), anItem('b', { characteristics: {} }))))
      .then({ order: 'rejected', items: { a: 'rejected', b: 'rejected' }, sends: [] });
    expect(state.order).toMatchObject({
      failure: { code: 'invalidCharacteristic' },
      progress: { b: { failure: { code: 'invalidCharacteristic' } } },
      completedAt: state.order.updatedAt,
    });
    expect(state.dueAt).toBeNull();
  });

  test('a reason that quotes a long value is cut, and not through a character', () => {
    const technology = `x${'😀'.repeat(10_000)}`;
    const { state } = given()
      .when(accepted(anOrder(anItem('a', { characteristics: { rate: 1, technology } }))))
      .then({});
    for (const failure of [state.order.failure, state.order.progress['a']?.failure]) {
      expect(failure?.reason.length).toBeLessThanOrEqual(250);
      expect(failure?.reason.isWellFormed()).toBe(true);
    }
  });

  test('an order of nothing but noChange is completed at once', () => {
    given()
      .when(accepted(anOrder(anItem('a', { action: 'noChange' }))))
      .then({ order: 'completed', items: { a: 'completed' }, sends: [] });
  });

  test('a noChange item asks for nothing and holds nobody up', () => {
    given(accepted(anOrder(anItem('a', { action: 'noChange' }), anItem('b', { dependsOn: ['a'] }))))
      .when(claimed('b'))
      .then({ items: { a: 'completed', b: 'inProgress' }, sends: ['activate-item b'] });
  });

  test('accepted twice, an order is shown again and nothing else happens', () => {
    const { effects, state } = given(accepted(one), claimed('a')).when(accepted(one)).then({ sends: [] });
    expect(effects.save).toBeUndefined();
    expect(sent(effects, 'service-order-changed')).toEqual([{ order: state.order, deleted: false }]);
  });
});

describe('activation', () => {
  test('an item that holds its service and waits for nothing is activated', () => {
    const { effects } = given(accepted(one))
      .when(claimed('a'))
      .then({
        order: 'inProgress',
        items: { a: 'inProgress' },
        sends: ['activate-item a'],
      });
    expect(sent<ActivateItem>(effects, 'activate-item')).toMatchObject([
      { action: 'add', claimNumber: 1, requested: { rate: 100, technology: 'fibre' }, previous: {} },
    ]);
  });

  test('an item waits for what it depends on, and then stands on it as the inventory holds it', () => {
    const { effects } = given(accepted(chain), claimed('a', 'b', 'c'))
      .when(settled('a'))
      .then({
        order: 'inProgress',
        items: { a: 'completed', b: 'inProgress', c: 'acknowledged' },
        sends: ['activate-item b'],
      });
    expect(sent<ActivateItem>(effects, 'activate-item')[0]?.supporting).toMatchObject([
      { serviceId: 'service-a', characteristics: { rate: 100, madeFor: 'a' } },
    ]);
  });

  test('a modify lays what is asked over what the service is, and says what it was', () => {
    const { effects } = given(accepted(anOrder(anItem('a', { action: 'modify' }))))
      .when(claimed('a'))
      .then({});
    expect(sent<ActivateItem>(effects, 'activate-item')).toMatchObject([
      {
        action: 'modify',
        serviceType: 'broadband',
        requested: { rate: 100, port: '1/1/1', technology: 'fibre' },
        previous: { rate: 50, port: '1/1/1' },
      },
    ]);
  });

  test('a delete is asked for with what the service is, even when its specification is retired', () => {
    const retired = [aSpecification({ lifecycleStatus: 'retired' })];
    const order = anOrder(anItem('a', { action: 'delete', characteristics: {} }));
    const state = lived(accepted(order, retired));
    const { effects } = given(() => ({ save: [state] }))
      .when(verdicts(granted('a')))
      .then({ sends: ['activate-item a'] });
    expect(sent<ActivateItem>(effects, 'activate-item')).toMatchObject([{ requested: { rate: 50, port: '1/1/1' } }]);
  });

  test('a modify that the service’s specification does not allow fails its item and gives the service back', () => {
    given(accepted(anOrder(anItem('a', { action: 'modify', characteristics: { rate: 9_999 } }))))
      .when(claimed('a'))
      .then({ order: 'failed', items: { a: 'failed' }, sends: ['release-claims service-a'] });
  });
});

describe('outcomes roll up', () => {
  test('all items done: completed', () => {
    const { state } = given(accepted(pair), claimed('a', 'b'), settled('a'))
      .when(settled('b'))
      .then({ order: 'completed', items: { a: 'completed', b: 'completed' }, sends: [] });
    expect(state.order).toMatchObject({ revision: 4, completedAt: state.order.updatedAt });
    expect(state.dueAt).toBeNull();
  });

  test('some done: partial, with the reason of the first that was not', () => {
    const { state } = given(accepted(pair), claimed('a', 'b'), settled('a', 'failed'))
      .when(settled('b'))
      .then({ order: 'partial', items: { a: 'failed', b: 'completed' } });
    expect(state.order.failure).toEqual({ code: 'noPort', reason: 'Item "a": No port is free.' });
  });

  test('none done: failed', () => {
    given(accepted(one), claimed('a'))
      .when(settled('a', 'failed'))
      .then({ order: 'failed', items: { a: 'failed' } });
  });

  test('what depends on a failed item is abandoned at every distance, and its services are given back', () => {
    given(accepted(chain), claimed('a', 'b', 'c'))
      .when(settled('a', 'failed'))
      .then({
        order: 'failed',
        items: { a: 'failed', b: 'cancelled', c: 'cancelled' },
        sends: ['release-claims service-b service-c'],
      });
  });

  test('an item that does not depend on the failed one goes on', () => {
    given(accepted(pair), claimed('a', 'b'))
      .when(settled('a', 'failed'))
      .then({ order: 'inProgress', items: { a: 'failed', b: 'inProgress' }, sends: [] });
  });

  test('an item whose service is refused fails, and what depends on it never starts', () => {
    const { effects } = given(accepted(chain))
      .when(verdicts(refused('a'), granted('b'), granted('c')))
      .then({ order: 'failed', items: { a: 'failed', b: 'cancelled', c: 'cancelled' } });
    expect(sent(effects, 'activate-item')).toEqual([]);
  });

  test('services that are refused or granted in one answer are all given back by the end of it', () => {
    const { effects } = given(accepted(chain))
      .when(verdicts(refused('a'), granted('b'), granted('c')))
      .then({});
    const released = sent<{ serviceIds: string[] }>(effects, 'release-claims').flatMap((body) => body.serviceIds);
    expect(released).toEqual(expect.arrayContaining(['service-b', 'service-c']));
  });
});

describe('a busy service', () => {
  test('an item waits for its turn, and says behind whom', () => {
    const { state } = given(accepted(one))
      .when(verdicts(busy('a')))
      .then({ order: 'pending', items: { a: 'pending' } });
    expect(state.order.progress['a']?.failure).toEqual({
      code: 'serviceBusy',
      reason: 'Waits for item "7" of service order another-order, which changes the same service.',
    });
  });

  test('its turn comes: it is activated, and the note is gone', () => {
    const { state } = given(accepted(one), verdicts(busy('a')))
      .when(claimed('a'))
      .then({ items: { a: 'inProgress' }, sends: ['activate-item a'] });
    expect(state.order.progress['a']).toEqual({
      state: 'inProgress',
      serviceType: 'broadband',
      startedAt: noon.toISOString(),
    });
  });

  test('a late word that it must wait does not take away what it holds already', () => {
    const { state } = given(accepted(chain), verdicts(granted('a'), granted('b'), granted('c')))
      .when(verdicts(busy('b')))
      .then({ items: { a: 'inProgress', b: 'acknowledged', c: 'acknowledged' } });
    expect(state.order.progress['b']).not.toHaveProperty('failure');
  });

  test('its turn comes when nobody wants it any more: the service is given back', () => {
    given(accepted(pair), verdicts(busy('a'), refused('b')), verdicts(refused('a')))
      .when(claimed('a'))
      .then({ order: 'failed', sends: ['release-claims service-a'] });
  });

  test('its turn comes when its item was abandoned and others still run: the service is given back', () => {
    const order = anOrder(anItem('a'), anItem('b', { dependsOn: ['a'] }), anItem('c'));
    given(accepted(order), verdicts(granted('a'), busy('b'), granted('c')), settled('a', 'failed'))
      .when(claimed('b'))
      .then({
        order: 'inProgress',
        items: { a: 'failed', b: 'cancelled', c: 'inProgress' },
        sends: ['release-claims service-b'],
      });
  });
});

describe('fallout', () => {
  test('a stalled item is held, and so is its order, with an alert that names step and reason', () => {
    const { state } = given(accepted(one), claimed('a'))
      .when(stalled('a'))
      .then({ order: 'held', items: { a: 'held' } });
    expect(state.order.jeopardies).toMatchObject([
      { id: 'a-1', itemIds: ['a'], message: expect.stringMatching(/reserve-port.*It never did it/) },
    ]);
  });

  test('resumed, both go on, and the failure is forgotten', () => {
    const { state } = given(accepted(one), claimed('a'), stalled('a'))
      .when(stalled('a', false))
      .then({ order: 'inProgress', items: { a: 'inProgress' } });
    expect(state.order.progress['a']).not.toHaveProperty('failure');
  });

  test('an order stays held while any item is', () => {
    given(accepted(pair), claimed('a', 'b'), stalled('a'), stalled('b'))
      .when(stalled('a', false))
      .then({ order: 'held', items: { a: 'inProgress', b: 'held' } });
  });

  test('a held item may end without having been seen to resume', () => {
    given(accepted(one), claimed('a'), stalled('a')).when(settled('a')).then({ order: 'completed' });
    given(accepted(one), claimed('a'), stalled('a')).when(settled('a', 'failed')).then({ order: 'failed' });
  });

  test('stalled twice, it raises one alert', () => {
    given(accepted(one), claimed('a'), stalled('a')).when(stalled('a')).thenNothing();
  });
});

describe('time', () => {
  test('an order that waits for nobody but others has no alarm', () => {
    expect([lived(accepted(one)), lived(accepted(one), claimed('a'), stalled('a'))].map(({ dueAt }) => dueAt)).toEqual([
      null,
      null,
    ]);
  });

  test('an alarm of the release before asks nobody, is no change, and does not ring again', () => {
    const { save, send } = due(after(30))({ ...lived(accepted(one), claimed('a')), dueAt: after(30) });
    expect(save).toMatchObject([{ dueAt: null, order: { revision: 2 } }]);
    expect(send).toBeUndefined();
  });

  test('services that come when the order is over are given back', () => {
    const { effects } = given(accepted(one), verdicts(refused('a')))
      .when(claimed('a'))
      .then({ sends: ['release-claims service-a'] });
    expect(effects.save).toBeUndefined();
  });
});

describe('what comes late', () => {
  const ended = [accepted(one), claimed('a'), settled('a')] as const;

  test.each([
    ['an outcome', settled('a', 'failed')],
    ['an alert', stalled('a')],
    ['a refusal', verdicts(refused('a'))],
    ['a reminder', due(after(9_999))],
  ])('%s of an order that has ended changes nothing', (_, fact) => {
    given(...ended)
      .when(fact)
      .thenNothing();
  });

  test.each([
    ['an outcome', settled('z')],
    ['an alert', stalled('z')],
  ])('%s of an item the order does not have changes nothing', (_, fact) => {
    given(accepted(one)).when(fact).thenNothing();
  });

  test('a fact of an order nobody knows is dropped', () => {
    expect([claimed('a'), settled('a'), stalled('a'), due(after(99))].map((fact) => fact(undefined))).toEqual([
      {},
      {},
      {},
      {},
    ]);
  });

  test('a grant that comes twice activates once', () => {
    given(accepted(one), claimed('a'))
      .when(claimed('a'))
      .then({ items: { a: 'inProgress' }, sends: [] });
  });

  test('an outcome may overtake the grant it stands on', () => {
    const { state } = given(accepted(one)).when(settled('a')).then({ order: 'completed' });
    expect(shortened(claimed('a')(state).send ?? [])).toEqual(['release-claims service-a']);
  });

  test('an alert for an item that was not started raises nothing', () => {
    given(accepted(one)).when(stalled('a')).thenNothing();
  });
});

test('a service that stands elsewhere keeps its own type and place in what an activation is told', () => {
  const supporting = [{ serviceId: 'outside', serviceType: 'access', characteristics: { vlan: 7 }, resources: [] }];
  const { effects } = given(accepted(anOrder(anItem('a', { supportingServices: ['outside'] }))))
    .when(verdicts({ verdict: 'claimed', itemId: 'a', number: 3, service: aService('service-a'), supporting }))
    .then({});
  expect(sent<ActivateItem>(effects, 'activate-item')).toMatchObject([{ claimNumber: 3, supporting }]);
});

describe('what is said along the way', () => {
  test('what was reached is said once, and kept', () => {
    const { state } = given(accepted(one), claimed('a'))
      .when(milestone('a', 'port-reserved'))
      .then({ order: 'inProgress' });
    expect(state.order.milestones.map(({ id }) => id)).toEqual(['accepted', 'started', 'a-port-reserved']);
    given(accepted(one), claimed('a'), milestone('a', 'port-reserved'))
      .when(milestone('a', 'port-reserved'))
      .thenNothing();
  });

  test('an item that waits for an outside system is pending, names it, and goes on', () => {
    const waiting = given(accepted(one), claimed('a'))
      .when(status('a', 'waiting', 4))
      .then({ order: 'pending', items: { a: 'pending' } });
    expect(waiting.state.order.progress['a']?.waitsFor?.platform).toBe('partner');
    expect(waiting.state.order.milestones.at(-1)).toMatchObject({ status: 'waiting', itemIds: ['a'] });
    const { state } = given(accepted(one), claimed('a'), status('a', 'waiting', 4))
      .when(status('a', 'running', 5))
      .then({ order: 'inProgress', items: { a: 'inProgress' } });
    expect(state.order.milestones.at(-1)).toMatchObject({ status: 'completed' });
    expect(state.order.progress['a']).not.toHaveProperty('waitsFor');
  });

  test('an older word of how it stands says nothing new', () => {
    given(accepted(one), claimed('a'), status('a', 'waiting', 4), status('a', 'running', 5))
      .when(status('a', 'waiting', 4))
      .thenNothing();
  });

  test('expected is what its items typically take, one after the other; later than asked for, it is in jeopardy', () => {
    const line = {
      ...anOrder(anItem('a'), anItem('b', { dependsOn: ['a'] })),
      requestedCompletionDate: after(5).toISOString(),
    };
    const durations = new Map([['broadband add', 4_000]]);
    const [state] = accept(undefined, line, { specifications: [aSpecification()], durations }, noon).save ?? [];
    expect(state?.order.expectedAt).toBe(after(8).toISOString());
    expect(state?.order.jeopardies.map(({ name }) => name)).toEqual(['late']);
    const unknown = accept(undefined, line, { specifications: [aSpecification()], durations: new Map() }, noon)
      .save?.[0];
    expect(unknown?.order).not.toHaveProperty('expectedAt');
  });

  test('an item without its optional steps is partial, and so is its order; what depends on it goes on', () => {
    const line = anOrder(anItem('a'), anItem('b', { dependsOn: ['a'] }));
    given(accepted(line), claimed('a', 'b'))
      .when(settled('a', 'partial'))
      .then({ items: { a: 'partial', b: 'inProgress' } });
    given(accepted(line), claimed('a', 'b'), settled('a', 'partial')).when(settled('b')).then({ order: 'partial' });
  });
});

describe('a service that is suspended', () => {
  const suspended = aService('service-a', { operatingStatus: 'suspended' });
  const asks = (over: Partial<RequestedItem>) => anOrder(anItem('a', { action: 'modify', ...over }));
  const refusedWith = (over: Partial<RequestedItem>, service = suspended) => {
    const { state } = given(accepted(asks(over)))
      .when(verdicts(granted('a', service)))
      .then({ order: 'failed' });
    return state.order.progress['a']?.failure?.code;
  };

  test('is not changed, nor suspended again; one that runs is not taken up', () => {
    expect(refusedWith({ characteristics: { rate: 7 } })).toBe('serviceSuspended');
    expect(refusedWith({ operatingStatus: 'suspended', characteristics: {} })).toBe('alreadySuspended');
    expect(refusedWith({ operatingStatus: 'active', characteristics: {} }, aService('service-a'))).toBe('notSuspended');
  });

  test('is taken up again, and changed with it', () => {
    const { effects } = given(accepted(asks({ operatingStatus: 'active', characteristics: { rate: 7 } })))
      .when(verdicts(granted('a', suspended)))
      .then({ order: 'inProgress' });
    expect(sent(effects, 'activate-item')).toMatchObject([{ operation: 'resume', requested: { rate: 7 } }]);
  });
});
