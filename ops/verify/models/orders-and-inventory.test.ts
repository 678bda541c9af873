import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ActivateItem, activateItem } from '../../../contracts/messages/activation.ts';
import { type GivenUp, messageGivenUp } from '../../../contracts/messages/given-up.ts';
import { type Outgoing, send } from '../../../contracts/messages/message.ts';
import {
  type ClaimRequest,
  type ClaimVerdict,
  type Service,
  changeSettled,
  claimServices,
  recordActivation,
  releaseClaims,
  servicesClaimed,
} from '../../../contracts/messages/service-inventory.ts';
import type { RequestedItem } from '../../../contracts/messages/service-ordering.ts';
import { type ActivationReport, type ServiceState } from '../../../workers/service-inventory/service.state.ts';
import { claimAll, release } from '../../../workers/service-inventory/claims.decide.ts';
import { record } from '../../../workers/service-inventory/record.decide.ts';
import { aService as aKeptService } from '../../../workers/service-inventory/services.fixture.ts';
import { aSpecification, anItem, noon } from '../../../workers/service-ordering/orders.fixture.ts';
import { type OrderState } from '../../../workers/service-ordering/order.state.ts';
import { onGivenUp, retryItem } from '../../../workers/service-ordering/given-up.decide.ts';
import { accept, onClaimed, onSettled } from '../../../workers/service-ordering/service-order.decide.ts';
import { type Ground, aGround, giveUp, orderOf, replay, taken } from './ground.fixture.ts';
import { itemEnded, orderEnded } from '../../../workers/service-ordering/service-order.machine.ts';

/**
 * Several orders that want the same services, the inventory that grants them, and an activator, joined by messages as the
 * ground's law has them.
 */
const catalog = [aSpecification()];
const shared = ['s', 't', 'u'];

interface World extends Ground {
  readonly orders: Map<string, OrderState>;
  readonly services: Map<string, ServiceState>;
  readonly ended: Map<string, 'completed' | 'failed'>;
  time: number;
}

function deliver(world: World, { definition, body }: Outgoing, fails: boolean): void {
  const service = (id: string) => world.services.get(id);
  const kept = ({
    save = [],
    send: sends = [],
  }: {
    save?: readonly ServiceState[];
    send?: readonly Outgoing[];
  }): void => {
    for (const one of save) world.services.set(one.service.id, one);
    world.bag.push(...sends);
  };
  const ordered = (id: string, { save = [], send: sends = [] }: ReturnType<typeof accept>): void => {
    for (const one of save) world.orders.set(id, one);
    world.bag.push(...sends);
  };
  switch (definition.name) {
    case claimServices.name: {
      const { orderId, claims } = body as { orderId: string; claims: ClaimRequest[] };
      return kept(claimAll(service, orderId, claims, noon));
    }
    case releaseClaims.name: {
      const { orderId, serviceIds } = body as { orderId: string; serviceIds: string[] };
      return kept(release(service, orderId, serviceIds, noon));
    }
    case servicesClaimed.name: {
      const { orderId, verdicts } = body as { orderId: string; verdicts: ClaimVerdict[] };
      return ordered(
        orderId,
        onClaimed(
          world.orders.get(orderId),
          verdicts,
          { specifications: catalog, durations: new Map() },
          new Date(world.time),
        ),
      );
    }
    case messageGivenUp.name: {
      const givenUp = body as GivenUp;
      return ordered(givenUp.subject, onGivenUp(world.orders.get(givenUp.subject), givenUp, new Date(world.time)));
    }
    case changeSettled.name: {
      const settled = body as { orderId: string; itemId: string; outcome: 'completed' | 'failed'; service: Service };
      return ordered(settled.orderId, onSettled(world.orders.get(settled.orderId), settled, new Date(world.time)));
    }
    case activateItem.name: {
      const asked = body as ActivateItem;
      const key = `${asked.orderId}/${asked.itemId}`;
      const held = world.services.get(asked.serviceId)?.service.claim;
      const stage = world.ended.get(key) ?? (fails ? 'failed' : 'completed');
      // The first time, nobody else may be changing the service.
      if (!world.ended.has(key)) expect(held).toMatchObject({ orderId: asked.orderId, itemId: asked.itemId });
      world.ended.set(key, stage);
      const { orderId, itemId, serviceId, claimNumber: number, action, requested } = asked;
      const report = {
        orderId,
        itemId,
        serviceId,
        number,
        sequence: 1,
        action,
        stage,
        characteristics: {},
        requested,
        resources: [],
      };
      world.bag.push(send(recordActivation, report));
      return;
    }
    case recordActivation.name: {
      const report = body as ActivationReport & { serviceId: string };
      const state = world.services.get(report.serviceId);
      return state && kept(record(state, report, noon));
    }
    default:
  }
}

const aStep = fc.record({
  pick: fc.nat({ max: 1_000 }),
  how: fc.constantFrom('once', 'once', 'twice', 'givenUp', 'replay', 'retry'),
  fails: fc.boolean(),
});
type Step = typeof aStep extends fc.Arbitrary<infer One> ? One : never;

function step(world: World, { pick, how, fails }: Step): void {
  world.time += 1_000;
  switch (how) {
    case 'givenUp':
      return giveUp(world, pick, new Date(world.time));
    case 'replay':
      replay(world, pick);
      return;
    case 'retry':
      return retry(world, [...world.orders.keys()].at(pick % world.orders.size) ?? '');
    case 'once':
    case 'twice': {
      const message = taken(world, pick, how === 'twice');
      return message && deliver(world, message, fails);
    }
    default:
      how satisfies never;
  }
}

/** A person has what was given up said again, and leaves its letter where it lies: replayed after that, it says nothing new. */
function retry(world: World, id: string): void {
  for (const itemId of Object.keys(world.orders.get(id)?.work ?? {})) {
    const { save = [], send: sends = [] } = retryItem(world.orders.get(id), itemId, new Date(world.time));
    for (const one of save) world.orders.set(id, one);
    world.bag.push(...sends);
  }
}

/** Nothing is given up any more, and a person replays what was. */
function calm(world: World): void {
  do {
    for (let message = taken(world, 0, false); message !== undefined; message = taken(world, 0, false))
      deliver(world, message, false);
    judgeTold(world);
  } while (replay(world));
  const stuck = [...world.orders.values()].filter(({ order, dueAt }) => !orderEnded(order.state) || dueAt !== null);
  if (stuck.length > 0)
    throw new Error(`orders that never end: ${JSON.stringify(stuck.map(({ order }) => order.progress))}`);
}

/** Where nothing moves, every order that has not ended has a letter, or waits for one that has. */
function judgeTold({ orders, letters, services }: World): void {
  const told = new Set(letters.map(orderOf));
  const unheard = new Set(letters.filter(({ definition }) => definition.kind === 'event').map(orderOf));
  for (const { order } of orders.values()) {
    if (orderEnded(order.state) || told.has(order.id)) continue;
    const behind = [...services.values()].filter(({ waiting }) => waiting.some(({ orderId }) => orderId === order.id));
    expect([order.id, behind.some(({ service }) => service.claim !== null)]).toEqual([order.id, true]);
  }
  for (const letter of letters) {
    const { order, work = {} } = orders.get(orderOf(letter)) ?? {};
    if (letter.definition.name !== claimServices.name || order === undefined || orderEnded(order.state)) continue;
    if (unheard.has(order.id)) continue;
    const open = Object.entries(order.progress).filter(
      ([itemId, { state }]) => state === 'acknowledged' && work[itemId]?.claimNumber === undefined,
    );
    expect([order.id, open]).toEqual([order.id, []]);
  }
}

/** Some items on services that others want too, one on a service of its own, in a line or side by side. */
const anOrder = fc
  .record({
    wants: fc.shuffledSubarray(shared, { minLength: 1 }),
    action: fc.constantFrom('modify' as const, 'delete' as const),
    isLine: fc.boolean(),
  })
  .map(({ wants, action, isLine }) => (id: string): RequestedItem[] => {
    const items = [...wants, `${id}-own`].map((serviceId, at) =>
      anItem(
        String(at),
        serviceId.endsWith('-own')
          ? { serviceId }
          : { serviceId, action, characteristics: action === 'delete' ? {} : { rate: 7 } },
      ),
    );
    return isLine ? items.map((item, at) => (at === 0 ? item : { ...item, dependsOn: [String(at - 1)] })) : items;
  });

test('law: however messages are mixed, every order ends with all its items, and no service stays held', () => {
  fc.assert(
    fc.property(
      fc.array(anOrder, { minLength: 1, maxLength: 4 }),
      fc.array(aStep, { maxLength: 80 }),
      (makers, steps) => {
        const world: World = {
          orders: new Map(),
          services: new Map(shared.map((id) => [id, aKeptService({ id, specification: { id: 'line' } })])),
          ended: new Map(),
          ...aGround(),
          time: noon.getTime(),
        };
        for (const [at, make] of makers.entries()) {
          const id = `order-${at}`;
          const request = { id, orderDate: noon.toISOString(), parties: [], items: make(id) };
          const { save = [], send: sends = [] } = accept(
            undefined,
            request,
            { specifications: catalog, durations: new Map() },
            noon,
          );
          for (const one of save) world.orders.set(id, one);
          world.bag.push(...sends);
        }
        for (const one of steps) step(world, one);
        calm(world);
        for (const { order } of world.orders.values())
          for (const { state } of Object.values(order.progress)) expect(itemEnded(state)).toBe(true);
        for (const { service, waiting } of world.services.values())
          expect([service.id, service.claim, waiting]).toEqual([service.id, null, []]);
        for (const [key, stage] of world.ended) {
          const [orderId = '', itemId = ''] = key.split('/');
          expect(world.orders.get(orderId)?.order.progress[itemId]?.state).toBe(stage);
        }
      },
    ),
    { numRuns: 400 },
  );
});
