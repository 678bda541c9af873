import { expect, test } from 'vitest';
import type { ServicesDescribed } from '../../contracts/messages/service-planning.ts';
import { claimAll } from './claims.decide.ts';
import { describe } from './describe.decide.ts';
import type { ServiceState } from './service.state.ts';
import { aClaim, aService, noon } from './services.fixture.ts';

const order = {
  id: '019f0000-0000-7000-8000-000000000001',
  orderDate: noon.toISOString(),
  parties: [],
  items: [],
};
const holder = { orderId: 'holder', itemId: '1' };

function described(states: readonly ServiceState[], ...claims: readonly Partial<ReturnType<typeof aClaim>>[]) {
  const services = new Map(states.map((state) => [state.service.id, state]));
  const { save, send = [] } = describe(
    (id) => services.get(id),
    { commandId: order.id, order, claims: claims.map(aClaim) },
    noon,
  );
  expect([save, send.map(({ definition }) => definition.name)]).toEqual([
    undefined,
    ['service-inventory.services-described.v1'],
  ]);
  return send[0]?.body as ServicesDescribed;
}

test('claims are answered as they would be, and none is taken', () => {
  const { verdicts, busy } = described(
    [aService(), aService({ id: 'gone', state: 'terminated' })],
    {},
    { itemId: '2', serviceId: 'gone' },
    { itemId: '3', serviceId: 'nowhere' },
    { itemId: '4', serviceId: 's', action: 'add' },
    { itemId: '5', serviceId: 'new', action: 'add', supportingServices: ['missing'] },
  );
  const codes = verdicts.map((one) => (one.verdict === 'refused' ? one.failure.code : one.verdict));
  expect([codes, busy]).toEqual([
    ['claimed', 'serviceTerminated', 'unknownService', 'serviceExists', 'unknownSupportingService'],
    [],
  ]);
});

test('the words are those of the claim', () => {
  const claims = [aClaim({ itemId: '3', serviceId: 'nowhere' })];
  const claimed = claimAll(() => undefined, order.id, claims, noon).send?.[0]?.body as Pick<
    ServicesDescribed,
    'verdicts'
  >;
  expect(described([], ...claims).verdicts).toEqual(claimed.verdicts);
});

test('of a service that is held, who is ahead is told, the holder first', () => {
  const waiting = [{ orderId: 'next', request: aClaim({ itemId: '7' }) }];
  const held = { ...aService({ claim: { ...holder, number: 1 } }), waiting };
  const { verdicts, busy } = described([held], {});
  expect(verdicts).toMatchObject([{ verdict: 'waiting', behind: holder }]);
  expect(busy).toMatchObject([
    { itemId: '1', service: { id: 's' }, ahead: [holder, { orderId: 'next', itemId: '7' }] },
  ]);
});

test('a supporting service is told with its type', () => {
  const { verdicts } = described([aService()], { serviceId: 'new', action: 'add', supportingServices: ['s'] });
  expect(verdicts).toMatchObject([{ verdict: 'claimed', supporting: [{ serviceId: 's', serviceType: 'broadband' }] }]);
});

test('what has no part in a plan is left out', () => {
  const resources = [{ id: 'r', name: 'r', type: 'port' }];
  const [verdict] = described([aService({ resources, parties: [{ id: 'p' }] })], {}).verdicts;
  expect(verdict).toMatchObject({ service: { characteristics: { rate: 50 }, resources: [], parties: [] } });
});
