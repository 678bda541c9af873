/**
 * The whole way from product orders to the network: messages that come late, twice, in any order, or are given up and come when a
 * person replays them; calls that meet whatever fate there is; and people who order, amend, cancel, publish rules and settle what
 * is held.
 */
import { settleStep } from '../../../contracts/messages/activation.ts';
import { type DecompositionRule, type RecoveryPolicy, publishRule } from '../../../contracts/messages/decomposition.ts';
import { messageGivenUp } from '../../../contracts/messages/given-up.ts';
import { type Outgoing, send } from '../../../contracts/messages/message.ts';
import {
  type RequestedProductItem,
  acceptProductOrder,
  amendProductOrder,
  cancelProductOrder,
  settleDelivery,
} from '../../../contracts/messages/order-management.ts';
import { type ServiceOrderRequest, acceptServiceOrder } from '../../../contracts/messages/service-ordering.ts';
import { orderManagementQueue } from '../../../contracts/topology.ts';
import { onDue as productOrderDue } from '../../../workers/order-management/due.decide.ts';
import type { OrderState as ProductOrderState } from '../../../workers/order-management/order.state.ts';
import { orderEnded } from '../../../workers/order-management/product-order.machine.ts';
import { productOrders } from '../../../workers/order-management/product-order.store.ts';
import { onDue as productDue } from '../../../workers/product-inventory/consistency.decide.ts';
import { inventory } from '../../../workers/product-inventory/product.store.ts';
import { onDue as activationDue } from '../../../workers/activation/activation.decide.ts';
import type { Activation, Outcome } from '../../../workers/activation/activation.state.ts';
import type { Aggregate } from '../../platform/messaging/handler.ts';
import { services } from '../../../workers/service-inventory/service.store.ts';
import { onDue as serviceOrderDue } from '../../../workers/service-ordering/service-order.decide.ts';
import { serviceOrders } from '../../../workers/service-ordering/service-order.store.ts';
import type { Network } from '../../simulator/network.ts';
import { derivedId } from '../../platform/ids.ts';
import type { Fleet, Handled } from './fleet.fixture.ts';
import type { Fate } from './orders-to-network.fixture.ts';
import {
  activationRows,
  activators,
  recorderOf,
  rulesFor,
  theFleet,
  tools,
} from './products-to-network.fleet.fixture.ts';
import { aWire } from './wire.fixture.ts';

const noon = new Date('2026-03-01T12:00:00.000Z');

/** The service order that a command places, and for which product order. */
const placed = ({ definition, body }: Outgoing): ServiceOrderRequest | undefined =>
  definition.name === acceptServiceOrder.name ? (body as { order: ServiceOrderRequest }).order : undefined;

export type World = ReturnType<typeof aWorld>;

export function aWorld(
  network: Network,
  published: readonly DecompositionRule[],
  policies: readonly RecoveryPolicy[],
  watch: (handled: Handled, fleet: Fleet) => void,
) {
  network.reset();
  let time = noon.getTime();
  const now = (): Date => new Date(time);
  const wire = aWire(network, activators, () => time);
  const bag: Outgoing[] = [];
  const posted: Outgoing[] = [];
  /** What was given up, until a person replays or discards it. */
  const letters: Outgoing[] = [];
  const handled = new Set<Outgoing>();
  const ordered = new WeakSet<Outgoing>();
  let intents: Activation[] = [];
  const outcomes: { readonly serviceType: string; readonly outcome: Outcome }[] = [];

  const { fleet, knownRules, products } = theFleet(policies);

  function happened(one: Handled): void {
    watch(one, fleet);
    const { aggregate, saved, sent } = one;
    if (aggregate === activationRows.name) for (const activation of saved as readonly Activation[]) opened(activation);
    if (aggregate === productOrders.name) for (const message of sent) ordered.add(message);
    bag.push(...sent);
    posted.push(...sent);
  }

  /** A message becomes a letter. Of those it sent, order management hears so. */
  function giveUp(message: Outgoing): void {
    const { definition, body } = message;
    letters.push(message);
    // Its copies are known to the inbox.
    for (let at = bag.indexOf(message); at >= 0; at = bag.indexOf(message)) bag.splice(at, 1);
    if (definition.kind === 'event' || !ordered.has(message)) return;
    const key = definition.key?.(body);
    bag.push(
      send(messageGivenUp, {
        ...{ messageId: 'letter', type: definition.name, queue: definition.route(body), sender: orderManagementQueue },
        ...(key === undefined ? {} : { key }),
        ...{ subject: placed(message)?.requestedBy?.orderId ?? '', awaited: false },
        ...{ code: 'TypeError', reason: 'It broke.', at: now().toISOString() },
      }),
    );
  }
  /** A letter that places this service order; nobody calls off what is not in the dead letters any more. */
  const letterOf = (serviceOrderId: string | undefined): Outgoing | undefined =>
    letters.find((letter) => placed(letter)?.id === serviceOrderId);
  function discard(letter: Outgoing): void {
    for (const list of [letters, posted]) if (list.includes(letter)) list.splice(list.indexOf(letter), 1);
  }

  /** The process that committed an intent makes its call. */
  function opened(one: Activation): void {
    const entry = one.entries[one.position];
    if (entry !== undefined && ['calling', 'reading'].includes(entry.state) && entry.openedBy === one.revision)
      intents.push(one);
  }

  /** Effects of an alarm, which no message brings. */
  function rung<State>(
    aggregate: Aggregate<State>,
    { save = [], send: sent = [] }: { save?: readonly State[]; send?: readonly Outgoing[] },
  ): void {
    fleet.save(aggregate, save);
    happened({ aggregate: aggregate.name, saved: save, sent, fallenOut: [] });
  }

  const receive = (message: Outgoing): void => fleet.receive(message, now()).forEach(happened);
  /** A person's word. False where it changes nothing: said again at once, it is refused again. */
  function isHeeded(word: Outgoing): boolean {
    const heard = fleet.receive(word, now());
    heard.forEach(happened);
    return heard.some(({ saved }) => saved.length > 0);
  }

  const turn = () => ({ now: now(), cause: 'the alarm', tools });
  /** Who is to be woken, the first first. What is broken is complained of every hour, for ever: products are told apart. */
  function alarms() {
    const dueOf = <State extends { dueAt: Date | null }>(states: Iterable<State>, ringing: (state: State) => void) =>
      [...states].flatMap((state) =>
        state.dueAt === null ? [] : [{ at: state.dueAt.getTime(), ring: () => ringing(state) }],
      );
    const others = [
      ...dueOf(fleet.rows(activationRows).values(), (one) => {
        intents = intents.filter(({ id }) => id !== one.id);
        rung(activationRows, activationDue(one, rulesFor(one.command.serviceType), now()));
      }),
      ...dueOf(fleet.rows(serviceOrders).values(), (one) => rung(serviceOrders, serviceOrderDue(one, now()))),
      ...dueOf(fleet.rows(productOrders).values(), (one) => rung(productOrders, productOrderDue(one, turn()))),
    ];
    const looks = dueOf(products(), ({ product: { id } }) =>
      rung(
        inventory,
        productDue((key) => fleet.read(inventory, key), id, now()),
      ),
    );
    return { others: others.toSorted((a, b) => a.at - b.at), looks: looks.toSorted((a, b) => a.at - b.at) };
  }
  async function passTo(at: number): Promise<void> {
    if (at > time) await wire.passTo(at);
    time = Math.max(time, at);
  }
  async function ring(
    which: readonly { readonly at: number; readonly ring: () => void }[],
    pick = 0,
  ): Promise<boolean> {
    const one = which[pick % Math.max(1, Math.min(2, which.length))];
    if (one === undefined) return false;
    await passTo(one.at);
    one.ring();
    return true;
  }

  let count = 0;
  const nextId = (what: string): string => derivedId(what, String((count += 1)));
  for (const policyRule of published) receive(send(publishRule, { rule: policyRule }));

  return {
    fleet,
    network,
    bag,
    now,
    posted,
    products,
    knownRules,
    receive,
    intents: () => intents.length,
    outcomes: () => outcomes.length,
    orders: (): ProductOrderState[] => [...fleet.rows(productOrders).values()],
    services: () => [...fleet.rows(services).values()],

    /** Something is on its way. */
    say(message: Outgoing): void {
      bag.push(message);
    },
    order(items: readonly RequestedProductItem[]): void {
      const order = { id: nextId('order'), orderDate: now().toISOString(), parties: [], items: [...items] };
      bag.push(send(acceptProductOrder, { order }));
    },
    publish: (rule: DecompositionRule): void => void bag.push(send(publishRule, { rule })),
    cancel(pick: number): void {
      const one = this.orders()[pick % Math.max(1, this.orders().length)];
      if (one !== undefined) receive(send(cancelProductOrder, { id: nextId('cancellation'), orderId: one.order.id }));
    },
    /** Changes what an item of an order that runs is to be. */
    amend(pick: number, whenStarted: 'refuse' | 'followUp', over: Partial<RequestedProductItem>): void {
      const open = this.orders().filter(({ order }) => !orderEnded(order.stage));
      const one = open[pick % Math.max(1, open.length)];
      const item = one?.order.request.items.find(({ action }) => action !== 'delete');
      if (one === undefined || item === undefined) return;
      const { id, revision: expectedRevision } = one.order;
      receive(
        send(amendProductOrder, { id, expectedRevision, amendment: { items: [{ ...item, ...over }], whenStarted } }),
      );
    },

    /** A person looks at what is held. False when nothing is, or when the person is told to wait. */
    attend(verb: 'retry' | 'skip' | 'fail' | 'rollBack'): boolean {
      const stalled = [...fleet.rows(activationRows).values()].filter(({ phase }) => phase === 'stalled');
      const words = [
        ...stalled.map(({ id: activationId, position, command: { serviceType } }) => ({
          word: send(settleStep, { activationId, serviceType, position, verb: 'retry' }),
          letter: undefined,
        })),
        ...this.orders().flatMap(({ order: { id: orderId, deliveries }, work }) =>
          deliveries
            .filter(({ id, state }) => state === 'held' && (work[id]?.heldHere ?? work[id]?.fellOut) === true)
            .map(({ id: deliveryId, purpose, serviceOrderId }) => {
              const fellOut = work[deliveryId]?.fellOut === true;
              const letter = fellOut ? letterOf(serviceOrderId) : undefined;
              const isAgain = purpose === 'undo' || (fellOut && letter === undefined);
              const word = send(settleDelivery, { orderId, deliveryId, verb: isAgain ? 'retry' : verb });
              return { word, letter };
            }),
        ),
      ];
      return words.some(({ word, letter }) => {
        const heeded = isHeeded(word);
        if (heeded && letter !== undefined) discard(letter);
        return heeded;
      });
    },

    /** A message arrives, twice, or is given up: it stands for no other then. */
    hand(pick: number, how: 'once' | 'twice' | 'givenUp'): void {
      const at = pick % Math.max(1, bag.length);
      const message = bag[at];
      if (message === undefined) return;
      if (how === 'givenUp' && !handled.has(message)) return giveUp(message);
      if (how !== 'twice') bag.splice(at, 1);
      handled.add(message);
      receive(message);
    },
    /** False when there is no letter. */
    replay(pick: number): boolean {
      const [letter] = letters.splice(pick % Math.max(1, letters.length), 1);
      if (letter !== undefined) bag.push(letter);
      return letter !== undefined;
    },
    /** A call, or a read-back, is made. Whether it is heard of is another matter. */
    async call(pick: number, fate: Fate): Promise<void> {
      const [intent] = intents.splice(pick % Math.max(1, intents.length), 1);
      if (intent === undefined) return;
      outcomes.push({ serviceType: intent.command.serviceType, outcome: await wire.drive(intent, fate) });
    },
    /** What came of a call is recorded, or the process that knew it dies. */
    record(pick: number, how: 'once' | 'twice' | 'lost'): void {
      const [heard] = outcomes.splice(pick % Math.max(1, outcomes.length), 1);
      const recorder = recorderOf(heard?.serviceType ?? '');
      if (heard === undefined || recorder === undefined || how === 'lost') return;
      happened(fleet.tell(recorder, heard.outcome, now()));
    },
    ring: (pick: number) => {
      const { others, looks } = alarms();
      return ring(
        [...others, ...looks].toSorted((a, b) => a.at - b.at),
        pick,
      );
    },
    ringOthers: () => ring(alarms().others),
    ringLooks: () => ring(alarms().looks),
  };
}
