import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Claim,
  type ClaimVerdict,
  type Service,
  servicesClaimed,
} from '../../contracts/messages/service-inventory.ts';
import type { ActivationReport } from './service.state.ts';
import { aClaim, aReport, aService, anInventory, sent, verdictsOf } from './services.fixture.ts';

describe('claims', () => {
  test('a free service is the first claim’s, with the service as it was before', () => {
    const inventory = anInventory(aService());
    const effects = inventory.claim('A', aClaim());
    expect(sent(effects, 'services-claimed')).toMatchObject([
      { orderId: 'A', verdicts: [{ verdict: 'claimed', number: 1, service: { revision: 1, claim: null } }] },
    ]);
    expect(inventory.service().service).toMatchObject({
      revision: 2,
      claim: { orderId: 'A', itemId: '1', number: 1 },
      orderItems: [{ orderId: 'A', itemId: '1', action: 'modify' }],
    });
  });

  test('those that come later wait in the order they came, and hear behind whom', () => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    expect(sent(inventory.claim('B', aClaim()), 'services-claimed')).toMatchObject([
      { verdicts: [{ verdict: 'waiting', behind: { orderId: 'A', itemId: '1' } }] },
    ]);
    inventory.claim('C', aClaim());
    expect(inventory.service().waiting.map((one) => one.orderId)).toEqual(['B', 'C']);
    expect(verdictsOf(inventory.report(aReport({ orderId: 'A' })))).toEqual(['B/1 claimed']);
    expect(verdictsOf(inventory.report(aReport({ orderId: 'B', number: 2 })))).toEqual(['C/1 claimed']);
  });

  test('of the order items that changed a service, it names the newest fifty', () => {
    const inventory = anInventory(aService());
    for (let n = 1; n <= 60; n += 1) {
      inventory.claim(`order-${n}`, aClaim());
      inventory.report(aReport({ orderId: `order-${n}`, number: n }));
    }
    const named = inventory.service().service.orderItems.map(({ orderId }) => orderId);
    expect([named.length, named.at(0), named.at(-1)]).toEqual([50, 'order-11', 'order-60']);
  });

  test('twenty claims wait for a service; one more is refused, and told who is changing it', () => {
    const inventory = anInventory(aService());
    for (let n = 0; n <= 20; n += 1) inventory.claim(`order-${n}`, aClaim());
    const [answer] = sent<{ verdicts: ClaimVerdict[] }>(inventory.claim('late', aClaim()), 'services-claimed');
    expect(answer?.verdicts).toMatchObject([{ verdict: 'refused', failure: { code: 'serviceBusy' } }]);
    expect(JSON.stringify(answer)).toContain('Item \\"1\\" of service order order-0');
    expect(inventory.service().waiting.length).toBe(20);
    // Room is made by whoever is done.
    inventory.report(aReport({ orderId: 'order-0' }));
    expect(verdictsOf(inventory.claim('late', aClaim()))).toEqual(['late/1 waiting']);
  });

  test('a waiting claim changes nothing that anybody sees of the service', () => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    expect(sent(inventory.claim('B', aClaim()), 'service-changed')).toEqual([]);
  });

  test('all services of an order are claimed at once: what one order holds in part no other can hold the rest of', () => {
    const inventory = anInventory(aService({ id: 's' }), aService({ id: 't' }));
    const both = [aClaim({ itemId: '1', serviceId: 's' }), aClaim({ itemId: '2', serviceId: 't' })];
    inventory.claim('A', ...both);
    expect(verdictsOf(inventory.claim('B', ...both.toReversed()))).toEqual(['B/2 waiting', 'B/1 waiting']);
    expect(verdictsOf(inventory.report(aReport({ orderId: 'A' }), 's'))).toEqual(['B/1 claimed']);
    expect(inventory.service('t').service.claim?.orderId).toBe('A');
  });

  test('a claim that is held, waits or is over says nothing when it comes again', () => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    inventory.claim('B', aClaim());
    const nothing = { save: [], send: [] };
    expect([inventory.claim('A', aClaim()), inventory.claim('B', aClaim())]).toEqual([nothing, nothing]);
    expect(inventory.service()).toMatchObject({ claims: 1, waiting: [{ orderId: 'B' }] });
    inventory.release('B', 's');
    inventory.report(aReport({ orderId: 'A' }));
    expect(inventory.claim('A', aClaim())).toEqual(nothing);
    expect(inventory.service().service.claim).toBeNull();
  });

  test('an added service is there from its claim on: designed, held, not on the network', () => {
    const inventory = anInventory();
    expect(verdictsOf(inventory.claim('A', aClaim({ action: 'add' })))).toEqual(['A/1 claimed']);
    expect(inventory.service().service).toMatchObject({
      revision: 1,
      state: 'designed',
      operatingStatus: 'pending',
      activated: false,
      characteristics: { rate: 100 },
    });
  });

  test.each([
    ['an add of a service that exists', [aService()], aClaim({ action: 'add' }), 'serviceExists'],
    ['a change of a service that does not', [], aClaim(), 'unknownService'],
    ['a change of a deleted record', [{ ...aService(), deleted: true }], aClaim(), 'unknownService'],
    ['a change of a terminated one', [aService({ state: 'terminated' })], aClaim(), 'serviceTerminated'],
    [
      'standing on a service that is not there',
      [aService()],
      aClaim({ supportingServices: ['x'] }),
      'unknownSupportingService',
    ],
    [
      'standing on a terminated service',
      [aService(), aService({ id: 'x', state: 'terminated' })],
      aClaim({ supportingServices: ['x'] }),
      'unknownSupportingService',
    ],
  ])('%s is refused', (_, services, request, code) => {
    const effects = anInventory(...services).claim('A', request);
    expect(sent(effects, 'services-claimed')).toMatchObject([
      { verdicts: [{ verdict: 'refused', failure: { code } }] },
    ]);
    expect(effects.save).toEqual([]);
  });

  test('a new service may stand on one that the same order adds', () => {
    const inventory = anInventory();
    const effects = inventory.claim(
      'A',
      aClaim({ itemId: '1', action: 'add', serviceId: 's' }),
      aClaim({ itemId: '2', action: 'add', serviceId: 't', supportingServices: ['s'] }),
    );
    expect(verdictsOf(effects)).toEqual(['A/1 claimed', 'A/2 claimed']);
  });

  test('a granted claim is told what the service stands on', () => {
    const below = aService({ id: 'x', serviceType: 'access', characteristics: { port: '1/1/1' } });
    const effects = anInventory(aService(), below).claim('A', aClaim({ supportingServices: ['x'] }));
    expect(sent(effects, 'services-claimed')).toMatchObject([
      { verdicts: [{ supporting: [{ serviceId: 'x', serviceType: 'access', characteristics: { port: '1/1/1' } }] }] },
    ]);
  });
});

describe('reports of an activation', () => {
  test('what landed shows at once, and what was asked for only when all of it is done', () => {
    const inventory = anInventory();
    inventory.claim('A', aClaim({ action: 'add' }));
    const port = { id: '1/1/1', name: 'Port 1/1/1', type: 'accessPort' };
    inventory.report(
      aReport({
        orderId: 'A',
        stage: 'landed',
        characteristics: { port: '1/1/1' },
        requested: { rate: 100, profile: 'p' },
        resources: [port],
      }),
    );
    expect(inventory.service().service).toMatchObject({
      state: 'reserved',
      activated: true,
      characteristics: { rate: 100, port: '1/1/1' },
      resources: [port],
    });
    expect(inventory.service().service.characteristics).not.toHaveProperty('profile');
    const effects = inventory.report(
      aReport({
        orderId: 'A',
        sequence: 2,
        characteristics: { port: '1/1/1' },
        requested: { rate: 100, profile: 'p' },
        resources: [port],
      }),
    );
    expect(inventory.service().service).toMatchObject({
      state: 'active',
      operatingStatus: 'active',
      claim: null,
      characteristics: { rate: 100, port: '1/1/1', profile: 'p' },
    });
    expect(sent(effects, 'change-settled')).toMatchObject([
      { orderId: 'A', itemId: '1', outcome: 'completed', service: { state: 'active', claim: null } },
    ]);
  });

  test('the service is shown before the change is told to be settled', () => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    const names = inventory
      .report(aReport({ orderId: 'A' }))
      .send?.map(({ definition }) => definition.name.split('.')[1]);
    expect(names).toEqual(['service-changed', 'change-settled']);
  });

  test('a resource replaces the one of its type', () => {
    const inventory = anInventory(
      aService({
        resources: [
          { id: 'old', name: 'old', type: 'port' },
          { id: 'r', name: 'r', type: 'router' },
        ],
      }),
    );
    inventory.claim('A', aClaim());
    inventory.report(aReport({ orderId: 'A', resources: [{ id: 'new', name: 'new', type: 'port' }] }));
    expect(inventory.service().service.resources.map((one) => one.id)).toEqual(['r', 'new']);
  });

  test('a failed add leaves a terminated service that holds nothing', () => {
    const inventory = anInventory();
    inventory.claim('A', aClaim({ action: 'add' }));
    const failure = { code: 'noPort', reason: 'No port is free.' };
    const effects = inventory.report(aReport({ orderId: 'A', stage: 'failed', failure }));
    expect(inventory.service().service).toMatchObject({
      state: 'terminated',
      operatingStatus: 'terminated',
      resources: [],
      claim: null,
    });
    expect(sent(effects, 'change-settled')).toMatchObject([{ outcome: 'failed', failure }]);
  });

  test('a failed modify restores what was before, what had landed of it included', () => {
    const before = { characteristics: { rate: 50, port: '1/1/1' }, resources: [{ id: 'p', name: 'p', type: 'port' }] };
    const inventory = anInventory(aService(before));
    inventory.claim('A', aClaim());
    inventory.report(
      aReport({
        orderId: 'A',
        stage: 'landed',
        characteristics: { port: '9/9/9' },
        resources: [{ id: 'q', name: 'q', type: 'port' }],
      }),
    );
    inventory.report(aReport({ orderId: 'A', stage: 'failed', sequence: 2 }));
    expect(inventory.service().service).toMatchObject({ ...before, state: 'active', operatingStatus: 'active' });
  });

  test('what a platform gave anew while it put things back is what the service has', () => {
    const inventory = anInventory(aService({ characteristics: { prefix: 'old', rate: 50 } }));
    inventory.claim('A', aClaim());
    inventory.report(
      aReport({ orderId: 'A', stage: 'failed', characteristics: { prefix: 'another of the same length' } }),
    );
    expect(inventory.service().service.characteristics).toEqual({ prefix: 'another of the same length', rate: 50 });
  });

  test('a completed delete terminates, a failed one leaves the service as it was', () => {
    for (const [stage, state] of [
      ['completed', 'terminated'],
      ['failed', 'active'],
    ] as const) {
      const inventory = anInventory(aService());
      inventory.claim('A', aClaim({ action: 'delete' }));
      inventory.report(aReport({ orderId: 'A', stage }));
      expect(inventory.service().service.state).toBe(state);
    }
  });

  test('those who wait for a service that is terminated meanwhile are all refused', () => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim({ action: 'delete' }));
    inventory.claim('B', aClaim());
    inventory.claim('C', aClaim());
    expect(verdictsOf(inventory.report(aReport({ orderId: 'A' })))).toEqual(['B/1 refused', 'C/1 refused']);
    expect(inventory.service().waiting).toEqual([]);
  });

  test.each<[string, Partial<ActivationReport>]>([
    ['an older sequence', { stage: 'landed', sequence: 1 }],
    ['the same sequence', { stage: 'landed', sequence: 2 }],
    ['what landed under a claim that was before', { number: 0, sequence: 9, stage: 'landed' as const }],
    ['a claim that is not yet', { number: 2, sequence: 9 }],
    ['a change that has ended', { number: 0, sequence: 9 }],
  ])('a report of %s changes nothing', (_, late) => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    inventory.report(aReport({ orderId: 'A', stage: 'landed', sequence: 2, characteristics: { port: 'new' } }));
    expect(inventory.report(aReport({ orderId: 'A', characteristics: { port: 'old' }, ...late }))).toEqual({});
    expect(inventory.service().service.characteristics['port']).toBe('new');
  });

  test('the end of a change may overtake what landed of it, which then says nothing new', () => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    inventory.report(aReport({ orderId: 'A', sequence: 3, characteristics: { port: 'p' } }));
    expect(inventory.report(aReport({ orderId: 'A', stage: 'landed', sequence: 2 }))).toEqual({});
  });
});

describe('release', () => {
  test('a service given back goes to the next in line, unchanged', () => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    inventory.claim('B', aClaim());
    expect(verdictsOf(inventory.release('A', 's'))).toEqual(['B/1 claimed']);
    expect(inventory.service().service).toMatchObject({
      state: 'active',
      characteristics: { rate: 50 },
      claim: { orderId: 'B' },
    });
  });

  test('an added service that never reached the network is terminated', () => {
    const inventory = anInventory();
    inventory.claim('A', aClaim({ action: 'add' }));
    inventory.release('A', 's');
    expect(inventory.service().service).toMatchObject({ state: 'terminated', claim: null });
  });

  test('one who waits no longer leaves the line, and nobody sees it', () => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    inventory.claim('B', aClaim());
    expect(inventory.release('B', 's').send).toEqual([]);
    expect(inventory.service()).toMatchObject({ waiting: [], service: { claim: { orderId: 'A' } } });
  });

  test('what the order does not hold, or nobody knows, is left alone', () => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    const nothing = { save: [], send: [] };
    expect(inventory.release('B', 's', 'unknown')).toEqual(nothing);
    inventory.release('A', 's');
    expect(inventory.release('A', 's')).toEqual(nothing);
  });
});

const services = ['s', 't'] as const;
const orders = ['A', 'B', 'C', 'D'] as const;
type Step =
  | { readonly do: 'claim'; readonly order: string }
  | { readonly do: 'release'; readonly order: string; readonly on: readonly string[] }
  | {
      readonly do: 'report';
      readonly on: string;
      readonly stage: 'landed' | 'completed' | 'failed';
      readonly lag: number;
    };

const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('claim' as const), order: fc.constantFrom(...orders) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('release' as const),
      order: fc.constantFrom(...orders),
      on: fc.subarray([...services], { minLength: 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      on: fc.constantFrom(...services),
      stage: fc.constantFrom('landed' as const, 'completed' as const, 'failed' as const),
      lag: fc.nat({ max: 3 }),
    }),
  },
);

test('law: however claims, reports and releases mix, no service has two changes, none is lost, and first come is first served', () => {
  fc.assert(
    fc.property(fc.array(aStep, { maxLength: 40 }), (steps) => {
      const inventory = anInventory(...services.map((id) => aService({ id })));
      const arrived: Record<string, string[]> = { s: [], t: [] };
      const over = new Set<string>();
      /** Services that the last step reported an older claim of. */
      const stale = new Set<string>();
      const grants: Record<string, string[]> = { s: [], t: [] };
      const holders: Record<string, Claim[]> = { s: [], t: [] };

      const step = (one: Step): void => {
        const seen = inventory.messages.length;
        stale.clear();
        if (one.do === 'claim') {
          for (const id of services) if (!arrived[id]?.includes(one.order)) arrived[id]?.push(one.order);
          inventory.claim(one.order, ...services.map((id, at) => aClaim({ itemId: String(at), serviceId: id })));
        } else if (one.do === 'release') {
          for (const id of one.on) if (arrived[id]?.includes(one.order)) over.add(`${id}/${one.order}`);
          inventory.release(one.order, ...one.on);
        } else {
          // Sometimes the report of a claim that is over by now.
          const held = holders[one.on]?.at(-1 - one.lag);
          if (held === undefined) return;
          if (held.number !== inventory.service(one.on).service.claim?.number) stale.add(one.on);
          inventory.report(aReport({ ...held, stage: one.stage, sequence: 5 - one.lag }), one.on);
        }
        for (const { definition, body } of inventory.messages.slice(seen)) {
          if (definition.name !== servicesClaimed.name) continue;
          const { orderId, verdicts } = body as { orderId: string; verdicts: ClaimVerdict[] };
          for (const verdict of verdicts) {
            if (verdict.verdict !== 'claimed') continue;
            const id = verdict.service.id;
            if (holders[id]?.some((held) => held.number === verdict.number)) continue;
            holders[id]?.push({ orderId, itemId: verdict.itemId, number: verdict.number });
            grants[id]?.push(orderId);
          }
        }
      };

      for (const one of steps) {
        const before = new Map(inventory.all().map(({ service }) => [service.id, service]));
        step(one);
        for (const { service, waiting, claims, change } of inventory.all()) {
          const was = before.get(service.id) as Service;
          // One holder, who has the newest number; nobody waits for a service that is free.
          expect(service.claim === null).toBe(change === null);
          if (service.claim === null) expect(waiting).toEqual([]);
          else expect(service.claim.number).toBe(claims);
          if (stale.has(service.id)) expect(service).toEqual(was);
          // A holder is followed only once its change was reported over or given back.
          if (was.claim !== null && service.claim?.number !== was.claim.number) expect(one.do).not.toBe('claim');
          expect(new Set(waiting.map((other) => other.orderId)).size).toBe(waiting.length);
          expect(service.revision).toBeGreaterThanOrEqual(was.revision);
        }
      }
      // Let every change end: whoever still waits gets its turn, nobody twice, in the order they came.
      for (const id of services) {
        for (
          let held = inventory.service(id).service.claim;
          held !== null;
          held = inventory.service(id).service.claim
        ) {
          const { number } = held;
          step({ do: 'report', on: id, stage: 'completed', lag: 0 });
          expect(inventory.service(id).service.claim?.number).not.toBe(number);
        }
        const served = grants[id]?.filter((order) => !over.has(`${id}/${order}`)) ?? [];
        expect(served).toEqual((arrived[id] ?? []).filter((order) => !over.has(`${id}/${order}`)));
      }
    }),
    { numRuns: 300 },
  );
});

describe('a change that is over, claimed again to be taken back', () => {
  const changedBy = (orderId: string) => {
    const inventory = anInventory(aService());
    inventory.claim(orderId, aClaim());
    inventory.report(aReport({ orderId }));
    return inventory;
  };

  test('is granted under a new number while nobody has changed it since, and again the same when asked again', () => {
    const inventory = changedBy('A');
    for (const asked of [inventory.reclaim('A', 1, '1'), inventory.reclaim('A', 1, '1')]) {
      expect(verdictsOf(asked)).toEqual(['A/1 claimed']);
      expect(sent(asked, 'services-claimed')).toMatchObject([{ verdicts: [{ number: 2, again: 1 }] }]);
    }
    expect(inventory.service().service.claim).toEqual({ orderId: 'A', itemId: '1', number: 2, round: 1 });
  });

  test('is refused when somebody changes it, has changed it, or it was taken back already', () => {
    const busy = changedBy('A');
    busy.claim('B', aClaim());
    expect(verdictsOf(busy.reclaim('A', 1, '1'))).toEqual(['A/1 refused']);
    busy.report(aReport({ orderId: 'B', number: 2 }));
    expect(verdictsOf(busy.reclaim('A', 1, '1'))).toEqual(['A/1 refused']);
    const back = changedBy('A');
    back.reclaim('A', 1, '1');
    back.report(aReport({ orderId: 'A', number: 2, stage: 'cancelled', requested: { rate: 50 } }));
    expect(back.service().service).toMatchObject({ claim: null, characteristics: { rate: 50 }, state: 'active' });
    expect(verdictsOf(back.reclaim('A', 1, '1'))).toEqual(['A/1 refused']);
  });

  test('an add that is taken back leaves nothing', () => {
    const inventory = anInventory();
    inventory.claim('A', aClaim({ action: 'add' }));
    inventory.report(aReport({ orderId: 'A' }));
    inventory.reclaim('A', 1, '1');
    inventory.report(aReport({ orderId: 'A', number: 2, stage: 'cancelled', requested: {} }));
    expect(inventory.service().service).toMatchObject({ state: 'terminated', resources: [], claim: null });
  });

  test('a release that was meant for an earlier claim does not free it', () => {
    const inventory = changedBy('A');
    inventory.reclaim('A', 2, '1');
    inventory.release('A', 's');
    expect(inventory.service().service.claim?.number).toBe(2);
    inventory.releaseRound('A', 1, 's');
    expect(inventory.service().service.claim?.number).toBe(2);
    inventory.releaseRound('A', 2, 's');
    expect(inventory.service().service).toMatchObject({ claim: null, state: 'active' });
  });
});

describe('what a completed change leaves', () => {
  const modified = (over: Partial<Parameters<typeof aReport>[0]>) => {
    const inventory = anInventory(aService());
    inventory.claim('A', aClaim());
    inventory.report(aReport({ orderId: 'A', ...over }));
    return inventory;
  };

  test('suspended it stays until it is taken up again', () => {
    const inventory = modified({ operation: 'suspend' });
    expect(inventory.service().service).toMatchObject({ state: 'active', operatingStatus: 'suspended' });
    inventory.claim('B', aClaim());
    inventory.report(aReport({ orderId: 'B', number: 2, operation: 'resume' }));
    expect(inventory.service().service.operatingStatus).toBe('active');
  });

  test('without its optional steps it is degraded, and knows which are missing until they are done', () => {
    const inventory = modified({ stage: 'partial', missing: ['monitor'] });
    expect(inventory.service().service).toMatchObject({ operatingStatus: 'degraded', missing: ['monitor'] });
    inventory.claim('B', aClaim());
    inventory.report(aReport({ orderId: 'B', number: 2 }));
    expect(inventory.service().service.operatingStatus).toBe('active');
    expect(inventory.service().service).not.toHaveProperty('missing');
  });
});
