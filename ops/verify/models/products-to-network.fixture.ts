/**
 * The whole way from product orders to the network: messages that come late, twice, in any order, or (where somebody asks
 * again) never; calls that meet whatever fate there is; and people who order, amend, cancel, publish rules and settle what is
 * held.
 */
import { milestoneReached, settleStep } from '../../../contracts/messages/activation.ts';
import { type DecompositionRule, type RecoveryPolicy, publishRule } from '../../../contracts/messages/decomposition.ts';
import { type Outgoing, send } from '../../../contracts/messages/message.ts';
import {
  type RequestedProductItem,
  acceptProductOrder,
  amendProductOrder,
  cancelProductOrder,
  settleDelivery,
} from '../../../contracts/messages/order-management.ts';
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

/** What nobody here asks for again: it is never lost. */
const saidOnce: ReadonlySet<string> = new Set([milestoneReached.name, publishRule.name, acceptProductOrder.name]);
/** An order that follows another is asked for by that one, until it is there. */
const isFollowUp = (body: unknown): boolean => (body as { readonly follows?: string }).follows !== undefined;
const isSaidOnce = ({ definition: { name }, body }: Outgoing): boolean => saidOnce.has(name) && !isFollowUp(body);

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
  let intents: Activation[] = [];
  const outcomes: { readonly serviceType: string; readonly outcome: Outcome }[] = [];

  const { fleet, knownRules, products } = theFleet(policies);

  function handled(one: Handled): void {
    watch(one, fleet);
    const { aggregate, saved, sent } = one;
    if (aggregate === activationRows.name) for (const activation of saved as readonly Activation[]) opened(activation);
    bag.push(...sent);
    posted.push(...sent);
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
    handled({ aggregate: aggregate.name, saved: save, sent, fallenOut: [] });
  }

  const receive = (message: Outgoing): void => fleet.receive(message, now()).forEach(handled);
  /** A person's word. False where it changes nothing: said again at once, it is refused again. */
  function isHeeded(word: Outgoing): boolean {
    const heard = fleet.receive(word, now());
    heard.forEach(handled);
    return heard.some(({ saved }) => saved.length > 0);
  }

  const turn = () => ({ now: now(), cause: 'the alarm', tools });
  /** Who is to be woken, the first first. Products look after themselves every day, for ever: they are told apart. */
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
        ...stalled.map(({ id: activationId, position, command: { serviceType } }) =>
          send(settleStep, { activationId, serviceType, position, verb: 'retry' }),
        ),
        ...this.orders().flatMap(({ order: { id: orderId, deliveries }, work }) =>
          deliveries
            .filter(({ id, state }) => state === 'held' && work[id]?.heldHere === true)
            .map(({ id: deliveryId, purpose }) =>
              send(settleDelivery, { orderId, deliveryId, verb: purpose === 'undo' ? 'retry' : verb }),
            ),
        ),
      ];
      return words.some(isHeeded);
    },

    /** A message arrives, twice, or never. */
    hand(pick: number, how: 'once' | 'twice' | 'lost'): void {
      const at = pick % Math.max(1, bag.length);
      const message = bag[at];
      if (message === undefined) return;
      if (how !== 'twice') bag.splice(at, 1);
      if (how === 'lost' && !isSaidOnce(message)) return;
      receive(message);
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
      handled(fleet.tell(recorder, heard.outcome, now()));
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
