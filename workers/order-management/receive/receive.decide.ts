/** How an order begins: received, held against its shape and the rules, its products claimed, its plan made. */
import type { DecompositionRule, RecoveryPolicy } from '../../../contracts/messages/decomposition.ts';
import type {
  ProductOrder,
  ProductOrderPlan,
  ProductOrderRequest,
} from '../../../contracts/messages/order-management.ts';
import type { Product, ProductsClaimed } from '../../../contracts/messages/product-inventory.ts';
import { type Draft, advance, deliveriesOf, draftOf, isOver, note, write } from '../draft.decide.ts';
import { bounded } from '../failure.decide.ts';
import { cancellationEvents, changed, finish } from '../deliver/finish.decide.ts';
import type { Effects, Fault, OrderState, Turn } from '../order.state.ts';
import { policiesFor } from '../recover/policy.decide.ts';
import { claim, recordBegun, recordEnd } from './products.decide.ts';
import { end } from '../deliver/rollup.decide.ts';

/** What accepting and planning look up. */
export interface Catalog {
  readonly rules: readonly DecompositionRule[];
  readonly policies: readonly RecoveryPolicy[];
}

/** Accepts an order, or rejects it with the reasons. Its id is the business key: again is a no-op that repeats the event. */
export function accept(
  state: OrderState | undefined,
  request: ProductOrderRequest,
  { rules, policies }: Catalog,
  turn: Turn,
): Effects {
  if (state !== undefined) return { send: [changed(state), ...cancellationEvents(state)] };
  const draft = draftOf(received(request, turn), turn);
  write(draft, { about: 'order', from: '', to: 'received', why: 'receive' });
  const result = planOf(request, rules, undefined, [], turn);
  if ('faults' in result) return reject(draft, result.faults, undefined);
  lay(draft, result.plan);
  pin(draft, result.rules);
  draft.policies = policies;
  advance(draft, 'validate', `map: ${result.rules.length} rules are pinned`);
  const { requestedStartDate } = request;
  if (requestedStartDate === undefined || new Date(requestedStartDate) <= turn.now) start(draft);
  return finish(draft, undefined);
}

/**
 * What an order comes to, and by which rules.
 *
 * @param products undefined as long as they are not claimed
 * @param pinned rules that were chosen before: they stay
 */
export function planOf(
  request: ProductOrderRequest,
  rules: readonly DecompositionRule[],
  products: readonly Product[] | undefined,
  pinned: ProductOrder['rules'],
  { tools }: Pick<Turn, 'tools'>,
):
  | { readonly plan: ProductOrderPlan; readonly rules: readonly DecompositionRule[] }
  | { readonly faults: readonly Fault[] } {
  const chosen = tools.chooseRules(request, rules, products ?? [], pinned);
  const result = tools.decompose(request, { ...chosen, products }, tools.idOf);
  if ('faults' in result) return result;
  return chosen.faults.length > 0 ? chosen : { plan: result.plan, rules: chosen.rules };
}

const received = (request: ProductOrderRequest, { now }: Turn): OrderState => ({
  order: {
    id: request.id,
    revision: 1,
    stage: 'received',
    state: 'acknowledged',
    request,
    items: Object.fromEntries(request.items.map(({ itemId }) => [itemId, { state: 'acknowledged', products: [] }])),
    deliveries: [],
    rules: [],
    updatedAt: now.toISOString(),
    followUps: [],
  },
  plan: null,
  planned: false,
  products: [],
  policies: [],
  work: {},
  givenUp: {},
  claim: 'none',
  records: 0,
  ending: null,
  cancellations: [],
  followUps: [],
  audit: [],
  dueAt: null,
  deleted: false,
});

/** Takes a plan on; what is known of deliveries it has in common with the one before stays. */
export function lay(draft: Draft, plan: ProductOrderPlan): void {
  const work = Object.fromEntries([...draft.deliveries].map(([id, one]) => [id, one.work]));
  const deliveries = [...draft.deliveries.values()].map(({ progress }) => progress);
  draft.plan = plan;
  draft.deliveries = deliveriesOf({ plan, order: { ...draft.order, deliveries }, work });
}

/** From now on these are the order's rules, whatever is published. */
export function pin(draft: Draft, rules: readonly DecompositionRule[]): void {
  const pinned: ProductOrder['rules'] = rules.map(({ specification, version }) => ({ specification, version }));
  draft.order = { ...draft.order, rules: pinned };
}

/** Work begins: the products are asked for. */
export function start(draft: Draft): void {
  claim(draft);
  // Nothing to claim: an order that changes nothing.
  if (draft.claim === 'granted') begin(draft);
}

/** Hears whether the order may have its products. */
export function onProductsClaimed(
  state: OrderState | undefined,
  body: ProductsClaimed,
  rules: readonly DecompositionRule[],
  turn: Turn,
): Effects {
  if (state === undefined || state.claim !== 'asked' || isOver(state)) return {};
  const draft = draftOf(state, turn);
  const isCancelled = state.order.stage === 'pendingCancellation';
  if (body.verdict === 'refused') {
    draft.claim = 'none';
    if (!isCancelled) return reject(draft, body.refusals, state);
    draft.ending = 'cancel';
    end(draft);
    return finish(draft, state);
  }
  draft.claim = 'granted';
  draft.products = body.products;
  if (isCancelled) giveBack(draft, 'cancel');
  else if (body.products.length === 0) begin(draft);
  else decompose(draft, rules);
  return finish(draft, state);
}

/** Makes the plan anew, now that the products are known. */
function decompose(draft: Draft, rules: readonly DecompositionRule[]): void {
  const result = planOf(draft.order.request, rules, draft.products, draft.order.rules, draft);
  if ('faults' in result) {
    refuseItems(draft, result.faults);
    return giveBack(draft, 'reject');
  }
  lay(draft, result.plan);
  pin(draft, result.rules);
  begin(draft);
}

/** From here on the plan is what the order keeps. */
function begin(draft: Draft): void {
  const { products = [], deliveries = [] } = draft.plan ?? {};
  draft.planned = true;
  draft.policies = policiesFor(draft.policies, new Set(deliveries.map(({ serviceType }) => serviceType)));
  advance(draft, 'decompose', `decompose: ${products.length} products, ${deliveries.length} service orders`);
  if (deliveries.length > 0) recordBegun(draft);
}

/** The claims are granted, and there is nothing to do with them. */
function giveBack(draft: Draft, trigger: 'cancel' | 'reject'): void {
  draft.ending = trigger;
  draft.records += 1;
  recordEnd(draft);
}

function reject(draft: Draft, faults: readonly Fault[], before: OrderState | undefined): Effects {
  refuseItems(draft, faults);
  draft.ending = 'reject';
  end(draft);
  return finish(draft, before);
}

function refuseItems(draft: Draft, faults: readonly Fault[]): void {
  for (const { itemId, failure } of faults)
    if (draft.order.items[itemId] !== undefined && draft.order.items[itemId].failure === undefined)
      note(draft, itemId, { failure });
  const [first] = faults;
  if (first !== undefined)
    draft.order = {
      ...draft.order,
      failure: bounded({ code: first.failure.code, reason: `Item "${first.itemId}": ${first.failure.reason}` }),
    };
}

/** Hears that the inventory has written what it was told. */
export function onProductsRecorded(state: OrderState | undefined, number: number, turn: Turn): Effects {
  if (state === undefined || state.ending === null || number !== state.records) return {};
  const draft = draftOf(state, turn);
  end(draft);
  return finish(draft, state);
}
