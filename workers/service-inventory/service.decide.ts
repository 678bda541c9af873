import { type Outgoing, send } from '../../contracts/messages/message.ts';
import {
  type Claim,
  type ClaimRequest,
  type ClaimVerdict,
  type Service,
  type SupportingService,
  changeSettled,
  serviceChanged,
  servicesClaimed,
} from '../../contracts/messages/service-inventory.ts';
import type { Characteristics, Failure, Resource } from '../../contracts/messages/values.ts';
import type { OrderItemAction } from '../../contracts/states/service-order.ts';

/** A claim that waits for its turn, oldest first. */
export interface Waiting {
  readonly orderId: string;
  readonly request: ClaimRequest;
}

/** The change that holds the service: what was asked, what the service was before, how much was reported of it. */
export interface Change {
  readonly action: OrderItemAction;
  readonly before: Service;
  readonly sequence: number;
}

/** How the last change ended: told again to whoever asks again. */
export interface LastSettled {
  readonly number: number;
  readonly orderId: string;
  readonly itemId: string;
  readonly outcome: 'completed' | 'failed';
  readonly failure?: Failure | undefined;
}

/** A service as its worker keeps it. */
export interface ServiceState {
  readonly service: Service;
  readonly waiting: readonly Waiting[];
  /** Claims granted so far; the next one's number is one more. */
  readonly claims: number;
  readonly change: Change | null;
  readonly lastSettled: LastSettled | null;
  readonly deleted: boolean;
}

export interface Effects {
  readonly save?: readonly ServiceState[];
  readonly send?: readonly Outgoing[];
}

type Get = (id: string) => ServiceState | undefined;

/** How far an activation got, as its activator reports it. */
export interface ActivationReport {
  readonly orderId: string;
  readonly itemId: string;
  readonly number: number;
  readonly sequence: number;
  readonly stage: 'landed' | 'completed' | 'failed';
  readonly characteristics: Characteristics;
  readonly requested: Characteristics;
  readonly resources: readonly Resource[];
  readonly failure?: Failure | undefined;
}

/** The event that shows a service as it is. */
export const changed = ({ service, deleted }: ServiceState): Outgoing => send(serviceChanged, { service, deleted });

/**
 * Claims the services of an order: one change of a service at a time, the others wait in the order they came. Asked
 * again, it answers again; for a change that is already over it says nothing.
 */
export function claimAll(get: Get, orderId: string, claims: readonly ClaimRequest[], now: Date): Effects {
  const own = new Set(claims.map((claim) => claim.serviceId));
  const save: ServiceState[] = [];
  const verdicts: ClaimVerdict[] = [];
  const sends: Outgoing[] = [];
  for (const request of claims) {
    const result = claimOne(get, own, orderId, request, now);
    if (result.verdict !== undefined) verdicts.push(result.verdict);
    if (result.state === undefined) continue;
    save.push(result.state);
    if (result.state.service !== get(request.serviceId)?.service) sends.push(changed(result.state));
  }
  if (verdicts.length > 0) sends.push(send(servicesClaimed, { orderId, verdicts }));
  return { save, send: sends };
}

function claimOne(
  get: Get,
  own: ReadonlySet<string>,
  orderId: string,
  request: ClaimRequest,
  now: Date,
): { verdict?: ClaimVerdict; state?: ServiceState } {
  const { itemId, serviceId, action } = request;
  const state = get(serviceId);
  const refused = (code: string, reason: string) => ({
    verdict: { verdict: 'refused' as const, itemId, serviceId, failure: { code, reason } },
  });

  const holder = state?.service.claim;
  if (state?.change && holder?.orderId === orderId && holder.itemId === itemId) {
    return { verdict: granted(get, request, action === 'add' ? state.service : state.change.before, holder.number) };
  }
  if (state?.waiting.some((one) => one.orderId === orderId && one.request.itemId === itemId)) {
    return { verdict: waitingBehind(state, request) };
  }
  if (state?.service.orderItems.some((item) => item.orderId === orderId && item.itemId === itemId)) return {};

  const missing = request.supportingServices.find((id) => !own.has(id) && !usable(get(id)));
  if (missing !== undefined)
    return refused('unknownSupportingService', `Supporting service ${missing} is not in the inventory, or terminated.`);
  if (action === 'add') {
    if (state !== undefined) return refused('serviceExists', `Service ${serviceId} exists already; use action modify.`);
    const created = take(newService(request, now), orderId, request, now);
    return { state: created, verdict: granted(get, request, created.service, 1) };
  }
  if (state === undefined || state.deleted)
    return refused('unknownService', `Service ${serviceId} is not in the inventory.`);
  if (state.service.state === 'terminated') return refused('serviceTerminated', `Service ${serviceId} is terminated.`);
  if (state.service.claim !== null) {
    const queued = { ...state, waiting: [...state.waiting, { orderId, request }] };
    return { state: queued, verdict: waitingBehind(queued, request) };
  }
  const taken = take(state, orderId, request, now);
  return { state: taken, verdict: granted(get, request, state.service, taken.claims) };
}

const usable = (state: ServiceState | undefined): boolean =>
  state !== undefined && !state.deleted && state.service.state !== 'terminated';

function granted(
  get: Get,
  { itemId, supportingServices }: ClaimRequest,
  service: Service,
  number: number,
): ClaimVerdict {
  const supporting = supportingServices.flatMap((id): SupportingService[] => {
    const one = get(id)?.service;
    if (one === undefined) return [];
    const type = one.serviceType === undefined ? {} : { serviceType: one.serviceType };
    return [{ serviceId: id, ...type, characteristics: one.characteristics, resources: one.resources }];
  });
  return { verdict: 'claimed', itemId, number, service, supporting };
}

function waitingBehind(state: ServiceState, { itemId, serviceId }: ClaimRequest): ClaimVerdict {
  const { orderId = '', itemId: holder = '' } = state.service.claim ?? {};
  return { verdict: 'waiting', itemId, serviceId, behind: { orderId, itemId: holder } };
}

function newService(request: ClaimRequest, now: Date): ServiceState {
  const { itemId: _item, action: _action, serviceId, ...described } = request;
  const at = now.toISOString();
  const service: Service = {
    ...described,
    id: serviceId,
    revision: 0,
    state: 'designed',
    operatingStatus: 'pending',
    resources: [],
    orderItems: [],
    serviceDate: at,
    updatedAt: at,
    activated: false,
    claim: null,
  };
  return { service, waiting: [], claims: 0, change: null, lastSettled: null, deleted: false };
}

/** Gives the service to a change. */
function take(state: ServiceState, orderId: string, { itemId, action }: ClaimRequest, now: Date): ServiceState {
  const number = state.claims + 1;
  const claim: Claim = { orderId, itemId, number };
  const orderItems = [...state.service.orderItems, { orderId, itemId, action }];
  return {
    ...state,
    claims: number,
    change: { action, before: state.service, sequence: -1 },
    service: revised({ ...state.service, claim, orderItems }, now),
  };
}

const revised = (service: Service, now: Date): Service => ({
  ...service,
  revision: service.revision + 1,
  updatedAt: now.toISOString(),
});

/** Gives the service to the next in line; those that find it terminated are refused. */
function grantNext(state: ServiceState, now: Date): { state: ServiceState; sends: Outgoing[] } {
  const [next, ...rest] = state.waiting;
  if (next === undefined || state.service.claim !== null) return { state, sends: [] };
  const { itemId, serviceId } = next.request;
  if (state.service.state === 'terminated') {
    const failure = { code: 'serviceTerminated', reason: `Service ${serviceId} was terminated by an earlier order.` };
    const verdict: ClaimVerdict = { verdict: 'refused', itemId, serviceId, failure };
    const following = grantNext({ ...state, waiting: rest }, now);
    return {
      state: following.state,
      sends: [send(servicesClaimed, { orderId: next.orderId, verdicts: [verdict] }), ...following.sends],
    };
  }
  const taken = { ...take(state, next.orderId, next.request, now), waiting: rest };
  const verdict: ClaimVerdict = {
    verdict: 'claimed',
    itemId,
    number: taken.claims,
    service: state.service,
    supporting: [],
  };
  return { state: taken, sends: [send(servicesClaimed, { orderId: next.orderId, verdicts: [verdict] })] };
}

/** Records what landed on the network, or how the change ended. Reports of older claims and older sequences change nothing. */
export function record(state: ServiceState, report: ActivationReport, now: Date): Effects {
  const { claim } = state.service;
  if (state.change === null || claim?.number !== report.number) return repeatSettled(state, report);
  if (report.stage === 'landed' && report.sequence <= state.change.sequence) return {};
  if (report.stage === 'landed') {
    const service: Service = {
      ...state.service,
      state: state.change.action === 'add' ? 'reserved' : state.service.state,
      activated: true,
      characteristics: { ...state.service.characteristics, ...report.characteristics },
      resources: merged(state.service.resources, report.resources),
    };
    const landed = { ...state, change: { ...state.change, sequence: report.sequence }, service: revised(service, now) };
    return { save: [landed], send: [changed(landed)] };
  }
  return settle(state, state.change, report, report.stage, now);
}

function settle(
  state: ServiceState,
  change: Change,
  report: ActivationReport,
  outcome: 'completed' | 'failed',
  now: Date,
): Effects {
  const { orderId, itemId, number, failure } = report;
  const after =
    outcome === 'completed'
      ? completed(state.service, change, report, now)
      : failed(state.service, change, report, now);
  const settled: ServiceState = {
    ...state,
    change: null,
    lastSettled: { number, orderId, itemId, outcome, failure },
    service: revised({ ...after, claim: null }, now),
  };
  const following = grantNext(settled, now);
  return {
    save: [following.state],
    send: [
      changed(settled),
      ...(following.state.service === settled.service ? [] : [changed(following.state)]),
      send(changeSettled, { orderId, itemId, outcome, failure, service: settled.service }),
      ...following.sends,
    ],
  };
}

function completed(
  service: Service,
  { action }: Change,
  { requested, characteristics, resources }: ActivationReport,
  now: Date,
): Service {
  if (action === 'delete') return terminated(service, now);
  return {
    ...service,
    state: 'active',
    operatingStatus: 'active',
    activated: true,
    startDate: service.startDate ?? now.toISOString(),
    characteristics: { ...service.characteristics, ...requested, ...characteristics },
    resources: merged(service.resources, resources),
  };
}

/**
 * The activator has taken back what it had done: an add leaves nothing, a modify what was before, with what landed while
 * it was put back: a platform may give another prefix of the same length.
 */
function failed(
  service: Service,
  { action, before }: Change,
  { characteristics, resources }: ActivationReport,
  now: Date,
): Service {
  if (action === 'add') return terminated(service, now);
  return {
    ...service,
    characteristics: { ...before.characteristics, ...characteristics },
    resources: merged(before.resources, resources),
    state: before.state,
  };
}

const terminated = (service: Service, now: Date): Service => ({
  ...service,
  state: 'terminated',
  operatingStatus: 'terminated',
  resources: [],
  endDate: now.toISOString(),
});

const merged = (known: readonly Resource[], landed: readonly Resource[]): Resource[] => [
  ...known.filter((resource) => !landed.some((one) => one.type === resource.type)),
  ...landed,
];

/** An activator that reports the end of a change again was asked again by an order that missed it. */
function repeatSettled({ lastSettled: last, service }: ServiceState, report: ActivationReport): Effects {
  if (last === null || last.number !== report.number || report.stage === 'landed') return {};
  const { orderId, itemId, outcome, failure } = last;
  return { send: [send(changeSettled, { orderId, itemId, outcome, failure, service })] };
}

/** Gives services back that an order will not change after all. */
export function release(get: Get, orderId: string, serviceIds: readonly string[], now: Date): Effects {
  const save: ServiceState[] = [];
  const sends: Outgoing[] = [];
  for (const id of serviceIds) {
    const state = get(id);
    if (state === undefined) continue;
    const waiting = state.waiting.filter((one) => one.orderId !== orderId);
    if (state.service.claim?.orderId !== orderId) {
      if (waiting.length !== state.waiting.length) save.push({ ...state, waiting });
      continue;
    }
    const left =
      state.change?.action === 'add' && !state.service.activated ? terminated(state.service, now) : state.service;
    const freed: ServiceState = { ...state, waiting, change: null, service: revised({ ...left, claim: null }, now) };
    const following = grantNext(freed, now);
    save.push(following.state);
    sends.push(
      changed(freed),
      ...(following.state.service === freed.service ? [] : [changed(following.state)]),
      ...following.sends,
    );
  }
  return { save, send: sends };
}
