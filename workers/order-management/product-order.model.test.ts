import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecoveryStep } from '../../contracts/messages/decomposition.ts';
import type { Outgoing } from '../../contracts/messages/message.ts';
import {
  type RequestedProductItem,
  type SettleDelivery,
  acceptProductOrder,
} from '../../contracts/messages/order-management.ts';
import type { RecordProducts } from '../../contracts/messages/product-inventory.ts';
import type { RequestedItem, ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import type { ServiceOrderState } from '../../contracts/states/service-order.ts';
import { amend } from './amend/amend.decide.ts';
import { requestCancellation } from './cancel/cancel.decide.ts';
import { onDue } from './due.decide.ts';
import { onCancellation, onStanding } from './deliver/facts.decide.ts';
import { isOver } from './draft.decide.ts';
import { onFollowUpAccepted } from './amend/follow-up.decide.ts';
import type { Effects, OrderState } from './order.state.ts';
import { aProduct, anItem, anOrder, chain, noon, orderId, policy, retry, rules, turn } from './orders.fixture.ts';
import { orderEnded } from './product-order.machine.ts';
import { accept, onProductsClaimed, onProductsRecorded } from './receive/receive.decide.ts';
import { settle } from './deliver/settle.decide.ts';

/**
 * A product order among others who lose, delay, repeat and reorder what is said, whose service orders fail and may be past
 * cancelling, and who is cancelled, amended and settled at any moment. However that goes: it ends or waits for a person, no
 * service is made twice or torn from under another, and what is left on the network is what the products say.
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
      if (!calm && chance(trouble / 4)) continue;
      messages.push(message, ...(!calm && chance(trouble) ? [message] : []));
    }
  };
  const tell = (one: ServiceOrder): void => {
    const requestedBy = one.request.requestedBy;
    if (requestedBy === undefined || (!calm && chance(trouble / 4))) return;
    const { deliveryId } = requestedBy;
    const { revision, state: stands, failure } = one;
    facts.push({ deliveryId, serviceOrderId: one.request.id, revision, state: stands, failure });
  };
  const facts: Parameters<typeof onStanding>[1][] = [];

  const end = (one: ServiceOrder, fate: ServiceOrder['fate']): void => {
    const { item } = one;
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
      if (calm || !chance(trouble / 4)) apply(onFollowUpAccepted(state, order.id));
    } else if (name.includes('.accept-service-order.') || name.includes('.place-order.')) {
      const { order: request } = body as { order: ServiceOrderRequest };
      const known = serviceOrders.get(request.id);
      if (known !== undefined) return tell(known);
      const [item] = request.items;
      if (item === undefined) return;
      const fate = !calm && chance(trouble) ? pick(fates) : ({ state: 'completed' } as const);
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
      if (one === undefined) return;
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
      const held = state?.order.deliveries.filter((one) => one.state === 'held') ?? [];
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
    messages.length === 0 && facts.length === 0 && ![...serviceOrders.values()].some((one) => !ended(one.state));
  for (let step = 0; step < 3_000; step += 1) {
    if (step === 1_500) calm = true;
    if (!calm && chance(trouble / 20)) interfere();
    const running = [...serviceOrders.values()].filter((one) => !ended(one.state));
    const which = roll();
    if (messages.length > 0 && which < 0.4) {
      const [message] = messages.splice(Math.floor(roll() * messages.length), 1);
      if (message !== undefined) hear(message);
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
        if (state === undefined || orderEnded(state.order.stage)) break;
        if (!calm) calm = true;
        const held = state.order.deliveries.filter((one) => one.state === 'held');
        if (held.length === 0) break;
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
  return { state, services, records, violations, existing, followed, isQuiet: quiet() };
}

test('an order ends, whatever happens, and what is left on the network is what its products say', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fffffff }), fc.constantFrom(0, 0.1, 0.3, 0.5), (seed, trouble) => {
      const { state, services, records, violations, existing, followed } = life(seed, trouble);
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
}, 60_000);
