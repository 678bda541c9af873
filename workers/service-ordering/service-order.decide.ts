import { activateItem } from '../../contracts/messages/activation.ts';
import { type Outgoing, send } from '../../contracts/messages/message.ts';
import {
  type ClaimVerdict,
  type Service,
  type SupportingService,
  claimServices,
  releaseClaims,
} from '../../contracts/messages/service-inventory.ts';
import {
  type ItemProgress,
  type RequestedItem,
  type ServiceOrder,
  type ServiceOrderRequest,
  serviceOrderChanged,
} from '../../contracts/messages/service-ordering.ts';
import type { Characteristics, Failure } from '../../contracts/messages/values.ts';
import { checkCharacteristics } from './characteristics.decide.ts';
import { bounded, cut } from './failure.decide.ts';
import { dependants } from './item-graph.decide.ts';
import {
  type ItemTrigger,
  type OrderTrigger,
  itemEnded,
  moveItem,
  moveOrder,
  orderEnded,
} from './service-order.machine.ts';
import { type ResolvedItem, type Specifications, findSpecification, validateOrder } from './validate.decide.ts';

/** What service ordering remembers of an item beside what it shows: what it learned from others, to launch and re-launch it. */
export interface ItemWork {
  readonly resolved?: ResolvedItem;
  readonly claimNumber?: number;
  readonly previous?: Characteristics;
  readonly supporting?: readonly SupportingService[];
  /** As the inventory held it when its change was settled: what dependants stand on. */
  readonly settled?: Service;
}

/** A service order as its worker keeps it. */
export interface OrderState {
  readonly order: ServiceOrder;
  readonly work: Readonly<Record<string, ItemWork>>;
  /** When to ask again for what was asked of others; null when nothing is awaited. */
  readonly dueAt: Date | null;
  readonly reminders: number;
  readonly deleted: boolean;
}

export interface Effects {
  readonly save?: readonly OrderState[];
  readonly send?: readonly Outgoing[];
}

/** The first reminder of an unanswered command; then twice as long each time. Longer than any healthy step, shorter than a person's patience. */
const firstReminderMs = 30_000;
const longestReminderMs = 600_000;
/** How often a release is said again: it outlives a queue that is lost and made anew. */
const releaseReminders = 3;

/** A draft of the next revision: several changes, one event. */
interface Draft {
  order: ServiceOrder;
  work: Record<string, ItemWork>;
  readonly send: Outgoing[];
}

/** Accepts an order, or rejects it with the reason. The order's id is the business key: again is a no-op that repeats the event. */
export function accept(
  state: OrderState | undefined,
  request: ServiceOrderRequest,
  specifications: Specifications,
  now: Date,
): Effects {
  if (state !== undefined) return { send: [changed(state)] };
  const validation = validateOrder(request, specifications);
  const at = now.toISOString();
  const order: ServiceOrder = {
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
    updatedAt: at,
    milestones: [],
    jeopardies: [],
  };
  const draft: Draft = { order, work: {}, send: [] };
  if (!validation.ok) {
    for (const { itemId } of request.items) move(draft, itemId, 'reject', validation.failures[itemId]);
    draft.order = { ...draft.order, failure: bounded(validation.failure), completedAt: at };
    advance(draft, 'reject');
    return finish(draft, undefined, now);
  }
  for (const [itemId, resolved] of Object.entries(validation.resolved)) {
    draft.work[itemId] = { resolved };
    note(draft, itemId, { serviceType: resolved.specification.serviceType });
  }
  advance(draft, 'start');
  draft.order = { ...draft.order, startedAt: at };
  for (const item of request.items) if (item.action === 'noChange') move(draft, item.itemId, 'complete');
  claim(
    draft,
    request.items.filter((item) => item.action !== 'noChange'),
  );
  return finish(draft, undefined, now);
}

/** Hears which services the order may change now, which it must wait for, and which it may not. */
export function onClaimed(
  state: OrderState | undefined,
  verdicts: readonly ClaimVerdict[],
  specifications: Specifications,
  now: Date,
): Effects {
  if (state === undefined) return {};
  if (orderEnded(state.order.state)) {
    const released = givenBack(state, verdicts);
    return released.length === 0 ? {} : { send: released };
  }
  const draft = draftOf(state);
  for (const verdict of verdicts) {
    const item = requested(draft, verdict.itemId);
    const progress = draft.order.progress[verdict.itemId];
    if (item === undefined || progress === undefined) continue;
    if (itemEnded(progress.state)) {
      draft.send.push(...givenBack(state, [verdict]));
    } else if (verdict.verdict === 'waiting') {
      // The grant it waited for may have overtaken this.
      if (draft.work[item.itemId]?.claimNumber !== undefined) continue;
      const { orderId, itemId } = verdict.behind;
      const reason = `Waits for item "${itemId}" of service order ${orderId}, which changes the same service.`;
      move(draft, item.itemId, 'wait', { code: 'serviceBusy', reason });
    } else if (verdict.verdict === 'refused') {
      fail(draft, item.itemId, verdict.failure);
    } else if (draft.work[item.itemId]?.claimNumber === undefined) {
      onGranted(draft, item, verdict, specifications);
    }
  }
  return finish(draft, state, now);
}

function onGranted(
  draft: Draft,
  item: RequestedItem,
  verdict: Extract<ClaimVerdict, { verdict: 'claimed' }>,
  specifications: Specifications,
): void {
  const { number, service, supporting } = verdict;
  const held = { ...draft.work[item.itemId], claimNumber: number, previous: service.characteristics, supporting };
  draft.work[item.itemId] = held;
  clearFailure(draft, item.itemId);
  if (held.resolved !== undefined) return;
  const resolved = resolveExisting(item, service, specifications);
  if ('code' in resolved) return fail(draft, item.itemId, resolved);
  draft.work[item.itemId] = { ...held, resolved };
  note(draft, item.itemId, { serviceType: resolved.specification.serviceType });
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
  settled: { itemId: string; outcome: 'completed' | 'failed'; failure?: Failure | undefined; service: Service },
  now: Date,
): Effects {
  if (state === undefined) return {};
  const progress = state.order.progress[settled.itemId];
  if (progress === undefined || itemEnded(progress.state)) return {};
  const draft = draftOf(state);
  draft.work[settled.itemId] = { ...draft.work[settled.itemId], settled: settled.service };
  if (settled.outcome === 'completed') {
    clearFailure(draft, settled.itemId);
    move(draft, settled.itemId, 'complete');
  } else {
    fail(draft, settled.itemId, settled.failure ?? { code: 'activationFailed', reason: 'The activation failed.' });
  }
  return finish(draft, state, now);
}

/** Hears that an item needs a person, or no longer does. */
export function onStalled(
  state: OrderState | undefined,
  stalled: { itemId: string; step: string; stalled: boolean; failure?: Failure | undefined },
  now: Date,
): Effects {
  if (state === undefined) return {};
  const progress = state.order.progress[stalled.itemId];
  if (progress === undefined || itemEnded(progress.state) || (progress.state === 'held') === stalled.stalled) return {};
  const draft = draftOf(state);
  if (stalled.stalled) {
    if (!move(draft, stalled.itemId, 'stall', stalled.failure)) return {};
    const message = `Item "${stalled.itemId}" is held at step ${stalled.step}: ${stalled.failure?.reason ?? 'it needs a person'}`;
    const id = `${stalled.itemId}-${draft.order.jeopardies.length + 1}`;
    const alert = { id, name: 'fallout', message: cut(message), at: now.toISOString(), itemIds: [stalled.itemId] };
    draft.order = { ...draft.order, jeopardies: [...draft.order.jeopardies, alert] };
  } else {
    clearFailure(draft, stalled.itemId);
    move(draft, stalled.itemId, 'resume');
  }
  return finish(draft, state, now);
}

/** Asks again, under the same business keys, for everything that is awaited and overdue. */
export function onDue(state: OrderState | undefined, now: Date): Effects {
  if (state === undefined || state.dueAt === null || state.dueAt > now) return {};
  if (orderEnded(state.order.state)) return releaseAgain(state, now);
  const draft = draftOf(state);
  const open = draft.order.request.items.filter(
    (item) => !itemEnded(draft.order.progress[item.itemId]?.state ?? 'acknowledged'),
  );
  claim(
    draft,
    open.filter((item) => draft.work[item.itemId]?.claimNumber === undefined),
  );
  for (const item of open) {
    const started = draft.order.progress[item.itemId]?.state;
    if (started === 'inProgress' || started === 'held') draft.send.push(activation(draft, item));
  }
  const reminders = state.reminders + 1;
  return { save: [{ ...state, reminders, dueAt: reminderAt(now, reminders) }], send: draft.send };
}

/**
 * Nobody answers a release, and one that is lost would hold a service for ever: it is said a few times more. To a service
 * that is free, or is another order's by now, it says nothing.
 */
function releaseAgain(state: OrderState, now: Date): Effects {
  const serviceIds = unsettledServices(state.order, state.work);
  const reminders = state.reminders + 1;
  if (serviceIds.length === 0 || reminders > releaseReminders) return { save: [{ ...state, dueAt: null }] };
  return {
    save: [{ ...state, reminders, dueAt: reminderAt(now, reminders) }],
    send: [send(releaseClaims, { orderId: state.order.id, serviceIds })],
  };
}

/** Services that an order claimed, or asked for, and whose change never began or came to nothing it heard of. */
function unsettledServices({ request, startedAt }: ServiceOrder, work: OrderState['work']): string[] {
  if (startedAt === undefined) return [];
  const asked = request.items.filter((item) => item.action !== 'noChange');
  return asked.flatMap((item) => (work[item.itemId]?.settled === undefined ? [item.serviceId] : []));
}

/** The event that shows an order as it is. */
export const changed = (state: OrderState): Outgoing =>
  send(serviceOrderChanged, { order: state.order, deleted: state.deleted });

const draftOf = (state: OrderState): Draft => ({ order: state.order, work: { ...state.work }, send: [] });

const requested = (draft: Draft, itemId: string) => draft.order.request.items.find((item) => item.itemId === itemId);

/** Claims that come when nobody wants them any more are given back. */
function givenBack({ order }: OrderState, verdicts: readonly ClaimVerdict[]): Outgoing[] {
  const granted = verdicts.flatMap((verdict) => (verdict.verdict === 'claimed' ? [verdict.service.id] : []));
  return granted.length === 0 ? [] : [send(releaseClaims, { orderId: order.id, serviceIds: granted })];
}

function claim(draft: Draft, items: readonly RequestedItem[]): void {
  if (items.length === 0) return;
  const claims = items.map((item) => {
    const { dependsOn: _order, serviceNamed: _named, ...rest } = item;
    const resolved = draft.work[item.itemId]?.resolved;
    if (resolved === undefined) return rest;
    const { id, version, name, serviceType } = resolved.specification;
    const within = item.dependsOn.flatMap((dependency) => requested(draft, dependency)?.serviceId ?? []);
    return {
      ...rest,
      serviceType,
      specification: { id, version, name },
      characteristics: resolved.characteristics,
      supportingServices: [...new Set([...item.supportingServices, ...within])],
    };
  });
  draft.send.push(send(claimServices, { orderId: draft.order.id, claims }));
}

function move(draft: Draft, itemId: string, trigger: ItemTrigger, failure?: Failure): boolean {
  const progress = draft.order.progress[itemId];
  const to = progress && moveItem(progress.state, trigger);
  if (progress === undefined || to === undefined) return false;
  note(draft, itemId, { state: to, ...(failure === undefined ? {} : { failure: bounded(failure) }) });
  return true;
}

function note(draft: Draft, itemId: string, change: Partial<ItemProgress>): void {
  const progress = draft.order.progress[itemId] ?? { state: 'acknowledged' };
  draft.order = { ...draft.order, progress: { ...draft.order.progress, [itemId]: { ...progress, ...change } } };
}

function clearFailure(draft: Draft, itemId: string): void {
  const { failure: _cleared, ...progress } = draft.order.progress[itemId] ?? { state: 'acknowledged' as const };
  draft.order = { ...draft.order, progress: { ...draft.order.progress, [itemId]: progress } };
}

function advance(draft: Draft, trigger: OrderTrigger): void {
  const to = moveOrder(draft.order.state, trigger);
  if (to !== undefined) draft.order = { ...draft.order, state: to };
}

/** An item fails, what depends on it is abandoned, and what either still holds is given back. */
function fail(draft: Draft, itemId: string, failure: Failure): void {
  move(draft, itemId, 'fail', failure);
  const given = dependants(draft.order.request.items, itemId);
  const reason = `Not started: item "${itemId}", which it depends on, failed.`;
  const abandoned = [...given].filter((id) => move(draft, id, 'abandon', { code: 'dependencyFailed', reason }));
  const unsettled = [itemId, ...abandoned].filter((id) => draft.work[id]?.settled === undefined);
  const serviceIds = unsettled.flatMap((id) => requested(draft, id)?.serviceId ?? []);
  if (serviceIds.length > 0) draft.send.push(send(releaseClaims, { orderId: draft.order.id, serviceIds }));
}

/** Starts every item that holds its service and waits for nothing. */
function launch(draft: Draft): void {
  for (const item of draft.order.request.items) {
    const work = draft.work[item.itemId];
    if (work?.claimNumber === undefined || work.resolved === undefined) continue;
    const ready = item.dependsOn.every((dependency) => draft.order.progress[dependency]?.state === 'completed');
    if (ready && move(draft, item.itemId, 'start')) draft.send.push(activation(draft, item));
  }
}

function activation(draft: Draft, item: RequestedItem): Outgoing {
  const work = draft.work[item.itemId];
  if (work?.resolved === undefined || work.claimNumber === undefined || item.action === 'noChange') {
    throw new Error(`item ${item.itemId} of order ${draft.order.id} is started but holds no claim`);
  }
  const within = item.dependsOn.flatMap((dependency) => draft.work[dependency]?.settled ?? []);
  return send(activateItem, {
    orderId: draft.order.id,
    itemId: item.itemId,
    action: item.action,
    serviceId: item.serviceId,
    serviceType: work.resolved.specification.serviceType,
    claimNumber: work.claimNumber,
    requested: work.resolved.characteristics,
    previous: item.action === 'add' ? {} : (work.previous ?? {}),
    supporting: [
      ...(work.supporting ?? []).filter((one) => !within.some((service) => service.id === one.serviceId)),
      ...within.map(({ id, serviceType, characteristics, resources }) => ({
        serviceId: id,
        ...(serviceType === undefined ? {} : { serviceType }),
        characteristics,
        resources,
      })),
    ],
    specification: work.resolved.specification,
  });
}

/** Rolls items up into the order's state. */
function rollUp(draft: Draft): void {
  const states = Object.values(draft.order.progress).map((progress) => progress.state);
  if (states.every(itemEnded)) {
    const done = states.filter((state) => state === 'completed').length;
    return advance(draft, done === states.length ? 'allDone' : done > 0 ? 'someDone' : 'noneDone');
  }
  advance(draft, states.includes('held') ? 'stall' : 'resume');
}

/** Closes a draft: launches what became ready, rolls up, counts the revision, sets the alarm. */
function finish(draft: Draft, before: OrderState | undefined, now: Date): Effects {
  if (!orderEnded(draft.order.state)) {
    launch(draft);
    rollUp(draft);
  }
  const ended = orderEnded(draft.order.state);
  const at = now.toISOString();
  const order: ServiceOrder = {
    ...draft.order,
    revision: before === undefined ? 1 : before.order.revision + 1,
    updatedAt: at,
    ...(ended && draft.order.completedAt === undefined ? { completedAt: at } : {}),
  };
  const state: OrderState = {
    order: { ...order, ...(ended && order.failure === undefined ? firstFailure(order) : {}) },
    work: draft.work,
    dueAt: ended && unsettledServices(order, draft.work).length === 0 ? null : reminderAt(now, 0),
    reminders: 0,
    deleted: false,
  };
  return { save: [state], send: [...draft.send, changed(state)] };
}

function firstFailure(order: ServiceOrder): { failure?: Failure } {
  for (const [itemId, { failure }] of Object.entries(order.progress)) {
    if (failure !== undefined)
      return { failure: bounded({ code: failure.code, reason: `Item "${itemId}": ${failure.reason}` }) };
  }
  return {};
}

const reminderAt = (now: Date, reminders: number): Date =>
  new Date(now.getTime() + Math.min(firstReminderMs * 2 ** reminders, longestReminderMs));
