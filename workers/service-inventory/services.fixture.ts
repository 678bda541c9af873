/** The inventory in words, for its tests: a store of services that decisions are applied to. */
import type { Outgoing } from '../../contracts/messages/message.ts';
import type { ClaimRequest, ClaimVerdict, Service, ServiceWrite } from '../../contracts/messages/service-inventory.ts';
import { claimAll, reclaim, release } from './claims.decide.ts';
import { record } from './record.decide.ts';
import { type ActivationReport, type Effects, type ServiceState } from './service.state.ts';

export const noon = new Date('2026-03-01T12:00:00.000Z');

export const aWrite = (over: Partial<ServiceWrite> = {}): ServiceWrite => ({
  state: 'active',
  serviceType: 'broadband',
  characteristics: { rate: 50 },
  supportingServices: [],
  resources: [],
  parties: [],
  places: [],
  ...over,
});

export const aClaim = (over: Partial<ClaimRequest> = {}): ClaimRequest => ({
  itemId: '1',
  action: 'modify',
  serviceId: 's',
  serviceType: 'broadband',
  characteristics: { rate: 100 },
  supportingServices: [],
  parties: [],
  places: [],
  ...over,
});

export const aReport = (over: Partial<ActivationReport> & Pick<ActivationReport, 'orderId'>): ActivationReport => ({
  itemId: '1',
  number: 1,
  sequence: 1,
  stage: 'completed',
  characteristics: {},
  requested: { rate: 100 },
  resources: [],
  ...over,
});

export const aService = (over: Partial<Service> = {}): ServiceState => ({
  service: {
    ...aWrite(),
    id: 's',
    revision: 1,
    operatingStatus: 'active',
    orderItems: [],
    serviceDate: noon.toISOString(),
    updatedAt: noon.toISOString(),
    activated: true,
    claim: null,
    ...over,
  },
  waiting: [],
  claims: 0,
  change: null,
  lastSettled: null,
  deleted: false,
});

/** The bodies of one kind of message among those sent. */
export const sent = <Body = unknown>({ send = [] }: Effects, verb: string): Body[] =>
  send.filter(({ definition }) => definition.name.includes(`.${verb}.`)).map(({ body }) => body as Body);

/** Verdicts as `order/item verdict`. */
export const verdictsOf = (effects: Effects): string[] =>
  sent<{ orderId: string; verdicts: ClaimVerdict[] }>(effects, 'services-claimed').flatMap(({ orderId, verdicts }) =>
    verdicts.map(({ itemId, verdict }) => `${orderId}/${itemId} ${verdict}`),
  );

/** An inventory that remembers what decisions save, and every message they send. */
export function anInventory(...services: readonly ServiceState[]) {
  const kept = new Map(services.map((state) => [state.service.id, state]));
  const messages: Outgoing[] = [];
  const get = (id: string): ServiceState | undefined => kept.get(id);
  const apply = (effects: Effects): Effects => {
    for (const state of effects.save ?? []) kept.set(state.service.id, state);
    messages.push(...(effects.send ?? []));
    return effects;
  };
  return {
    messages,
    all: () => [...kept.values()],
    service(id = 's'): ServiceState {
      const state = kept.get(id);
      if (state === undefined) throw new Error(`there is no service ${id}`);
      return state;
    },
    claim: (orderId: string, ...claims: readonly ClaimRequest[]) => apply(claimAll(get, orderId, claims, noon)),
    reclaim: (orderId: string, round: number, itemId: string, serviceId = 's') =>
      apply(reclaim(get, orderId, round, [{ itemId, serviceId }], noon)),
    releaseRound: (orderId: string, round: number, ...ids: readonly string[]) =>
      apply(release(get, orderId, ids, noon, round)),
    release: (orderId: string, ...ids: readonly string[]) => apply(release(get, orderId, ids, noon)),
    report(report: ActivationReport, id = 's'): Effects {
      const state = kept.get(id);
      return state === undefined ? {} : apply(record(state, report, noon));
    },
  };
}
