import { acceptServiceOrder, serviceOrderChanged } from '../../../contracts/messages/service-ordering.ts';
import { deadLetterQueue, orderManagementQueue, projectorQueue } from '../../../contracts/topology.ts';
import { productOrderingBasePath } from '../../../contracts/tmf/tmf622.ts';
import { serviceOrderingBasePath } from '../../../contracts/tmf/tmf641.ts';
import { type PlacedServiceOrder, type StageReached, openDeliveries, placedOf, stagesOf } from './product-story.ts';
import type { ProductRecords, TracedProduct } from './product.store.ts';
import type { Handling, Records, TracedActivation, TracedOrder, Waiting } from './trace.store.ts';
import { inWords, orderEnds } from './words.ts';

/**
 * One thing that happened to an order. Times in milliseconds; `at` is ISO 8601 and `offsetMs` counts from the request.
 * The shape is what `--json` prints, and only grows.
 */
export interface TraceEvent {
  /**
   * `m…` a message's handling, `c…` a platform call, `o…` an operator, `w…` a message on its way, `t…` a product order's
   * transition, `request`.
   */
  readonly id: string;
  /** The event that caused it; null for what the clock or a person set going. */
  readonly cause: string | null;
  readonly kind: 'request' | 'message' | 'call' | 'operator' | 'waiting' | 'transition';
  readonly at: string;
  readonly offsetMs: number;
  /** Queue, platform or person. */
  readonly by: string;
  /** In words: `activate item`, `call apply reserve-port`. */
  readonly what: string;
  /** The message's full name; of messages only. */
  readonly type?: string;
  readonly item?: string;
  /** Of a product order: the service order it belongs to. */
  readonly serviceOrderId?: string;
  /** 1 for the first try. */
  readonly attempt?: number;
  /** `done`, `retry`, `landed`, `unknown`, …; absent while a call is open. */
  readonly outcome?: string;
  readonly reason?: string;
  readonly durationMs?: number;
  /** What it waited for before it began: its turn in the queue, or its time to be tried again. */
  readonly waited?: { readonly for: 'queue' | 'retry' | 'lookAgain'; readonly ms: number };
  /** When it is tried again, or what it waits for now. */
  readonly againAt?: string;
}

/** An order's way, from the request to its end. `--json` prints it as it is. */
export interface Trace {
  readonly orderId: string;
  readonly state: string;
  readonly acceptedAt: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  /** In an order that causes come before what they cause. */
  readonly events: readonly TraceEvent[];
  readonly milestones: readonly TraceNote[];
  readonly jeopardies: readonly TraceNote[];
  /** Items that are not over: what they wait for. */
  readonly open: readonly {
    readonly item: string;
    readonly what: string;
    readonly until?: string;
    readonly reason?: string;
  }[];
  /** Of a product order: receive, translate, map, decompose, submit, as far as it got. */
  readonly stages?: readonly (StageReached & { readonly offsetMs: number })[];
  readonly serviceOrders?: readonly PlacedServiceOrder[];
  readonly products?: readonly TracedProduct[];
  /** Of a service order that was placed for a product order. */
  readonly productOrderId?: string;
}

interface TraceNote {
  readonly at: string;
  readonly offsetMs: number;
  readonly name: string;
  readonly message: string;
  /** Of a product order: what the service order is for. */
  readonly item?: string;
}

/** Tells an order's story out of what was kept of it. Pure. */
export function timelineOf(orderId: string, records: Records): Trace {
  const {
    order,
    product,
    activations,
    isProductOrder = false,
    serviceOrders = new Map<string, TracedOrder>(),
  } = records;
  const first = records.handled[0];
  const began = records.acceptedAt ?? first?.publishedAt ?? first?.at ?? new Date(order?.request.orderDate ?? 0);
  const offset = (at: Date | string): number => Math.max(0, new Date(at).getTime() - began.getTime());
  const when = (at: Date | string) => ({ at: new Date(at).toISOString(), offsetMs: offset(at) });
  const state = product?.order.state ?? order?.state ?? records.shown ?? 'acknowledged';
  const placed = product === undefined ? [] : placedOf(product, (id) => serviceOrders.get(id)?.state);
  const items = new Map(placed.map(({ id, item }) => [id, item]));
  const notes = (what: 'milestones' | 'jeopardies'): TraceNote[] => {
    const of = (one: TracedOrder | undefined, item: object) =>
      (one?.[what] ?? []).map(({ at, name, message }): TraceNote => ({ ...when(at), name, message, ...item }));
    const every = placed.flatMap(({ id, item }) => of(serviceOrders.get(id), { item }));
    return product === undefined ? of(order, {}) : every.toSorted((a, b) => a.offsetMs - b.offsetMs);
  };
  const posted = `POST ${isProductOrder ? `${productOrderingBasePath}/productOrder` : `${serviceOrderingBasePath}/serviceOrder`}`;

  const handlings = byMessage(records.handled);
  const request: TraceEvent[] =
    records.acceptedAt === undefined
      ? []
      : [
          {
            ...{ id: 'request', cause: null, kind: 'request', by: 'gateway', outcome: 'done' },
            what: posted,
            ...when(records.acceptedAt),
          },
        ];
  const events: TraceEvent[] = [
    ...request,
    ...records.audit.map(({ at, actor, verb, reason }, place): TraceEvent => ({
      ...{ id: `o${place}`, cause: null, kind: 'operator', by: actor, what: verb },
      ...when(at),
      ...(reason === null ? {} : { reason }),
    })),
    ...[...handlings.values()].flat().map((one) => messageEvent(one)),
    ...activations.flatMap((one) => callEvents(one)),
    ...(product?.audit ?? []).map(transitionEvent),
    ...records.waiting.filter(notYetTaken).map((one): TraceEvent => {
      const dead = one.to.endsWith(deadLetterQueue(''));
      return {
        id: `w${one.messageId}/${one.attempt}`,
        cause: causeOf(one.causationId),
        kind: 'waiting',
        ...when(one.since),
        by: one.to,
        what: inWords(one.type),
        type: one.type,
        attempt: one.attempt,
        outcome: one.unroutable ? 'unroutable' : dead ? 'deadLettered' : 'waiting',
        againAt: one.dueAt.toISOString(),
      };
    }),
  ];
  const ended = product?.order.completedAt ?? product?.order.cancelledAt ?? order?.completedAt;
  const steps = activations.flatMap((one) => openOf(one, items));
  const told = new Set(steps.map(({ orderId: of }) => of));
  return {
    orderId,
    state,
    acceptedAt: began.toISOString(),
    ...(ended === undefined || !orderEnds.has(state) ? {} : { endedAt: ended, durationMs: offset(ended) }),
    events: inCausalOrder(events),
    milestones: notes('milestones'),
    jeopardies: notes('jeopardies'),
    open: [
      ...steps.map(({ orderId: _of, ...one }) => one),
      ...(product === undefined ? [] : openDeliveries(product, told)),
    ],
    ...(product === undefined ? {} : { stages: reached(product), serviceOrders: placed, products: product.products }),
    ...(order?.request.requestedBy === undefined ? {} : { productOrderId: order.request.requestedBy.orderId }),
  };

  function reached(of: ProductRecords) {
    const request = records.acceptedAt === undefined ? undefined : { at: records.acceptedAt, what: posted };
    return stagesOf(of, request).map((one) => ({ ...one, offsetMs: offset(one.at) }));
  }

  function transitionEvent(
    { at, about, from, to, cause, why }: ProductRecords['audit'][number],
    place: number,
  ): TraceEvent {
    const by = (handlings.get(cause.split(' ').at(-1) ?? '') ?? []).find(
      ({ consumer, outcome }) => consumer === orderManagementQueue && outcome === null,
    );
    return {
      ...{ id: `t${place}`, cause: by === undefined ? null : eventId(by), kind: 'transition', ...when(at) },
      by: orderManagementQueue,
      what: from === '' ? `${about} ${to}` : `${about} ${from} → ${to}`,
      ...(why === undefined ? {} : { reason: why }),
    };
  }

  function notYetTaken({ messageId, attempt }: Waiting): boolean {
    return !(handlings.get(messageId) ?? []).some((one) => one.attempt === attempt);
  }

  function messageEvent(one: Handling): TraceEvent {
    const { step, item } = aboutOf(one);
    const before = handlings.get(one.messageId)?.find((other) => follows(one, other));
    const queueMs = one.publishedAt === null ? undefined : one.at.getTime() - one.publishedAt.getTime();
    return {
      id: eventId(one),
      cause: before === undefined ? causeOf(one.causationId, one) : eventId(before),
      kind: 'message',
      ...when(one.at),
      by: one.consumer,
      what: step === undefined ? inWords(one.type) : `${inWords(one.type)} ${step}`,
      type: one.type,
      ...(item === undefined ? {} : { item }),
      ...ofServiceOrder(one.correlationId),
      attempt: one.attempt,
      outcome: one.outcome ?? 'done',
      ...(one.reason === null ? {} : { reason: one.reason }),
      ...(one.againAt === null ? {} : { againAt: one.againAt.toISOString() }),
      ...(before === undefined
        ? queueMs === undefined
          ? {}
          : { waited: { for: 'queue', ms: Math.max(0, queueMs) } }
        : { waited: { for: 'retry', ms: Math.max(0, one.at.getTime() - before.at.getTime()) } }),
    };
  }

  /** The handling a message follows from. An event that several took: the one of them that can have sent something. */
  function causeOf(causationId: string | null, of?: Handling): string | null {
    const causes = causationId === null ? [] : (handlings.get(causationId) ?? []);
    const senders = causes.filter(({ consumer, outcome }) => consumer !== projectorQueue && outcome === null);
    const cause = (senders.length > 0 ? senders : causes).findLast(({ at }) => of === undefined || at <= of.at);
    if (cause !== undefined) return eventId(cause);
    // What the gateway sent has no message before it; what an alarm sent comes later, of its own.
    const isFirst = of !== undefined && of.messageId === first?.messageId;
    return isFirst && causationId === null && records.acceptedAt !== undefined ? 'request' : null;
  }

  function aboutOf(one: Handling): { step?: string; item?: string } {
    const { about } = one;
    const placedFor = placedItemOf(one);
    const [, id, position] = /^([0-9a-f-]{36})\.(\d+)$/.exec(about ?? '') ?? [];
    const found = id === undefined ? undefined : activations.find((other) => other.id === id);
    const entry = found?.entries[Number(position)];
    const item = placedFor ?? (id === undefined ? about : found?.command.itemId);
    return {
      ...(item === undefined || item === null ? {} : { item }),
      ...(entry === undefined ? {} : { step: `${entry.direction} ${entry.step}` }),
    };
  }

  /** In a product order's story: which service order a message is of, places, or tells of. */
  function placedItemOf(one: Handling): string | undefined {
    const own = items.get(one.correlationId);
    if (own !== undefined || product === undefined) return own;
    if (one.type === acceptServiceOrder.name)
      return records.handled.flatMap(({ causationId, correlationId }) =>
        causationId === one.messageId ? (items.get(correlationId) ?? []) : [],
      )[0];
    const [cause] = one.type === serviceOrderChanged.name ? (handlings.get(one.causationId ?? '') ?? []) : [];
    return cause === undefined ? undefined : placedItemOf(cause);
  }

  function ofServiceOrder(id: string): { serviceOrderId?: string } {
    return items.has(id) ? { serviceOrderId: id } : {};
  }

  function callEvents(one: TracedActivation): TraceEvent[] {
    return one.entries.flatMap((entry, position) =>
      (entry.log ?? []).map((attempt, place): TraceEvent => {
        const before = entry.log?.[place - 1];
        const waitedMs =
          before === undefined ? undefined : Date.parse(attempt.at) - Date.parse(before.endedAt ?? before.at);
        return {
          id: `c${one.id}.${position}/${place + 1}`,
          cause:
            before === undefined
              ? (enderOf(one, position - 1, attempt.at) ?? openerOf(one, position, attempt.at))
              : `c${one.id}.${position}/${place}`,
          kind: 'call',
          ...when(attempt.at),
          by: entry.platform,
          what: `${attempt.what} ${entry.direction} ${entry.step}`,
          item: items.get(one.command.orderId) ?? one.command.itemId,
          ...ofServiceOrder(one.command.orderId),
          attempt: place + 1,
          ...(attempt.result === undefined ? {} : { outcome: attempt.result }),
          ...(attempt.reason === undefined ? {} : { reason: attempt.reason }),
          ...(attempt.endedAt === undefined
            ? {}
            : { durationMs: Math.max(0, Date.parse(attempt.endedAt) - Date.parse(attempt.at)) }),
          ...(waitedMs === undefined ? {} : { waited: { for: 'lookAgain', ms: Math.max(0, waitedMs) } }),
        };
      }),
    );
  }

  /** The message that set a step going: the item's, or its letter, replayed. */
  function openerOf(
    { id, command: { orderId: of, itemId } }: TracedActivation,
    position: number,
    at: string,
  ): string | null {
    const its = records.handled.filter(
      ({ about, type, consumer, correlationId }) =>
        consumer !== projectorQueue &&
        correlationId === of &&
        (about === `${id}.${position}` || (about === itemId && setsGoing.has(inWords(type)))),
    );
    const opener =
      its.findLast((one) => one.about !== itemId && one.at <= new Date(at)) ??
      its.findLast((one) => one.at <= new Date(at)) ??
      its[0];
    return opener === undefined ? null : eventId(opener);
  }
}

/** The attempt of the entry before whose end called the next: they are one change, at one instant. */
function enderOf({ id, entries }: TracedActivation, position: number, at: string): string | undefined {
  const { log = [] } = entries[position] ?? {};
  return log.at(-1)?.endedAt === at ? `c${id}.${position}/${log.length}` : undefined;
}

const setsGoing = new Set(['activate item', 'cancel item']);
const eventId = ({ messageId, consumer, attempt }: Handling): string => `m${messageId}/${consumer}/${attempt}`;
const follows = (one: Handling, other: Handling): boolean =>
  other.consumer === one.consumer && other.attempt === one.attempt - 1;
const byMessage = (handled: readonly Handling[]): Map<string, Handling[]> =>
  Map.groupBy(handled, ({ messageId }) => messageId);

/** Depth first, so that a cause stands before what it causes and branches stay together; siblings by time. */
function inCausalOrder(events: readonly TraceEvent[]): TraceEvent[] {
  const known = new Set(events.map(({ id }) => id));
  const byCause = Map.groupBy(events, ({ cause }) => (cause !== null && known.has(cause) ? cause : ''));
  const ordered: TraceEvent[] = [];
  const visit = (cause: string): void => {
    for (const event of (byCause.get(cause) ?? []).toSorted((a, b) => a.offsetMs - b.offsetMs)) {
      ordered.push(event);
      visit(event.id);
    }
  };
  visit('');
  return ordered;
}

/** Where an activation that is not over stands. */
function openOf(
  { phase, position, entries, dueAt, command }: TracedActivation,
  items: ReadonlyMap<string, string>,
): (Trace['open'][number] & { readonly orderId: string })[] {
  const entry = entries[position];
  if (entry === undefined || ['completed', 'partial', 'failed', 'cancelled'].includes(phase)) return [];
  const until = entry.deadlineAt ?? dueAt?.toISOString();
  return [
    {
      orderId: command.orderId,
      item: items.get(command.orderId) ?? command.itemId,
      what: `${entry.direction} ${entry.step} on ${entry.platform}: ${entry.state}`,
      ...(until === undefined ? {} : { until }),
      ...(entry.failure === undefined ? {} : { reason: entry.failure.reason }),
    },
  ];
}
