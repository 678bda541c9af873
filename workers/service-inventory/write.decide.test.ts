import { describe, expect, test } from 'vitest';
import type { ServiceWrite } from '../../contracts/messages/service-inventory.ts';
import type { ServiceState } from './service.state.ts';
import { aService, aWrite, noon, sent } from './services.fixture.ts';
import { create, remove, replace } from './write.decide.ts';

const commandId = '019f0000-0000-7000-8000-00000000c0de';
const command = (expectedRevision?: number) => ({ commandId, id: 's', expectedRevision });
const claimed = aService({ claim: { orderId: 'A', itemId: '1', number: 1 } });
const refusal = (effects: ReturnType<typeof create>) => {
  expect(effects.save).toBeUndefined();
  return sent(effects, 'command-refused')[0];
};

describe('a service entered from outside', () => {
  test('is at revision 1, free, and not ours on the network', () => {
    const { save } = create(undefined, command(), aWrite({ state: 'designed' }), noon);
    expect(save?.[0]?.service).toMatchObject({
      id: 's',
      revision: 1,
      state: 'designed',
      operatingStatus: 'pending',
      activated: false,
      claim: null,
    });
  });

  test('entered again under its id, it is shown and stays as it is', () => {
    const known = aService({ revision: 4 });
    expect(create(known, command(), aWrite(), noon).save).toBeUndefined();
    expect(sent(create(known, command(), aWrite(), noon), 'service-changed')).toMatchObject([
      { service: { revision: 4 } },
    ]);
  });
});

describe('a service written from outside', () => {
  test('takes what is written at the revision it was computed from, one revision on', () => {
    const entered = aService({ revision: 3, activated: false });
    const { save } = replace(entered, command(3), aWrite({ characteristics: { rate: 7 } }), noon);
    expect(save?.[0]?.service).toMatchObject({ revision: 4, characteristics: { rate: 7 }, orderItems: [] });
  });

  test('keeps what is not the writer’s: its orders, its date, whether it is on the network', () => {
    const orderItems = [{ orderId: 'A', itemId: '1', action: 'add' as const }];
    const { save } = replace(aService({ orderItems }), command(1), aWrite(), noon);
    expect(save?.[0]?.service).toMatchObject({ orderItems, activated: true, serviceDate: noon.toISOString() });
  });

  test('at a revision that moved on is refused as stale', () => {
    expect(refusal(replace(aService({ revision: 3 }), command(2), aWrite(), noon))).toMatchObject({
      kind: 'stale',
      commandId,
    });
  });

  test('while an order changes it is refused, with the order that does', () => {
    expect(refusal(replace(claimed, command(1), aWrite(), noon))).toMatchObject({
      kind: 'conflict',
      code: 'serviceBusy',
      reason: expect.stringContaining('order A'),
    });
  });

  test('that is not there, or deleted, is refused', () => {
    expect(refusal(replace(undefined, command(1), aWrite(), noon))).toMatchObject({ kind: 'notFound' });
    expect(refusal(replace({ ...aService(), deleted: true }, command(1), aWrite(), noon))).toMatchObject({
      kind: 'notFound',
    });
  });

  test.each([
    ['active', 'pending', 'active'],
    ['active', 'degraded', 'degraded'],
    ['active', 'terminated', 'active'],
    ['terminated', 'active', 'terminated'],
    ['inactive', 'active', 'pending'],
  ] as const)('written %s while it runs %s, it runs %s', (state, operatingStatus, expected) => {
    const { save } = replace(aService({ operatingStatus, activated: false }), command(1), aWrite({ state }), noon);
    expect(save?.[0]?.service.operatingStatus).toBe(expected);
  });

  test.each([
    [{ state: 'terminated' }, 'change its state.'],
    [{ characteristics: { rate: 7 } }, 'change its characteristics.'],
    [{ characteristics: {} }, 'change its characteristics.'],
    [{ serviceType: 'mobile', specification: { id: 'mobile-line' } }, 'change its service type, specification.'],
    [{ supportingServices: ['other'] }, 'change its supporting services.'],
    [{ resources: [{ id: '1/1/9', name: 'port', type: 'accessPort' }] }, 'change its resources.'],
  ] satisfies [Partial<ServiceWrite>, string][])(
    'that is on the network is refused %j: only orders change what it holds',
    (over, why) => {
      const reason = expect.stringContaining(why);
      const effects = replace(aService(), command(1), aWrite(over), noon);
      expect(refusal(effects)).toMatchObject({ kind: 'conflict', code: 'serviceDeployed', reason });
    },
  );

  test('that is on the network takes what is said about it', () => {
    const about: Partial<ServiceWrite> = { name: 'n', description: 'd', places: [{ id: 'p', role: 'site' }] };
    const { save } = replace(aService(), command(1), aWrite(about), noon);
    expect(save?.[0]?.service).toMatchObject({ ...about, activated: true });
  });

  test('the same values in another order of their names are no change', () => {
    const held = aService({ characteristics: { port: { shelf: 1, slot: 2 }, rate: 5 } });
    const write = aWrite({ characteristics: { rate: 5, port: { slot: 2, shelf: 1 } } });
    expect(replace(held, command(1), write, noon).save?.[0]?.service).toMatchObject({ revision: 2 });
  });

  test('that is terminated holds nothing on the network: its record is the writer’s, its state is not', () => {
    const over = aService({ state: 'terminated', operatingStatus: 'terminated' });
    const write = aWrite({ state: 'terminated', characteristics: {} });
    expect(replace(over, command(1), write, noon).save?.[0]?.service.characteristics).toEqual({});
    expect(refusal(replace(over, command(1), aWrite(), noon))).toMatchObject({ code: 'serviceDeployed' });
  });
});

describe('a service deleted from outside', () => {
  const gone = (state: ServiceState) => remove(state, command(), noon);

  test('that holds nothing on the network leaves a tombstone one revision on', () => {
    for (const state of [aService({ activated: false }), aService({ state: 'terminated' })])
      expect(gone(state).save?.[0]).toMatchObject({ deleted: true, service: { revision: 2 } });
  });

  test('that is on the network is refused, and says what to do', () => {
    expect(refusal(gone(aService()))).toMatchObject({
      code: 'serviceDeployed',
      reason: expect.stringContaining('TMF641'),
    });
  });

  test('that an order changes, moved on or is gone is refused', () => {
    expect(refusal(gone(claimed))).toMatchObject({ code: 'serviceBusy' });
    expect(refusal(remove(aService({ revision: 2 }), command(1), noon))).toMatchObject({ kind: 'stale' });
    expect(refusal(gone({ ...aService(), deleted: true }))).toMatchObject({ kind: 'notFound' });
  });
});

test('a service written from outside still lacks what its activator could not do', () => {
  const lacking = aService({ operatingStatus: 'degraded', missing: ['shape-traffic'] });
  const { save } = replace(lacking, command(1), aWrite({ description: 'noted' }), noon);
  expect(save?.[0]?.service).toMatchObject({ operatingStatus: 'degraded', missing: ['shape-traffic'] });
});
