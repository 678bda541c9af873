/** Product orders in words, for the tests of order management: facts as they come in, and lives made of them. */
import { expect } from 'vitest';
import type {
  DecompositionRule,
  DecompositionRuleFile,
  RecoveryPolicy,
  RecoveryStep,
} from '../../contracts/messages/decomposition.ts';
import { decompositionRule } from '../../contracts/messages/decomposition.ts';
import type { Outgoing } from '../../contracts/messages/message.ts';
import type { ProductOrderRequest, RequestedProductItem } from '../../contracts/messages/order-management.ts';
import type { Product, RecordProducts } from '../../contracts/messages/product-inventory.ts';
import type { RequestedItem, ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import type { ProductOrderStage } from '../../contracts/states/product-order.ts';
import type { ServiceOrderState } from '../../contracts/states/service-order.ts';
import { derivedId } from '../../ops/platform/ids.ts';
import { requestCancellation } from './cancel/cancel.decide.ts';
import { decompose } from './decomposition/decompose.decide.ts';
import { chooseRules } from './decomposition/rules.decide.ts';
import { onDue } from './due.decide.ts';
import { onCancellation, onStanding } from './deliver/facts.decide.ts';
import type { Effects, OrderState, Tools, Turn } from './order.state.ts';
import { accept, onProductsClaimed, onProductsRecorded } from './receive/receive.decide.ts';

export const noon = new Date('2026-03-01T12:00:00.000Z');
export const after = (seconds: number): Date => new Date(noon.getTime() + seconds * 1_000);
export const orderId = '019f0000-0000-7000-8000-000000000001';

export const tools: Tools = { idOf: derivedId, outsideTypes: new Set(['partner']), chooseRules, decompose };
export const turn = (now: Date = noon): Turn => ({ now, cause: 'a test', tools });

const aRule = (id: string, file: Partial<DecompositionRuleFile>): DecompositionRule =>
  decompositionRule.parse({
    specification: { id, version: '1.0' },
    version: '1',
    revision: 1,
    lifecycleStatus: 'active',
    name: id,
    ...file,
  });
type Component = NonNullable<DecompositionRuleFile['services']>[number];
const service = (name: string, over: Partial<Component> = {}): Component => ({
  name,
  serviceType: name,
  specification: { id: `service-${name}`, version: '1.0' },
  characteristics: { rate: { from: 'rate', default: 10 } },
  ...over,
});
const rate = [{ name: 'rate', valueType: 'integer' as const, required: false }];

/** `chain`: first, middle, last, each on the one before. `solo`: one service. `bundle`: a chain, and a tv it can do without. */
export const rules: readonly DecompositionRule[] = [
  aRule('chain', {
    characteristics: rate,
    services: [service('first'), service('middle', { standsOn: ['first'] }), service('last', { standsOn: ['middle'] })],
  }),
  aRule('trio', {
    characteristics: rate,
    services: [
      service('first'),
      service('middle', { standsOn: ['first'] }),
      service('last', { standsOn: ['middle'], optional: true }),
    ],
  }),
  aRule('extra', {
    characteristics: rate,
    services: [service('first'), service('more', { standsOn: ['first'], optional: true })],
  }),
  aRule('sequel', { services: [service('opening', { optional: true }), service('next', { after: ['opening'] })] }),
  aRule('solo', { characteristics: rate, services: [service('alone')] }),
  aRule('abroad', { services: [service('partner')] }),
  aRule('tv', { services: [service('head'), service('channels', { standsOn: ['head'] })] }),
  aRule('mansion', {
    services: [service('gate')],
    products: [{ name: 'home', specification: { id: 'bundle' }, optional: true }],
  }),
  aRule('bundle', {
    services: [service('line')],
    products: [{ name: 'tv', specification: { id: 'tv' }, optional: true }],
  }),
];

export const anItem = (itemId: string, over: Partial<RequestedProductItem> = {}): RequestedProductItem => ({
  itemId,
  action: 'add',
  quantity: 1,
  dependsOn: [],
  ...((over.action ?? 'add') === 'add' ? { specification: { id: 'solo' } } : {}),
  characteristics: {},
  relationships: [],
  parties: [],
  places: [],
  ...over,
});
export const chain = (itemId = '1', over: Partial<RequestedProductItem> = {}): RequestedProductItem =>
  anItem(itemId, { specification: { id: 'chain' }, ...over });
export const anOrder = (...items: readonly RequestedProductItem[]): ProductOrderRequest => ({
  id: orderId,
  orderDate: noon.toISOString(),
  parties: [],
  items: [...items],
});

/** A chain that an earlier order delivered. */
export const aProduct = (id: string, over: Partial<Product> = {}): Product => ({
  id,
  revision: 7,
  status: 'active',
  isBundle: false,
  specification: { id: 'chain', version: '1.0' },
  rule: '1',
  characteristics: { rate: 10 },
  relationships: [],
  components: ['first', 'middle', 'last'].map((name, at, all) => ({
    name,
    serviceId: `${id}-${name}`,
    serviceType: name,
    specification: { id: `service-${name}`, version: '1.0' },
    characteristics: { rate: 10 },
    standsOn: at === 0 ? [] : [`${id}-${all[at - 1]}`],
    optional: false,
  })),
  missing: [],
  parties: [],
  places: [],
  orderItems: [],
  updatedAt: noon.toISOString(),
  claim: null,
  ...over,
});

export const policy = (...any: readonly RecoveryStep[]): RecoveryPolicy => ({
  serviceType: '*',
  revision: 1,
  cases: { any: [...any] },
});
export const retry = (attempts: number, wait = '10s'): RecoveryStep => ({ do: 'retry', attempts, wait });

/** Something that order management hears, to be applied to whatever state it finds. */
export type Fact = (state: OrderState | undefined) => Effects;

export const accepted =
  (request: ProductOrderRequest, ...policies: readonly RecoveryPolicy[]): Fact =>
  (state) =>
    accept(state, request, { rules, policies }, turn());

export const claimed =
  (...products: readonly Product[]): Fact =>
  (state) =>
    onProductsClaimed(state, { verdict: 'claimed', orderId, products: [...products] }, rules, turn());

export const refused =
  (itemId: string): Fact =>
  (state) =>
    onProductsClaimed(
      state,
      {
        verdict: 'refused',
        orderId,
        refusals: [{ itemId, productId: 'p', failure: { code: 'productClaimed', reason: 'Another order has it.' } }],
      },
      rules,
      turn(),
    );

/** The service order that runs for a component now stands so; told once more than before. */
export const told =
  (component: string, state: ServiceOrderState, failure?: Failure, now = noon): Fact =>
  (known) => {
    const { id, serviceOrderId = '' } = deliveryOf(known, component);
    const revision = (known?.work[id]?.heard ?? 0) + 1;
    return onStanding(known, { deliveryId: id, serviceOrderId, revision, state, failure }, turn(now));
  };
export const done = (...components: readonly string[]): Fact[] => components.map((one) => told(one, 'completed'));
/** Service ordering has taken these on. */
export const taken = (...components: readonly string[]): Fact[] => components.map((one) => told(one, 'acknowledged'));

/** The same of a certain attempt and revision, however old. */
export const toldOf =
  (component: string, attempt: number, revision: number, state: ServiceOrderState): Fact =>
  (known) => {
    const { id } = deliveryOf(known, component);
    const serviceOrderId = known?.work[id]?.serviceOrders[attempt] ?? '';
    return onStanding(known, { deliveryId: id, serviceOrderId, revision, state }, turn());
  };

export const recorded: Fact = (state) => onProductsRecorded(state, state?.records ?? 0, turn());

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
      turn(),
    );

/** The service order of a component cannot be cancelled any more. */
export const tooLate =
  (component: string): Fact =>
  (state) => {
    const asked = state?.work[deliveryOf(state, component).id]?.asked;
    const failure = { code: 'pointOfNoReturn', reason: 'The trench is dug.' };
    return onCancellation(state, { id: asked?.id ?? '', failure }, turn());
  };

export const due =
  (at: Date): Fact =>
  (state) =>
    onDue(state, turn(at));

export function deliveryOf(state: OrderState | undefined, component: string) {
  const found = state?.order.deliveries.find((one) => one.component === component || one.id === component);
  if (found === undefined) throw new Error(`there is no delivery of ${component}`);
  return found;
}

/** The state after these facts, in this order. */
export function lived(...facts: readonly Fact[]): OrderState {
  const state = facts.reduce<OrderState | undefined>((before, fact) => fact(before).save?.at(-1) ?? before, undefined);
  if (state === undefined) throw new Error('nothing was accepted');
  return state;
}

interface Expected {
  readonly stage?: ProductOrderStage;
  readonly items?: Readonly<Record<string, string>>;
  readonly deliveries?: Readonly<Record<string, string>>;
  /** What is sent beside the events that show the order and its cancellations. */
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
        then({ stage, items, deliveries, sends }: Expected): { state: OrderState; effects: Effects } {
          if (state === undefined) throw new Error('there is no order');
          if (stage !== undefined) expect(state.order.stage).toBe(stage);
          if (items !== undefined) expect(itemStates(state)).toEqual(items);
          if (deliveries !== undefined) expect(deliveryStates(state)).toEqual(deliveries);
          if (sends !== undefined) expect(shortened(effects.send ?? [])).toEqual(sends);
          return { state, effects };
        },
        thenNothing: () => expect(effects).toEqual({}),
      };
    },
  };
}

export const itemStates = ({ order }: OrderState): Record<string, string> =>
  Object.fromEntries(Object.entries(order.items).map(([id, { state }]) => [id, state]));
export const deliveryStates = ({ order }: OrderState): Record<string, string> =>
  Object.fromEntries(order.deliveries.map(({ component, state }) => [component, state]));

/** Messages in short: `claim 1`, `add first`, `delete first`, `cancel first`, `record 2 active, release`. */
export const shortened = (messages: readonly Outgoing[]): string[] =>
  messages.flatMap(({ definition: { name }, body }) => {
    const verb = name.split('.')[1] ?? name;
    if (verb === 'product-order-changed') return [];
    const {
      order,
      claims,
      products,
      release,
      number,
      orderId: about,
      cancellation,
    } = body as Partial<RecordProducts> & {
      order?: ServiceOrderRequest;
      claims?: { itemId: string; action: string }[];
      cancellation?: { state: string };
      orderId?: string;
    };
    if (verb === 'cancellation-changed') return [`cancellation ${cancellation?.state}`];
    if (verb === 'claim-products') return [`claim ${claims?.map(({ itemId }) => itemId).join(', ')}`];
    if (verb === 'record-products')
      return [
        `record ${number} ${products?.map(({ status }) => status).join(', ')}${release === true ? ', release' : ''}`,
      ];
    const item = order?.items[0];
    if (item !== undefined) return [`${verb === 'place-order' ? 'outside ' : ''}${item.action} ${item.itemId}`];
    return [`${verb} ${about}`];
  });

/** The item of the service order that is asked for among these. */
export const orderedItem = (effects: Effects, component: string): RequestedItem | undefined =>
  (effects.send ?? [])
    .map(({ body }) => (body as { order?: ServiceOrderRequest }).order?.items?.[0])
    .find((item) => item?.itemId === component);

/** The last record of its products among these. */
export const record = (effects: Effects): RecordProducts | undefined =>
  (effects.send ?? [])
    .filter(({ definition }) => definition.name.includes('.record-products.'))
    .map(({ body }) => body as RecordProducts)
    .at(-1);
