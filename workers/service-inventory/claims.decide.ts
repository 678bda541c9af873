import { type Outgoing, send } from '../../contracts/messages/message.ts';
import {
  type Claim,
  type ClaimRequest,
  type ClaimVerdict,
  type Service,
  type SupportingService,
  servicesClaimed,
} from '../../contracts/messages/service-inventory.ts';
import { mostOrderItems } from '../../contracts/messages/values.ts';
import { type Effects, type Get, type ServiceState, changed, revised, terminated } from './service.state.ts';

/** Claims that wait for one service. Each is kept whole in the service's row, which every claim reads and writes. */
const mostWaiting = 20;

/**
 * Claims the services of an order: one change of a service at a time, the others wait in the order they came. Of a claim
 * that is known it says nothing.
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

  if (state?.waiting.some((one) => one.orderId === orderId && one.request.itemId === itemId)) return {};
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
  const { claim } = state.service;
  if (claim !== null) {
    if (state.waiting.length >= mostWaiting) {
      const reason = `Item "${claim.itemId}" of service order ${claim.orderId} is changing service ${serviceId}, and ${mostWaiting} more wait for their turn.`;
      return refused('serviceBusy', reason);
    }
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
  const orderItems = [...state.service.orderItems, { orderId, itemId, action }].slice(-mostOrderItems);
  return {
    ...state,
    claims: number,
    change: { action, before: state.service, sequence: -1 },
    service: revised({ ...state.service, claim, orderItems }, now),
  };
}

/** Gives the service to the next in line; those that find it terminated are refused. */
export function grantNext(state: ServiceState, now: Date): { state: ServiceState; sends: Outgoing[] } {
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

/**
 * Claims services back for the order that changed them, to take that change back: only while nothing else has changed them
 * since, and nothing waits to.
 */
export function reclaim(
  get: Get,
  orderId: string,
  round: number,
  services: readonly { readonly itemId: string; readonly serviceId: string }[],
  now: Date,
): Effects {
  const save: ServiceState[] = [];
  const verdicts: ClaimVerdict[] = [];
  const sends: Outgoing[] = [];
  for (const { itemId, serviceId } of services) {
    const state = get(serviceId);
    const holder = state?.service.claim;
    const held = holder?.orderId === orderId && holder.itemId === itemId;
    if (state?.change?.again === true && held) {
      const mine = round > (holder.round ?? 0) ? forRound(state, round, now) : state;
      if (mine !== state) {
        save.push(mine);
        sends.push(changed(mine));
      }
      verdicts.push(claimedAgain(mine, itemId, holder.number, round));
      continue;
    }
    const against = state === undefined ? `Service ${serviceId} is gone.` : changedSince(state, orderId, itemId);
    const item = state?.service.orderItems.findLast((one) => one.orderId === orderId && one.itemId === itemId);
    if (state === undefined || against !== undefined || item === undefined) {
      const failure = {
        code: 'changedSince',
        reason: against ?? `Service ${serviceId} was not changed by this order.`,
      };
      verdicts.push({ verdict: 'refused', itemId, serviceId, failure, again: round });
      continue;
    }
    const number = state.claims + 1;
    const taken: ServiceState = {
      ...state,
      claims: number,
      change: { action: item.action, before: state.service, sequence: -1, again: true },
      service: revised({ ...state.service, claim: { orderId, itemId, number, round } }, now),
    };
    save.push(taken);
    sends.push(changed(taken));
    verdicts.push(claimedAgain(taken, itemId, number, round));
  }
  return { save, send: [...sends, send(servicesClaimed, { orderId, verdicts })] };
}

/** The order asks anew, before the word came that its last cancellation was refused. */
const forRound = (state: ServiceState, round: number, now: Date): ServiceState => {
  const { service } = state;
  return service.claim === null
    ? state
    : { ...state, service: revised({ ...service, claim: { ...service.claim, round } }, now) };
};

const claimedAgain = ({ service }: ServiceState, itemId: string, number: number, again: number): ClaimVerdict => ({
  verdict: 'claimed',
  itemId,
  number,
  again,
  service,
  supporting: [],
});

/** Why a change can no longer be taken back: somebody has built on it. */
function changedSince(state: ServiceState, orderId: string, itemId: string): string | undefined {
  const { service, lastSettled, deleted } = state;
  if (deleted) return `Service ${service.id} is deleted.`;
  if (service.claim !== null)
    return `Item "${service.claim.itemId}" of service order ${service.claim.orderId} changes service ${service.id}.`;
  const other = service.orderItems.at(-1);
  if (lastSettled?.orderId === orderId && lastSettled.itemId === itemId) {
    const { outcome } = lastSettled;
    return outcome === 'completed' || outcome === 'partial'
      ? undefined
      : `The change of service ${service.id} was ${outcome}.`;
  }
  return `Service ${service.id} has been changed since, by item "${other?.itemId}" of service order ${other?.orderId}.`;
}

/** Gives services back that an order will not change after all. */
export function release(get: Get, orderId: string, serviceIds: readonly string[], now: Date, round = 0): Effects {
  const save: ServiceState[] = [];
  const sends: Outgoing[] = [];
  for (const id of serviceIds) {
    const state = get(id);
    if (state === undefined) continue;
    const waiting = state.waiting.filter((one) => one.orderId !== orderId);
    const { claim } = state.service;
    if (claim?.orderId !== orderId || (claim.round ?? 0) > round) {
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
