/**
 * A small world: orders, the inventory, activators and a network, joined by messages as the ground's law has them; calls
 * whose answers are lost or that take effect late; cancellations at any moment.
 */
import { type CancelItem, activateItem, cancelItem } from '../../../contracts/messages/activation.ts';
import type { Outgoing } from '../../../contracts/messages/message.ts';
import { claimServices, servicesClaimed } from '../../../contracts/messages/service-inventory.ts';
import type { ServiceOrderRequest } from '../../../contracts/messages/service-ordering.ts';
import { serviceInventoryQueue, serviceOrderingQueue } from '../../../contracts/topology.ts';
import { derivedId, newId } from '../../platform/ids.ts';
import { begin, onDue as activationDue, onOutcome, settle } from '../../../workers/activation/activation.decide.ts';
import {
  type Activation,
  type Effects as Activated,
  type Result,
  type Rules,
  type Specified,
  current,
} from '../../../workers/activation/activation.state.ts';
import { rules as someRules } from '../../../workers/activation/activations.fixture.ts';
import { cancel } from '../../../workers/activation/cancellation.decide.ts';
import { handlers as serviceInventory } from '../../../workers/service-inventory/handlers.ts';
import type { ServiceState } from '../../../workers/service-inventory/service.state.ts';
import { services } from '../../../workers/service-inventory/service.store.ts';
import { requestCancellation } from '../../../workers/service-ordering/cancel.decide.ts';
import { handlersOf as serviceOrdering } from '../../../workers/service-ordering/handlers.ts';
import type { Effects as Ordered, OrderState, HeldFor } from '../../../workers/service-ordering/order.state.ts';
import { aSpecification, noon } from '../../../workers/service-ordering/orders.fixture.ts';
import { retryItem } from '../../../workers/service-ordering/given-up.decide.ts';
import { accept, onDue } from '../../../workers/service-ordering/service-order.decide.ts';
import { serviceOrders } from '../../../workers/service-ordering/service-order.store.ts';
import { type Fleet, aFleet } from './fleet.fixture.ts';
import { type Ground, aGround, orderOf } from './ground.fixture.ts';

const known = { specifications: [aSpecification()], durations: new Map<string, number>() };
const settleMs = 2_000;

/** A call or a read-back that some process has still to make. */
interface Intent {
  readonly activation: Activation;
}

/** How a call ends: told, not told, told to have failed, or not told and taking effect some time later. */
export type Fate = 'answer' | 'lost' | 'never' | 'late' | 'refuse' | 'notReached';

export interface World extends Ground {
  readonly rules: Rules;
  readonly fleet: Fleet;
  readonly orders: Map<string, OrderState>;
  readonly services: Map<string, ServiceState>;
  readonly activations: Map<string, Activation>;
  /** Steps that each service has on the network. */
  readonly held: Map<string, Set<string>>;
  /** How often each operation took effect, by its reference. */
  readonly effects: Map<string, number>;
  intents: Intent[];
  late: { readonly at: number; readonly activation: Activation }[];
  time: number;
}

export function aWorld(pointOfNoReturn: string | undefined, standing: readonly ServiceState[]): World {
  const fleet = aFleet(
    [
      { queue: serviceOrderingQueue, handlers: serviceOrdering(serviceOrders, new Map()) },
      { queue: serviceInventoryQueue, handlers: serviceInventory },
    ],
    { contexts: { [servicesClaimed.name]: () => known } },
  );
  fleet.save(services, standing);
  return {
    rules: { ...someRules, pointOfNoReturn },
    fleet,
    orders: fleet.rows(serviceOrders),
    services: fleet.rows(services),
    activations: new Map(),
    held: new Map(standing.map(({ service }) => [service.id, new Set(someRules.steps.map(({ name }) => name))])),
    effects: new Map(),
    ...aGround(),
    intents: [],
    late: [],
    time: noon.getTime(),
  };
}

const nowOf = (world: World): Date => new Date(world.time);

export function order(world: World, request: ServiceOrderRequest): void {
  ordered(world, request.id, accept(undefined, request, known, nowOf(world)));
}

export function cancelOrder(world: World, orderId: string): void {
  const id = newId();
  ordered(world, orderId, requestCancellation(world.orders.get(orderId), { id, orderId }, id, nowOf(world)));
}

function ordered(world: World, id: string, { save = [], send = [] }: Ordered): void {
  for (const one of save) world.orders.set(id, one);
  world.bag.push(...send);
}

function activated(world: World, { save = [], send = [] }: Activated): void {
  for (const one of save) {
    world.activations.set(one.id, one);
    const entry = one.entries[one.position];
    if (entry !== undefined && ['calling', 'reading'].includes(entry.state) && entry.openedBy === one.revision)
      world.intents.push({ activation: one });
  }
  world.bag.push(...send);
}

const idOf = ({ orderId, itemId, action }: Specified): string => derivedId(orderId, itemId, action);

/** Gives a message to whom it is for. */
export function deliver(world: World, message: Outgoing): void {
  const now = nowOf(world);
  const { rules, activations, fleet } = world;
  const { definition, body } = message;
  switch (definition.name) {
    case activateItem.name: {
      const item = body as Specified;
      return activated(world, begin(activations.get(idOf(item)), idOf(item), item, undefined, rules, now));
    }
    case cancelItem.name: {
      const cancellation = body as CancelItem & { item: Specified };
      const { item } = cancellation;
      const known = activations.get(idOf(item));
      return activated(world, cancel(known, idOf(item), cancellation, undefined, rules, now));
    }
    default:
      for (const { sent } of fleet.receive(message, now)) world.bag.push(...sent);
  }
}

const referenceOf = ({ id, position }: Activation): string => `${id}.${position}`;

function takeEffect(world: World, activation: Activation): void {
  const reference = referenceOf(activation);
  // The platform knows a repetition no better than ipam does: twice is twice.
  world.effects.set(reference, (world.effects.get(reference) ?? 0) + 1);
  const { step, direction } = current(activation);
  const held = world.held.get(activation.command.serviceId) ?? new Set();
  if (direction === 'apply') held.add(step);
  else held.delete(step);
  world.held.set(activation.command.serviceId, held);
}

const landed: Result = { kind: 'landed', characteristics: {}, resources: [] };
const failure = { code: 'x', reason: 'It did not.' };

/** Carries out an intent: a call as fate has it, a read-back as it is. */
export function carryOut(world: World, at: number, fate: Fate): void {
  const [intent] = world.intents.splice(at, 1);
  if (intent === undefined) return;
  const { activation } = intent;
  const tell = (result: Result): void => {
    const { id, position } = activation;
    const attempt = current(activation).attempt;
    activated(
      world,
      onOutcome(world.activations.get(id), { id, position, attempt, result }, world.rules, nowOf(world)),
    );
  };
  // Whoever lost the lease does not call any more: calls are made at once, by the process that opened them.
  if (current(activation).state === 'reading')
    return tell(world.effects.has(referenceOf(activation)) ? landed : { kind: 'absent' });
  switch (fate) {
    case 'answer':
      takeEffect(world, activation);
      return tell(landed);
    case 'lost':
      takeEffect(world, activation);
      return tell({ kind: 'unknown', failure });
    case 'never':
      return tell({ kind: 'unknown', failure });
    case 'late':
      world.late.push({ at: world.time + settleMs - 500, activation });
      return tell({ kind: 'unknown', failure });
    case 'refuse':
      return tell(
        current(activation).direction === 'apply' ? { kind: 'refused', failure } : { kind: 'unknown', failure },
      );
    case 'notReached':
      return tell({ kind: 'notReached', failure, counted: false });
    default:
      fate satisfies never;
  }
}

/** Lets time pass, and what was late take effect when its moment has come. */
export function passTo(world: World, time: number): void {
  for (const one of world.late.toSorted((a, b) => a.at - b.at)) {
    if (one.at > time) continue;
    world.late.splice(world.late.indexOf(one), 1);
    world.time = Math.max(world.time, one.at);
    takeEffect(world, one.activation);
  }
  world.time = Math.max(world.time, time);
}

/** Rings the alarm of whoever is due first; a lease that runs out belongs to a process that is gone. */
export function ring(world: World, pick = 0): boolean {
  const due = [
    ...[...world.activations.values()].map((one) => ({ at: one.dueAt, id: one.id, activation: true })),
    ...[...world.orders.values()].map((one) => ({ at: one.dueAt, id: one.order.id, activation: false })),
  ].flatMap(({ at, ...one }) => (at === null ? [] : [{ at: at.getTime(), ...one }]));
  const sorted = due.toSorted((a, b) => a.at - b.at);
  const first = sorted[pick % Math.max(1, Math.min(2, sorted.length))];
  if (first === undefined) return false;
  passTo(world, first.at);
  if (first.activation) {
    world.intents = world.intents.filter(({ activation }) => activation.id !== first.id);
    activated(world, activationDue(world.activations.get(first.id), world.rules, nowOf(world)));
  } else ordered(world, first.id, onDue(world.orders.get(first.id), nowOf(world)));
  return true;
}

/** A person looks at what is held and has it tried again. False when nothing is. */
export function retryStalled(world: World): boolean {
  const stalled = [...world.activations.values()].find(({ phase }) => phase === 'stalled');
  if (stalled === undefined) return false;
  activated(world, settle(stalled, stalled.position, { verb: 'retry' }, world.rules, nowOf(world)));
  return true;
}

/** A person has what was given up about an order's items said again, and takes its letters; an item of several at a time. */
export function retryHeld(world: World, orderId: string): void {
  const state = world.orders.get(orderId);
  const [itemId, work] = Object.entries(state?.work ?? {}).find(([, { unbegun }]) => unbegun?.held === true) ?? [];
  if (itemId === undefined) return;
  const { command = 'activate' } = work?.unbegun ?? {};
  ordered(world, orderId, retryItem(state, itemId, nowOf(world)));
  world.letters = world.letters.filter((letter) => orderOf(letter) !== orderId || !isAbout(letter, command, itemId));
}

function isAbout({ definition: { name }, body }: Outgoing, command: HeldFor, itemId: string): boolean {
  if (command === 'claim') return name === claimServices.name;
  if (command === 'activate') return name === activateItem.name && (body as Specified).itemId === itemId;
  return name === cancelItem.name && (body as CancelItem).item.itemId === itemId;
}
