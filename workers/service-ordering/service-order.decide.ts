import type { ItemAssessed, ItemStatus } from '../../contracts/messages/activation.ts';
import type { ChangeOutcome, ClaimVerdict, Service } from '../../contracts/messages/service-inventory.ts';
import type {
  ItemProgress,
  RequestedItem,
  ServiceOrder,
  ServiceOrderRequest,
} from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import { hearReclaimed, hearVerdict } from './cancelling.decide.ts';
import { checkCharacteristics } from './characteristics.decide.ts';
import { type Draft, advance, draftOf, moved, note, remember, requestedItem, say, warn } from './draft.decide.ts';
import { nextDue } from './due.decide.ts';
import { expect } from './expectation.decide.ts';
import { bounded } from './failure.decide.ts';
import { changed, finish } from './finish.decide.ts';
import { claim, fail, giveBack } from './launch.decide.ts';
import { type Durations, type Effects, type OrderState } from './order.state.ts';
import { goesOn, isHeldByGivingUp, heldFor } from './hold.decide.ts';
import { itemEnded, orderEnded } from './service-order.machine.ts';
import { type ResolvedItem, type Specifications, findSpecification, validateOrder } from './validate.decide.ts';

/** What accepting looks up. */
export interface Known {
  readonly specifications: Specifications;
  readonly durations: Durations;
}

/** Accepts an order, or rejects it with the reason. The order's id is the business key: again is a no-op that repeats the event. */
export function accept(
  state: OrderState | undefined,
  request: ServiceOrderRequest,
  { specifications, durations }: Known,
  now: Date,
): Effects {
  if (state !== undefined) return { send: [changed(state)] };
  const validation = validateOrder(request, specifications);
  const draft: Draft = { order: received(request, now), work: {}, cancellations: [], send: [], now };
  if (!validation.ok) {
    for (const { itemId } of request.items) moved(draft, itemId, 'reject', validation.failures[itemId]);
    draft.order = { ...draft.order, failure: bounded(validation.failure) };
    advance(draft, 'reject');
    return finish(draft, undefined);
  }
  for (const [itemId, resolved] of Object.entries(validation.resolved)) {
    remember(draft, itemId, { resolved });
    note(draft, itemId, { serviceType: resolved.specification.serviceType });
  }
  say(draft, { id: 'accepted', name: 'accepted', message: 'The order is valid.', itemIds: [] });
  const { requestedStartDate } = request;
  if (requestedStartDate !== undefined && new Date(requestedStartDate) > now) advance(draft, 'wait');
  else start(draft);
  expect(draft, durations);
  return finish(draft, undefined);
}

const received = (request: ServiceOrderRequest, now: Date): ServiceOrder => ({
  id: request.id,
  revision: 1,
  state: 'acknowledged',
  request,
  progress: Object.fromEntries(
    request.items.map((item): [string, ItemProgress] => {
      const type = item.serviceType === undefined ? {} : { serviceType: item.serviceType };
      return [item.itemId, { state: 'acknowledged', ...type }];
    }),
  ),
  updatedAt: now.toISOString(),
  milestones: [],
  jeopardies: [],
});

/** Work begins: the services are asked for. */
function start(draft: Draft): void {
  const { items } = draft.order.request;
  advance(draft, 'start');
  draft.order = { ...draft.order, startedAt: draft.now.toISOString() };
  say(draft, { id: 'started', name: 'started', message: 'Work has begun.', itemIds: [] });
  for (const item of items) if (item.action === 'noChange') moved(draft, item.itemId, 'complete');
  claim(
    draft,
    items.filter((item) => item.action !== 'noChange'),
  );
}

/** Hears which services the order may change now, which it must wait for, and which it may not. */
export function onClaimed(
  state: OrderState | undefined,
  verdicts: readonly ClaimVerdict[],
  { specifications, durations }: Known,
  now: Date,
): Effects {
  if (state === undefined) return {};
  if (orderEnded(state.order.state)) {
    const late = draftOf(state, now);
    giveBack(late, granted(verdicts), state.cancellations.length);
    return late.send.length === 0 ? {} : { send: late.send };
  }
  const draft = draftOf(state, now);
  for (const verdict of verdicts) {
    const item = requestedItem(draft, verdict.itemId);
    const progress = draft.order.progress[verdict.itemId];
    if (item === undefined || progress === undefined) continue;
    if (heldFor(draft.work[verdict.itemId]) === 'claim') goesOn(draft, verdict.itemId);
    if (verdict.verdict !== 'waiting' && verdict.again !== undefined) hearReclaimed(draft, verdict);
    else if (itemEnded(progress.state)) giveBack(draft, granted([verdict]));
    else if (verdict.verdict === 'waiting') {
      // The grant it waited for may have overtaken this.
      if (draft.work[item.itemId]?.claimNumber !== undefined) continue;
      const { orderId, itemId } = verdict.behind;
      const reason = `Waits for item "${itemId}" of service order ${orderId}, which changes the same service.`;
      moved(draft, item.itemId, 'wait', { code: 'serviceBusy', reason });
    } else if (verdict.verdict === 'refused') {
      fail(draft, item.itemId, verdict.failure);
    } else if (draft.work[item.itemId]?.claimNumber === undefined) {
      onGranted(draft, item, verdict, specifications);
    }
  }
  expect(draft, durations);
  return finish(draft, state);
}

/** Claims that come when nobody wants them any more are given back. */
const granted = (verdicts: readonly ClaimVerdict[]): string[] =>
  verdicts.flatMap((verdict) => (verdict.verdict === 'claimed' ? [verdict.service.id] : []));

function onGranted(
  draft: Draft,
  item: RequestedItem,
  verdict: Extract<ClaimVerdict, { verdict: 'claimed' }>,
  specifications: Specifications,
): void {
  const { number, service, supporting } = verdict;
  remember(draft, item.itemId, {
    claimNumber: number,
    previous: service.characteristics,
    supporting,
    ...(service.missing === undefined || item.action !== 'modify' ? {} : { missing: service.missing }),
  });
  note(draft, item.itemId, { failure: undefined });
  if (draft.work[item.itemId]?.resolved !== undefined) return;
  const resolved = suspendedFault(item, service) ?? resolveExisting(item, service, specifications);
  if ('code' in resolved) return fail(draft, item.itemId, resolved);
  remember(draft, item.itemId, { resolved });
  note(draft, item.itemId, { serviceType: resolved.specification.serviceType });
}

/** A suspended service is taken up again before it is changed, or with it. */
function suspendedFault(
  { action, operatingStatus, characteristics }: RequestedItem,
  service: Service,
): Failure | undefined {
  const isSuspended = service.operatingStatus === 'suspended';
  if (action !== 'modify') return undefined;
  if (operatingStatus === 'suspended' && isSuspended)
    return { code: 'alreadySuspended', reason: `Service ${service.id} is suspended already.` };
  if (operatingStatus === 'active' && !isSuspended)
    return { code: 'notSuspended', reason: `Service ${service.id} is ${service.operatingStatus}, not suspended.` };
  if (isSuspended && operatingStatus === undefined && Object.keys(characteristics).length > 0)
    return {
      code: 'serviceSuspended',
      reason: `Service ${service.id} is suspended: order operatingStatus active with the change, or before it.`,
    };
  return undefined;
}

/** A modify or delete runs by the specification of the service it is about, or by the one it names. */
function resolveExisting(
  item: RequestedItem,
  service: Service,
  specifications: Specifications,
): ResolvedItem | Failure {
  const ref = item.specification ?? service.specification;
  const specification = findSpecification(
    { ...(ref === undefined ? {} : { specification: ref }), serviceType: service.serviceType },
    specifications,
  );
  if ('code' in specification) {
    // A retired specification can still be taken down.
    const kept = item.action === 'delete' ? specifications.findLast((one) => one.id === ref?.id) : undefined;
    return kept === undefined ? specification : { specification: kept, characteristics: service.characteristics };
  }
  if (item.action === 'delete') return { specification, characteristics: service.characteristics };
  const specified = new Set(specification.characteristics.map((one) => one.name));
  const current = Object.entries(service.characteristics).filter(([name]) => specified.has(name));
  const checked = checkCharacteristics(specification, { ...Object.fromEntries(current), ...item.characteristics });
  if (!checked.ok) return checked.failure;
  return { specification, characteristics: { ...service.characteristics, ...checked.characteristics } };
}

/** Hears that the change of an item's service is over and recorded in the inventory. */
export function onSettled(
  state: OrderState | undefined,
  settled: { itemId: string; outcome: ChangeOutcome; failure?: Failure | undefined; service: Service },
  now: Date,
): Effects {
  if (state === undefined) return {};
  const { itemId, outcome, service } = settled;
  const progress = state.order.progress[itemId];
  if (progress === undefined || orderEnded(state.order.state)) return {};
  // The outcome of the change itself, said again, while it is being taken back.
  const goingBack = state.work[itemId]?.cancelling?.proceeding === true && state.work[itemId]?.settled !== undefined;
  if (itemEnded(progress.state) || (goingBack && (outcome === 'completed' || outcome === 'partial'))) return {};
  const draft = draftOf(state, now);
  goesOn(draft, itemId);
  remember(draft, itemId, { settled: service });
  const failure = settled.failure ?? { code: 'activationFailed', reason: 'The activation failed.' };
  switch (outcome) {
    case 'completed':
      note(draft, itemId, { failure: undefined });
      moved(draft, itemId, 'complete');
      break;
    case 'partial':
      moved(draft, itemId, 'part', failure);
      break;
    case 'failed':
      fail(draft, itemId, failure);
      break;
    case 'cancelled':
      note(draft, itemId, { failure: undefined });
      moved(draft, itemId, 'takenBack');
      break;
    default:
      outcome satisfies never;
  }
  return finish(draft, state);
}

/** Hears that an item needs a person, waits for an outside system, or goes on. */
export function onStatus(
  state: OrderState | undefined,
  heard: Omit<ItemStatus, 'orderId' | 'activationId' | 'serviceType'>,
  now: Date,
): Effects {
  if (state === undefined || orderEnded(state.order.state)) return {};
  const { itemId, step, sequence, status, waitsFor, platform, failure } = heard;
  const known = state.work[itemId]?.status;
  const progress = state.order.progress[itemId];
  if (progress?.startedAt === undefined || itemEnded(progress.state)) return {};
  const older = sequence !== 0 && known !== undefined && sequence <= known.sequence;
  const isNews = (known?.status ?? 'running') !== status || isHeldByGivingUp(state, itemId);
  if (older || !isNews) return {};
  const draft = draftOf(state, now);
  goesOn(draft, itemId);
  remember(draft, itemId, { status: { sequence: Math.max(sequence, known?.sequence ?? 0), status } });
  const about = { id: `${itemId}-${step}-waits`, name: 'waiting', itemIds: [itemId] };
  switch (status) {
    case 'stalled': {
      const reason = failure?.reason ?? 'it needs a person';
      warn(draft, {
        name: 'fallout',
        message: `Item "${itemId}" is held at step ${step}${platform === undefined ? '' : ` on ${platform}`}: ${reason}`,
        itemIds: [itemId],
      });
      moved(draft, itemId, 'stall', failure);
      break;
    }
    case 'waiting': {
      const message = `Waits for ${waitsFor?.platform} to do ${step}, until ${waitsFor?.until} at the latest.`;
      note(draft, itemId, { waitsFor });
      say(draft, { ...about, message, status: 'waiting' });
      moved(draft, itemId, 'wait');
      break;
    }
    case 'running': {
      note(draft, itemId, { failure: undefined, waitsFor: undefined });
      const waited = draft.order.milestones.find(({ id, status: stands }) => id === about.id && stands === 'waiting');
      if (waited !== undefined) say(draft, { ...waited, status: 'completed' });
      moved(draft, itemId, draft.order.state === 'pendingCancellation' ? 'proceed' : 'resume');
      break;
    }
    default:
      status satisfies never;
  }
  return finish(draft, state);
}

/** Hears that a step that counts has landed. */
export function onMilestone(
  state: OrderState | undefined,
  { itemId, name, message, at }: { itemId: string; name: string; message: string; at: string },
  now: Date,
): Effects {
  if (state === undefined || state.order.progress[itemId] === undefined || orderEnded(state.order.state)) return {};
  const id = `${itemId}-${name}`;
  if (state.order.milestones.some((one) => one.id === id)) return {};
  const draft = draftOf(state, now);
  // Of a word about its cancellation it says nothing: the step was under way already.
  if (heldFor(state.work[itemId]) === 'activate') goesOn(draft, itemId);
  say(draft, { id, name, message, at, itemIds: [itemId] });
  return finish(draft, state);
}

/** Hears whether an item can be taken back. */
export function onAssessed(
  state: OrderState | undefined,
  { itemId, possible, over, round, failure }: Omit<ItemAssessed, 'orderId'>,
  now: Date,
): Effects {
  if (state?.order.state !== 'assessingCancellation') return {};
  // The version before did not say the round.
  if (round !== undefined && round !== state.cancellations.length) return {};
  const draft = draftOf(state, now);
  const against = possible
    ? undefined
    : (failure ?? { code: 'notCancellable', reason: `Item "${itemId}" cannot be taken back.` });
  hearVerdict(draft, itemId, { over, ...(against === undefined ? {} : { failure: against }) });
  return finish(draft, state);
}

/** The alarm: a date has come. Nobody is asked anything again. */
export function onDue(state: OrderState | undefined, now: Date): Effects {
  if (state === undefined || state.dueAt === null || state.dueAt > now) return {};
  const { order, cancellations } = state;
  const draft = draftOf(state, now);
  const { requestedStartDate } = order.request;
  const starts =
    order.state === 'pending' &&
    order.startedAt === undefined &&
    (requestedStartDate === undefined || new Date(requestedStartDate) <= now);
  const cancels =
    !orderEnded(order.state) &&
    order.state !== 'assessingCancellation' &&
    cancellations.some(
      ({ state: stands, notBefore }) => stands === 'accepted' && notBefore !== undefined && new Date(notBefore) <= now,
    );
  if (!starts && !cancels) return { save: [{ ...state, dueAt: nextDue(order, cancellations, now) }] };
  if (starts && !cancels) start(draft);
  return finish(draft, state);
}
