import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecoveryStep } from '../../contracts/messages/decomposition.ts';
import type { GivenUp } from '../../contracts/messages/given-up.ts';
import type { Outgoing } from '../../contracts/messages/message.ts';
import { orderManagementQueue } from '../../contracts/topology.ts';
import {
  type DeliveryProgress,
  type RequestedProductItem,
  type SettleDelivery,
  acceptProductOrder,
} from '../../contracts/messages/order-management.ts';
import type { RecordProducts } from '../../contracts/messages/product-inventory.ts';
import {
  type RequestedItem,
  type ServiceOrderRequest,
  acceptServiceOrder,
} from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import type { ServiceOrderState } from '../../contracts/states/service-order.ts';
import { amend } from './amend/amend.decide.ts';
import { requestCancellation } from './cancel/cancel.decide.ts';
import { onDue } from './due.decide.ts';
import { onCancellation, onStanding } from './deliver/facts.decide.ts';
import { onGivenUp } from './deliver/given-up.decide.ts';
import { isOver } from './draft.decide.ts';
import type { Effects, OrderState } from './order.state.ts';
import { aProduct, anItem, anOrder, chain, noon, orderId, policy, retry, rules, turn } from './orders.fixture.ts';
import { orderEnded } from './product-order.machine.ts';
import { accept, onProductsClaimed, onProductsRecorded } from './receive/receive.decide.ts';
import { settle } from './deliver/settle.decide.ts';

/**
 * A product order among others who delay, repeat, reorder and give up what is said (a person replays that, or not), whose service
 * orders fail and may be past cancelling, and who is cancelled, amended and settled at any moment. However that goes: it ends or
 * waits for a person who was told, no service is made twice or torn from under another, and what is left on the network is what
 * the products say.
 */
interface ServiceOrder {
  readonly request: ServiceOrderRequest;
  readonly item: RequestedItem;
  revision: number;
  state: ServiceOrderState;
  failure?: Failure | undefined;
  readonly fate: { state: ServiceOrderState; failure?: Failure };
  readonly tooLate: boolean;
  refused: Set<string>;
}

const ended = (state: ServiceOrderState): boolean =>
  ['completed', 'partial', 'failed', 'rejected', 'cancelled'].includes(state);

const stepSets: readonly (readonly RecoveryStep[])[] = [
  [{ do: 'compensate' }],
  [{ do: 'rollBack' }],
  [{ do: 'markPartial' }, { do: 'keep' }, { do: 'compensate' }],
  [retry(2, '1s'), { do: 'hold' }],
  [retry(1, '1s'), { do: 'markPartial' }, { do: 'rollBack' }],
  [{ do: 'keep' }, { do: 'compensate' }],
];
const fates: readonly ServiceOrder['fate'][] = [
  { state: 'failed', failure: { code: 'noPort', reason: 'No port.' } },
  { state: 'failed', failure: { code: 'deadlinePassed', reason: 'Late.' } },
  { state: 'rejected', failure: { code: 'x', reason: 'No.' } },
  { state: 'cancelled' },
  { state: 'partial' },
];
const shapes: readonly (readonly RequestedProductItem[])[] = [
  [chain(), anItem('2', { dependsOn: ['1'] })],
  [anItem('1', { specification: { id: 'bundle' }, quantity: 2 }), anItem('2')],
  [anItem('1', { specification: { id: 'extra' } }), chain('2')],
  [anItem('1', { action: 'modify', productId: 'p', characteristics: { rate: 99 } }), chain('2')],
  [anItem('1', { action: 'delete', productId: 'p' }), anItem('2')],
];

/** The same numbers for the same seed. */
function dice(seed: number) {
  let state = seed >>> 0;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const chance = (share: number): boolean => roll() < share;
  const pick = <One>(all: readonly One[]): One => all[Math.floor(roll() * all.length)] as One;
  return { roll, chance, pick };
}

function life(seed: number, trouble: number) {
  const { chance, pick, roll } = dice(seed);
  let state: OrderState | undefined;
  let now = noon;
  let calm = false;
  const messages: Outgoing[] = [];
  const serviceOrders = new Map<string, ServiceOrder>();
  const services = new Map<string, { standsOn: readonly string[] }>();
  const records = new Map<string, RecordProducts['products'][number]>();
  const followed = new Set<string>();
  const violations: string[] = [];
  let recorded = 0;
  let released = false;
  const existing = aProduct('p');
  for (const { serviceId, standsOn } of existing.components) services.set(serviceId, { standsOn });

  const apply = (effects: Effects): void => {
    const before = state;
    state = effects.save?.at(-1) ?? state;
    if (
      before !== undefined &&
      state !== undefined &&
      orderEnded(before.order.stage) &&
      before.order.stage !== state.order.stage
    )
      violations.push(`left ${before.order.stage} for ${state.order.stage}`);
    for (const message of effects.send ?? []) {
      const { name } = message.definition;
      if (name.startsWith('order-management.') && name !== acceptProductOrder.name) continue;
      messages.push(message, ...(!calm && chance(trouble) ? [message] : []));
    }
  };
  const tell = (one: ServiceOrder): void => {
    const requestedBy = one.request.requestedBy;
    if (requestedBy === undefined) return;
    const { deliveryId } = requestedBy;
    const { revision, state: stands, failure } = one;
    facts.push({ deliveryId, serviceOrderId: one.request.id, revision, state: stands, failure });
  };
  const facts: Parameters<typeof onStanding>[1][] = [];

  const end = (one: ServiceOrder, wanted: ServiceOrder['fate']): void => {
    const { item } = one;
    // What a person replayed late may find gone what it stands on, or what it changes.
    const needed = item.action === 'add' ? item.supportingServices : [item.serviceId];
    const isLate = replayed.has(one.request.id) && needed.some((service) => !services.has(service));
    const fate = isLate
      ? { state: 'rejected' as const, failure: { code: 'unknownService', reason: 'It is gone.' } }
      : wanted;
    one.revision += 1;
    one.state = fate.state;
    one.failure = fate.failure;
    const done = fate.state === 'completed' || fate.state === 'partial';
    if (done && item.action === 'add') {
      if (services.has(item.serviceId)) violations.push(`${item.itemId} was made twice`);
      const missing = item.supportingServices.find((id) => !services.has(id));
      if (missing !== undefined) violations.push(`${item.itemId} stands on nothing`);
      services.set(item.serviceId, { standsOn: item.supportingServices });
    }
    if (done && item.action === 'modify' && !services.has(item.serviceId))
      violations.push(`${item.itemId} is not there to modify`);
    if (done && item.action === 'delete') {
      const above = [...services].find(([, { standsOn }]) => standsOn.includes(item.serviceId));
      if (above !== undefined) violations.push(`${item.itemId} is torn from under another`);
      if (!services.delete(item.serviceId)) violations.push(`${item.itemId} was deleted twice`);
    }
    tell(one);
  };

  const hear = ({ definition: { name }, body }: Outgoing): void => {
    if (name === acceptProductOrder.name) {
      const { order } = body as { order: { id: string } };
      followed.add(order.id);
    } else if (name.includes('.accept-service-order.') || name.includes('.place-order.')) {
      const { order: request } = body as { order: ServiceOrderRequest };
      const known = serviceOrders.get(request.id);
      if (known !== undefined) return tell(known);
      const [item] = request.items;
      if (item === undefined) return;
      const isStraggler = state !== undefined && isOver(state);
      const fate = !calm && !isStraggler && chance(trouble) ? pick(fates) : ({ state: 'completed' } as const);
      const suits = fate.state === 'partial' && item.action === 'delete' ? ({ state: 'completed' } as const) : fate;
      serviceOrders.set(request.id, {
        request,
        item,
        revision: 1,
        state: 'acknowledged',
        fate: suits,
        tooLate: chance(0.3),
        refused: new Set(),
      });
    } else if (name.includes('.cancel-')) {
      const { id, orderId: about } = body as { id: string; orderId: string };
      const one = serviceOrders.get(about);
      if (one === undefined) return void violations.push('asked to cancel what nobody knows');
      if (!ended(one.state) && !one.tooLate && !one.refused.has(id)) return end(one, { state: 'cancelled' });
      // One that has ended already refuses in a way that order management does not hear of.
      if (ended(one.state) && !one.refused.has(id)) return;
      one.refused.add(id);
      apply(onCancellation(state, { id, failure: { code: 'pointOfNoReturn', reason: 'Too late.' } }, turn(now)));
    } else if (name.includes('.claim-products.')) {
      if (released) return;
      if (!calm && chance(trouble / 6) && state?.claim === 'asked' && !granted) {
        const refusals = [{ itemId: '1', productId: 'p', failure: { code: 'busy', reason: 'Busy.' } }];
        refusedClaim = true;
        return apply(onProductsClaimed(state, { verdict: 'refused', orderId, refusals }, rules, turn(now)));
      }
      if (refusedClaim) return;
      granted = true;
      const products = items.some(({ productId }) => productId === 'p') ? [existing] : [];
      apply(onProductsClaimed(state, { verdict: 'claimed', orderId, products }, rules, turn(now)));
    } else if (name.includes('.record-products.')) {
      const { number, release, products } = body as RecordProducts;
      if (number > recorded) {
        recorded = number;
        released = release;
        for (const one of products) records.set(one.productId, { ...records.get(one.productId), ...one });
      }
      if (number >= recorded) apply(onProductsRecorded(state, number, turn(now)));
    }
  };
  let granted = false;
  let refusedClaim = false;

  /** Commands that their owners gave up, and word of that on its way. */
  const letters: Outgoing[] = [];
  const givenUp: GivenUp[] = [];
  const handled = new Set<Outgoing>();
  const replayed = new Set<string>();
  const giveUp = (message: Outgoing): void => {
    const { definition, body } = message;
    letters.push(message);
    replayed.delete((body as { order?: { id: string } }).order?.id ?? '');
    // Its copies are known to the inbox.
    for (let at = messages.indexOf(message); at >= 0; at = messages.indexOf(message)) messages.splice(at, 1);
    const key = definition.key?.(body);
    givenUp.push({
      ...{ messageId: 'message', type: definition.name, queue: definition.route(body), sender: orderManagementQueue },
      ...(key === undefined ? {} : { key }),
      ...{ subject: orderId, awaited: false, code: 'TypeError', reason: 'It broke.', at: now.toISOString() },
    });
  };
  /** A person replays what is waited for; what comes late of an order that is over is taken back, but a deletion cannot be. */
  const isWise = ({ definition: { name }, body }: Outgoing): boolean | 'never' => {
    const { order: request } = body as { order?: ServiceOrderRequest };
    if (request === undefined || name === acceptProductOrder.name || serviceOrders.has(request.id)) return true;
    const one = state?.order.deliveries.find(({ serviceOrderId }) => serviceOrderId === request.id);
    if (one?.state === 'acknowledged' || one?.state === 'held') return true;
    if (request.items[0]?.action === 'delete') return 'never';
    return state !== undefined && orderEnded(state.order.stage);
  };
  /** Something waits for what lies in the dead letters, and does not say so. */
  const isUntold = ({ definition: { name }, body }: Outgoing): boolean => {
    const { id, order: request } = body as { id?: string; order?: ServiceOrderRequest };
    return (
      state?.order.deliveries.some((one) => {
        const asked = state?.work[one.id]?.asked;
        if (name === acceptServiceOrder.name) return one.serviceOrderId === request?.id && one.state === 'acknowledged';
        return asked !== undefined && asked.id === id && asked.refused === undefined && one.state === 'inProgress';
      }) === true
    );
  };
  const replay = (letter: Outgoing): boolean => {
    const wise = isWise(letter);
    if (wise === false) return false;
    letters.splice(letters.indexOf(letter), 1);
    if (wise === 'never') return true;
    const { order: request } = letter.body as { order?: ServiceOrderRequest };
    if (request !== undefined) replayed.add(request.id);
    messages.push(letter);
    replays += 1;
    return true;
  };
  let replays = 0;
  let fallen = 0;

  const interfere = (): void => {
    const what = roll();
    const commandId = `command-${Math.floor(roll() * 1e9)}`;
    if (what < 0.2)
      apply(requestCancellation(state, { id: commandId, orderId, reason: 'changed my mind' }, commandId, turn(now)));
    else if (what < 0.4) {
      const item = pick(items.filter(({ action }) => action !== 'delete'));
      const characteristics =
        item.action === 'add' && item.specification?.id === 'bundle' ? {} : { rate: Math.floor(roll() * 100) };
      const amendment = { items: [{ ...item, characteristics }], whenStarted: pick(['refuse', 'followUp'] as const) };
      apply(amend(state, { commandId, id: orderId }, amendment, rules, turn(now)));
    } else {
      // Nobody calls off what has just been replayed.
      const isReplayed = ({ id, serviceOrderId = '' }: DeliveryProgress): boolean =>
        state?.work[id]?.fellOut === true && replayed.has(serviceOrderId);
      const held = state?.order.deliveries.filter((one) => one.state === 'held' && !isReplayed(one)) ?? [];
      const one = held.length === 0 ? undefined : pick(held);
      const verb = pick<SettleDelivery['verb']>(['retry', 'skip', 'fail', 'rollBack']);
      if (one !== undefined) apply(settle(state, { orderId, deliveryId: one.id, verb }, commandId, turn(now)));
    }
  };

  const items = pick(shapes);
  const policies = [
    { ...policy(...pick(stepSets)), cases: { any: [...pick(stepSets)], partial: [...pick(stepSets)] } },
  ];
  apply(accept(undefined, anOrder(...items), { rules, policies }, turn(now)));
  const quiet = (): boolean =>
    messages.length === 0 &&
    facts.length === 0 &&
    givenUp.length === 0 &&
    ![...serviceOrders.values()].some((one) => !ended(one.state));
  for (let step = 0; step < 3_000; step += 1) {
    if (step === 1_500) calm = true;
    if (!calm && chance(trouble / 20)) interfere();
    if (!calm && letters.length > 0 && chance(trouble / 20)) replay(pick(letters));
    const running = [...serviceOrders.values()].filter((one) => !ended(one.state));
    const which = roll();
    if (messages.length > 0 && which < 0.4) {
      const [message] = messages.splice(Math.floor(roll() * messages.length), 1);
      if (message === undefined) continue;
      // What was handled once is known to the inbox.
      if (!calm && !handled.has(message) && chance(trouble / 6)) giveUp(message);
      else {
        handled.add(message);
        hear(message);
      }
    } else if (givenUp.length > 0 && which < 0.6) {
      const [told] = givenUp.splice(Math.floor(roll() * givenUp.length), 1);
      if (told !== undefined) apply(onGivenUp(state, told, turn(now)));
      if (state?.order.deliveries.some(({ failure }) => failure?.code === 'commandGivenUp') === true) fallen += 1;
    } else if (facts.length > 0 && which < 0.8) {
      const at = Math.floor(roll() * facts.length);
      const fact = facts[at];
      if (calm || !chance(trouble)) facts.splice(at, 1);
      if (fact !== undefined) apply(onStanding(state, fact, turn(now)));
    } else if (running.length > 0) {
      const one = pick(running);
      if (one.state === 'acknowledged' && chance(0.5)) {
        one.revision += 1;
        one.state = 'inProgress';
        tell(one);
      } else end(one, one.fate);
    } else if (quiet()) {
      if (state?.dueAt == null) {
        if (state === undefined) break;
        if (!calm) calm = true;
        violations.push(...letters.filter(isUntold).map(({ definition: { name } }) => `nobody was told of ${name}`));
        const isEnd = orderEnded(state.order.stage);
        const held = state.order.deliveries.filter((one) => one.state === 'held');
        // A person looks into the dead letters, before and after the order's end.
        if (letters.length > 0 && (isEnd || held.length === 0 || chance(0.5)) && letters.some(replay)) continue;
        if (isEnd || held.length === 0) break;
        // A person gives up what is held.
        for (const one of held)
          apply(settle(state, { orderId, deliveryId: one.id, verb: 'fail' }, `command-${step}`, turn(now)));
        continue;
      }
      now = state.dueAt;
      apply(onDue(state, turn(now)));
    }
  }
  if (state === undefined) throw new Error('there is no order');
  return { state, services, records, violations, existing, followed, replays, fallen };
}

test('an order ends, whatever happens, and what is left on the network is what its products say', () => {
  let replays = 0;
  let fallen = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), fc.constantFrom(0, 0.1, 0.3, 0.5), (seed, trouble) => {
      const { state, services, records, violations, existing, followed, ...reached } = life(seed, trouble);
      replays += reached.replays;
      fallen += reached.fallen;
      expect(violations).toEqual([]);
      expect({ stage: state.order.stage, ended: orderEnded(state.order.stage) }).toEqual({
        stage: state.order.stage,
        ended: true,
      });
      expect(isOver(state)).toBe(true);
      expect([[...followed].toSorted(), state.followUps]).toEqual([state.order.followUps.toSorted(), []]);
      const told = new Set(
        [...records.values()].flatMap(({ components, status }) =>
          status === 'terminated' ? [] : (components ?? []).map(({ serviceId }) => serviceId),
        ),
      );
      // Nothing was written of its services: they are as they were.
      const untouched = records.get('p')?.components === undefined;
      if (untouched) for (const { serviceId } of existing.components) told.add(serviceId);
      expect([...services.keys()].toSorted()).toEqual([...told].toSorted());
      if (state.order.stage === 'cancelled')
        expect(
          [...records.values()].map(({ status }) => status).filter((one) => one !== 'cancelled' && one !== 'active'),
        ).toEqual([]);
    }),
    { numRuns: 500 },
  );
  // What never happens proves nothing.
  expect(replays).toBeGreaterThan(50);
  expect(fallen).toBeGreaterThan(50);
}, 60_000);
