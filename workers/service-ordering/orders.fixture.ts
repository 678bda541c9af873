/** Orders in words, for the tests of service ordering: facts as they come in, and a life made of them. */
import { expect } from 'vitest';
import type { MessageDefinition, Outgoing } from '../../contracts/messages/message.ts';
import type { ServiceSpecification } from '../../contracts/messages/service-catalog.ts';
import type { ChangeOutcome, ClaimVerdict, Service } from '../../contracts/messages/service-inventory.ts';
import type { RequestedItem, ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type { ServiceOrderState } from '../../contracts/states/service-order.ts';
import { serviceOrderingQueue } from '../../contracts/topology.ts';
import { requestCancellation } from './cancel.decide.ts';
import { type Effects, type OrderState } from './order.state.ts';
import { onGivenUp, retryItem } from './given-up.decide.ts';
import { accept, onAssessed, onClaimed, onDue, onMilestone, onSettled, onStatus } from './service-order.decide.ts';

export const noon = new Date('2026-03-01T12:00:00.000Z');
export const after = (seconds: number): Date => new Date(noon.getTime() + seconds * 1_000);
export const orderId = '019f0000-0000-7000-8000-000000000001';

export const aSpecification = (over: Partial<ServiceSpecification> = {}): ServiceSpecification => ({
  id: 'line',
  version: '1.0',
  revision: 1,
  name: 'Line',
  lifecycleStatus: 'active',
  serviceType: 'broadband',
  characteristics: [
    { name: 'rate', valueType: 'integer', required: true, minimum: 1, maximum: 1_000 },
    { name: 'technology', valueType: 'string', required: false, default: 'fibre', allowed: ['fibre', 'copper'] },
  ],
  resourceRequirements: [],
  requires: [],
  configurationTemplate: {},
  activation: {},
  ...over,
});

export const anItem = (itemId: string, over: Partial<RequestedItem> = {}): RequestedItem => ({
  itemId,
  action: 'add',
  dependsOn: [],
  serviceId: `service-${itemId}`,
  serviceNamed: over.action !== undefined && over.action !== 'add',
  ...(over.action === undefined || over.action === 'add' ? { specification: { id: 'line' } } : {}),
  characteristics: { rate: 100 },
  supportingServices: [],
  parties: [],
  places: [],
  ...over,
});

export const anOrder = (...items: readonly RequestedItem[]): ServiceOrderRequest => ({
  id: orderId,
  orderDate: noon.toISOString(),
  parties: [],
  items: [...items],
});

export const aService = (id: string, over: Partial<Service> = {}): Service => ({
  id,
  revision: 1,
  serviceType: 'broadband',
  state: 'active',
  operatingStatus: 'active',
  specification: { id: 'line', version: '1.0' },
  characteristics: { rate: 50, port: '1/1/1' },
  supportingServices: [],
  resources: [],
  parties: [],
  places: [],
  orderItems: [],
  serviceDate: noon.toISOString(),
  updatedAt: noon.toISOString(),
  activated: true,
  claim: null,
  ...over,
});

/** Something that service ordering hears, to be applied to whatever state it finds. */
export type Fact = (state: OrderState | undefined) => Effects;

export const accepted =
  (request: ServiceOrderRequest, specifications: readonly ServiceSpecification[] = [aSpecification()]): Fact =>
  (state) =>
    accept(state, request, { specifications, durations: new Map() }, noon);

export const verdicts =
  (...all: readonly ClaimVerdict[]): Fact =>
  (state) =>
    onClaimed(state, all, { specifications: [aSpecification()], durations: new Map() }, noon);

export const granted = (itemId: string, service = aService(`service-${itemId}`)): ClaimVerdict => ({
  verdict: 'claimed',
  itemId,
  number: 1,
  service,
  supporting: [],
});
export const busy = (itemId: string): ClaimVerdict => ({
  verdict: 'waiting',
  itemId,
  serviceId: `service-${itemId}`,
  behind: { orderId: 'another-order', itemId: '7' },
});
export const refused = (itemId: string): ClaimVerdict => ({
  verdict: 'refused',
  itemId,
  serviceId: `service-${itemId}`,
  failure: { code: 'unknownService', reason: 'There is no such service.' },
});
export const claimed = (...itemIds: readonly string[]): Fact => verdicts(...itemIds.map((id) => granted(id)));

/** A command of the order was given up, and nobody knows its outcome. */
export const givenUp =
  <Body>(
    { name }: MessageDefinition<Body>,
    key?: string,
    { reason = 'the disk is full', messageId = 'a-message' } = {},
  ): Fact =>
  (state) =>
    onGivenUp(
      state,
      {
        ...{ messageId, type: name, queue: 'a-queue', sender: serviceOrderingQueue, subject: orderId },
        ...(key === undefined ? {} : { key }),
        ...{ awaited: false, code: '23514', reason, at: after(5).toISOString() },
      },
      after(5),
    );

export const retried =
  (itemId: string, at = after(60)): Fact =>
  (state) =>
    retryItem(state, itemId, at);

export const settled =
  (
    itemId: string,
    outcome: ChangeOutcome = 'completed',
    failure = { code: 'noPort', reason: 'No port is free.' },
  ): Fact =>
  (state) =>
    onSettled(
      state,
      {
        itemId,
        outcome,
        ...(outcome === 'failed' ? { failure } : {}),
        service: aService(`service-${itemId}`, { characteristics: { rate: 100, madeFor: itemId } }),
      },
      noon,
    );

export const stalled =
  (itemId: string, isStalled = true): Fact =>
  (state) =>
    status(itemId, isStalled ? 'stalled' : 'running')(state);

/** How an activation stands. Sequence 0 is always taken. */
export const status =
  (itemId: string, stands: 'running' | 'waiting' | 'stalled', sequence = 0): Fact =>
  (state) =>
    onStatus(
      state,
      {
        itemId,
        step: 'reserve-port',
        sequence,
        status: stands,
        ...(stands === 'stalled' ? { failure: { code: 'noEffect', reason: 'It never did it.' } } : {}),
        ...(stands === 'waiting' ? { waitsFor: { platform: 'partner', until: after(3_600).toISOString() } } : {}),
      },
      noon,
    );

export const assessed =
  (itemId: string, verdict: 'possible' | 'over' | 'too late' = 'possible', round?: number): Fact =>
  (state) =>
    onAssessed(state, { itemId, possible: verdict !== 'too late', over: verdict === 'over', round }, noon);

export const milestone =
  (itemId: string, name: string): Fact =>
  (state) =>
    onMilestone(state, { itemId, name, message: `${name} is reached.`, at: noon.toISOString() }, noon);

export const cancelled =
  (id = 'cancellation-1', notBefore?: Date): Fact =>
  (state) =>
    requestCancellation(
      state,
      {
        id,
        orderId,
        reason: 'changed my mind',
        ...(notBefore === undefined ? {} : { notBefore: notBefore.toISOString() }),
      },
      '019f0000-0000-7000-8000-00000000cccc',
      noon,
    );

/** The service of a finished item could be claimed again, or not. */
export const reclaimed =
  (itemId: string, number: number | null = 2): Fact =>
  (state) =>
    onClaimed(
      state,
      [
        number === null
          ? {
              verdict: 'refused',
              itemId,
              serviceId: `service-${itemId}`,
              again: 1,
              failure: { code: 'changedSince', reason: 'Somebody changed it.' },
            }
          : {
              ...granted(itemId),
              verdict: 'claimed',
              number,
              again: 1,
              supporting: [],
              service: aService(`service-${itemId}`),
            },
      ],
      { specifications: [aSpecification()], durations: new Map() },
      noon,
    );

export const due =
  (at: Date): Fact =>
  (state) =>
    onDue(state, at);

/** The state after these facts, in this order. */
export function lived(...facts: readonly Fact[]): OrderState {
  const state = facts.reduce<OrderState | undefined>((before, fact) => fact(before).save?.at(-1) ?? before, undefined);
  if (state === undefined) throw new Error('nothing was accepted');
  return state;
}

interface Expected {
  readonly order?: ServiceOrderState;
  readonly items?: Readonly<Record<string, ServiceOrderState>>;
  /** What is sent beside the event that shows the order, as `name itemId…`. */
  readonly sends?: readonly string[];
}

/** `given` facts, `when` one more, `then` the state and what is sent for it. */
export function given(...facts: readonly Fact[]) {
  const before = facts.length === 0 ? undefined : lived(...facts);
  return {
    when(fact: Fact) {
      const effects = fact(before);
      const state = effects.save?.at(-1) ?? before;
      return {
        then({ order, items, sends }: Expected): { state: OrderState; effects: Effects } {
          if (state === undefined) throw new Error('there is no order');
          if (order !== undefined) expect(state.order.state).toBe(order);
          if (items !== undefined) expect(itemStates(state)).toEqual(items);
          if (sends !== undefined) expect(shortened(effects.send ?? [])).toEqual(sends);
          return { state, effects };
        },
        thenNothing: () => expect(effects).toEqual({}),
      };
    },
  };
}

export const itemStates = ({ order }: OrderState): Record<string, ServiceOrderState> =>
  Object.fromEntries(Object.entries(order.progress).map(([id, { state }]) => [id, state]));

/** Messages as `activate-item a`, without the event that shows the order. */
export const shortened = (messages: readonly Outgoing[]): string[] =>
  messages.flatMap(({ definition: { name }, body }) => {
    const verb = name.split('.')[1] ?? name;
    if (verb === 'service-order-changed') return [];
    const { itemId, claims, serviceIds, item, stage, services } = body as {
      item?: { itemId: string };
      stage?: string;
      services?: { itemId: string }[];
      itemId?: string;
      claims?: { itemId: string }[];
      serviceIds?: string[];
    };
    return [
      [
        verb,
        ...(itemId === undefined ? [] : [itemId]),
        ...(item === undefined ? [] : [`${stage} ${item.itemId}`]),
        ...(services ?? []).map((one) => one.itemId),
        ...(claims ?? []).map((one) => one.itemId),
        ...(serviceIds ?? []),
      ].join(' '),
    ];
  });

/** The bodies of one kind of message among those sent. */
export const sent = <Body = unknown>(effects: Effects, verb: string): Body[] =>
  (effects.send ?? [])
    .filter(({ definition }) => definition.name.includes(`.${verb}.`))
    .map(({ body }) => body as Body);
