import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import { aside, send } from '../../../contracts/messages/message.ts';
import {
  type ProductOrderAmendment,
  type ProductOrderPlan,
  type ProductOrderRequest,
  type RequestedProductItem,
  productOrderCommandRefused,
} from '../../../contracts/messages/order-management.ts';
import type { Characteristics, CommandRefused } from '../../../contracts/messages/values.ts';
import { type Draft, all, draftOf, isCancelling, isOver, write } from '../draft.decide.ts';
import { cancellationEvents, changed, finish } from '../deliver/finish.decide.ts';
import { followUpOf, outermost } from './follow-up.decide.ts';
import type { Effects, OrderState, Turn } from '../order.state.ts';
import { orderEnded } from '../product-order.machine.ts';
import { recordBegun } from '../receive/products.decide.ts';
import { lay, pin, planOf, start } from '../receive/receive.decide.ts';

export interface Command {
  /** The message's id: what the refusal answers. */
  readonly commandId: string;
  readonly id: string;
  readonly expectedRevision?: number | undefined;
}

/** Changes what may be changed of an order from outside; or says why not. */
export function amend(
  state: OrderState | undefined,
  command: Command,
  amendment: ProductOrderAmendment,
  rules: readonly DecompositionRule[],
  turn: Turn,
): Effects {
  const unfit = misfit(state, command);
  if (unfit !== undefined || state === undefined) return refuse(command, unfit ?? missing);
  const { items = [], whenStarted, ...words } = amendment;
  const draft = draftOf(state, turn);
  const against = wordsAgainst(draft, words) ?? itemsAgainst(draft, items, whenStarted);
  if (against !== undefined) return refuse(command, against);
  if (!isOver(state)) draft.order = { ...draft.order, request: spoken(draft.order.request, words) };
  const begun = items.filter(({ itemId }) => hasStarted(draft, itemId));
  const open = items.filter((item) => !begun.includes(item));
  const fault = open.length === 0 ? undefined : replace(draft, open, rules);
  if (fault !== undefined) return refuse(command, fault);
  if (begun.length > 0) followUp(draft, begun, command.commandId);
  if (isOver(state)) {
    const order = { ...draft.order, request: spoken(state.order.request, words) };
    const next = { ...state, order: { ...order, revision: order.revision + 1, updatedAt: turn.now.toISOString() } };
    return { save: [next], send: [changed(next)] };
  }
  const { requestedStartDate } = draft.order.request;
  const starts = requestedStartDate === undefined || new Date(requestedStartDate) <= turn.now;
  if (draft.claim === 'none' && starts) start(draft);
  return finish(draft, state);
}

/** Deletes an order that has ended; a running one has work in the network and is refused. */
export function remove(state: OrderState | undefined, command: Command, now: Date): Effects {
  const unfit = misfit(state, command);
  if (unfit !== undefined || state === undefined) return refuse(command, unfit ?? missing);
  const { order } = state;
  if (!orderEnded(order.stage))
    return refuse(
      command,
      conflict('orderRunning', `The order is ${order.state}: only an order that has ended can be deleted.`),
    );
  const next: OrderState = {
    ...state,
    deleted: true,
    cancellations: state.cancellations.map((one) => ({ ...one, revision: one.revision + 1 })),
    order: { ...order, revision: order.revision + 1, updatedAt: now.toISOString() },
  };
  return { save: [next], send: [changed(next), ...cancellationEvents(next).map(aside)] };
}

type Reason = Pick<CommandRefused, 'kind' | 'code' | 'reason'>;
type Words = Omit<ProductOrderAmendment, 'items' | 'whenStarted'>;

const missing: Reason = { kind: 'notFound', code: 'notFound', reason: 'There is no such product order.' };
const conflict = (code: string, reason: string): Reason => ({ kind: 'conflict', code, reason });

const refuse = ({ commandId, id }: Command, reason: Reason): Effects => ({
  send: [send(productOrderCommandRefused, { commandId, id, ...reason })],
});

function misfit(state: OrderState | undefined, { expectedRevision }: Command): Reason | undefined {
  if (state === undefined || state.deleted) return missing;
  if (expectedRevision === undefined || expectedRevision === state.order.revision) return undefined;
  const reason = `The order is at revision ${state.order.revision}, not ${expectedRevision}.`;
  return { kind: 'stale', code: 'revisionMoved', reason };
}

function wordsAgainst(draft: Draft, { requestedStartDate, requestedCompletionDate }: Words): Reason | undefined {
  const dates = requestedStartDate !== undefined || requestedCompletionDate !== undefined;
  if (dates && isOver(draft))
    return conflict('orderEnded', `The order is ${draft.order.state}: its requested dates can no longer change.`);
  if (requestedStartDate !== undefined && draft.claim !== 'none')
    return conflict('orderStarted', 'The order has started: its requested start can no longer change.');
  return undefined;
}

function itemsAgainst(
  draft: Draft,
  items: readonly RequestedProductItem[],
  whenStarted: ProductOrderAmendment['whenStarted'],
): Reason | undefined {
  if (items.length === 0) return undefined;
  const { stage, state, request } = draft.order;
  if (isOver(draft)) return conflict('orderEnded', `The order is ${state}: its items can no longer change.`);
  if (isCancelling(draft) || stage === 'rollingBack')
    return conflict('orderGoingBack', `The order is ${stage}: its items can no longer change.`);
  if (draft.claim === 'asked' && !draft.planned)
    return conflict('productsAsked', 'The products of the order are being asked for: try again in a moment.');
  for (const item of items) {
    const { itemId } = item;
    const known = request.items.find((one) => one.itemId === itemId);
    if (known === undefined) return conflict('unknownItem', `The order has no item "${itemId}" to change.`);
    if (hasStarted(draft, itemId)) {
      if (whenStarted === 'followUp') continue;
      return conflict(
        'itemStarted',
        `Item "${itemId}" has started: it can no longer change. Order the change instead.`,
      );
    }
    const isAnother =
      item.action !== known.action ||
      item.productId !== known.productId ||
      item.quantity !== known.quantity ||
      item.partOf !== known.partOf;
    if (draft.claim !== 'none' && isAnother) {
      const reason = `Item "${itemId}" has its products already: its action, product and quantity can no longer change.`;
      return conflict('productsClaimed', reason);
    }
  }
  return undefined;
}

/** True once a service order was placed for an item, or it is being given up. */
function hasStarted(draft: Draft, itemId: string): boolean {
  const top = outermost(draft.order.request, itemId);
  return all(draft).some(
    ({ planned, work }) => planned.itemId === top && (work.serviceOrders.length > 0 || work.goal === 'takeBack'),
  );
}

function spoken(request: ProductOrderRequest, words: Words): ProductOrderRequest {
  const given = Object.entries(words).filter(([, value]) => value !== undefined);
  const kept = Object.entries(request).filter(([name]) => !given.some(([changedName]) => changedName === name));
  return Object.fromEntries([...kept, ...given.filter(([, value]) => value !== null)]) as ProductOrderRequest;
}

/** Plans these items anew; the plan of all others stays as it is. */
function replace(
  draft: Draft,
  items: readonly RequestedProductItem[],
  rules: readonly DecompositionRule[],
): Reason | undefined {
  const replaced = new Map(items.map((item) => [item.itemId, item]));
  const request = {
    ...draft.order.request,
    items: draft.order.request.items.map((item) => replaced.get(item.itemId) ?? item),
  };
  const result = planOf(request, rules, draft.planned ? draft.products : undefined, draft.order.rules, draft);
  if ('faults' in result) {
    const [first] = result.faults;
    const reason = `Item "${first?.itemId}": ${first?.failure.reason}`;
    return { kind: 'invalid', code: first?.failure.code ?? 'invalid', reason };
  }
  const fresh = new Set(items.map(({ itemId }) => outermost(request, itemId)));
  draft.order = { ...draft.order, request };
  lay(draft, draft.plan === null ? result.plan : merged(draft.plan, result.plan, fresh));
  pin(draft, result.rules);
  write(draft, {
    about: 'order',
    from: draft.order.stage,
    to: draft.order.stage,
    why: `amended: ${[...fresh].join(', ')}`,
  });
  if (draft.planned) recordBegun(draft);
  return undefined;
}

/** What a person put right for other items stays so. All else is anew: what they wait for and stand on may be something else. */
function merged(before: ProductOrderPlan, now: ProductOrderPlan, fresh: ReadonlySet<string>): ProductOrderPlan {
  const right = new Map(
    before.deliveries.flatMap(({ itemId, serviceId, characteristics }) =>
      fresh.has(itemId) ? [] : [[serviceId, characteristics] as const],
    ),
  );
  const kept = <One extends { serviceId: string; characteristics: Characteristics }>(one: One): One => {
    const characteristics = right.get(one.serviceId);
    return characteristics === undefined ? one : { ...one, characteristics };
  };
  // In the order of keys that any plan has: it is what decomposing the amended order gives, byte for byte.
  return {
    deliveries: now.deliveries.map(kept),
    products: now.products.map((one) => ({ ...one, components: one.components.map(kept) })),
  };
}

/** What came too late becomes an order of its own, which is placed when this one has ended. */
function followUp(draft: Draft, items: readonly RequestedProductItem[], commandId: string): void {
  const request = followUpOf(draft, items, commandId);
  draft.followUps = [...draft.followUps, request];
  draft.order = { ...draft.order, followUps: [...draft.order.followUps, request.id] };
  write(draft, {
    about: 'order',
    from: draft.order.stage,
    to: draft.order.stage,
    why: `follow-up order ${request.id}`,
  });
}
