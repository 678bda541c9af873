/** How deliveries add up to items, and items to the order. */
import type { PlannedProduct, ProductItemProgress } from '../../../contracts/messages/order-management.ts';
import { cut } from '../failure.decide.ts';
import { isSettled } from '../delivery.machine.ts';
import { type Delivery, type Draft, advance, all, isCancelling, note, productsOf } from '../draft.decide.ts';
import { outermost, placeFollowUps } from '../amend/follow-up.decide.ts';
import type { StageTrigger } from '../product-order.machine.ts';
import { isIncomplete, recordEnd } from '../receive/products.decide.ts';

type ItemState = ProductItemProgress['state'];

const itemEnds: ReadonlySet<ItemState> = new Set(['completed', 'failed', 'cancelled', 'rejected']);

/** What of the plan is for one item. Parts of bundles are for the item that the bundle is for. */
interface Share {
  readonly products: readonly PlannedProduct[];
  readonly deliveries: readonly Delivery[];
}

/** Rolls deliveries up; when all are settled, has the inventory record what the order came to. */
export function rollUp(draft: Draft): void {
  if (!draft.planned || draft.ending !== null) return;
  const products = Map.groupBy(productsOf(draft), ({ itemId }) => itemId);
  const shares = Map.groupBy(all(draft), ({ planned }) => planned.itemId);
  const shareOf = (itemId: string): Share => ({
    products: products.get(itemId) ?? [],
    deliveries: shares.get(itemId) ?? [],
  });
  for (const { itemId } of draft.order.request.items) {
    const top = outermost(draft.order.request, itemId);
    rollUpItem(draft, itemId, shareOf(top), top === itemId);
  }
  const deliveries = all(draft);
  if (deliveries.every(isSettled)) return conclude(draft);
  const held = deliveries.some(({ progress }) => progress.state === 'held');
  if (!isCancelling(draft)) advance(draft, held ? 'hold' : 'resume');
}

function rollUpItem(draft: Draft, itemId: string, share: Share, isOwn: boolean): void {
  const left = isOwn ? leftOut(draft, share) : [];
  note(draft, itemId, {
    state: stateOfItem(draft, share),
    products: share.products.filter(({ saidBy }) => isOwn || saidBy === itemId).map(({ id }) => id),
    note: left.length > 0 ? cut(`Without ${left.join(', ')}.`) : isOwn ? waiting(share.deliveries) : undefined,
  });
}

const leftOut = (draft: Draft, { products, deliveries }: Share): string[] => [
  ...products.flatMap(({ id, bundle }) => {
    const why = deliveries.find(({ planned, progress }) => planned.productId === id && progress.failure !== undefined);
    return draft.givenUp[id] === 'leftOut' ? [because(bundle?.name ?? id, why)] : [];
  }),
  ...deliveries.flatMap((one) =>
    one.work.goal === 'takeBack' && draft.givenUp[one.planned.productId] === undefined
      ? [because(one.planned.component, one)]
      : [],
  ),
];

const because = (name: string, why: Delivery | undefined): string =>
  why?.progress.failure === undefined ? name : `${name} (${why.progress.failure.reason})`;

function waiting(deliveries: readonly Delivery[]): string | undefined {
  const one = deliveries.find(({ progress }) => progress.state === 'waiting' || progress.state === 'held');
  if (one === undefined) return undefined;
  const { component, state, failure } = one.progress;
  const reason = failure === undefined ? '' : ` ${failure.reason}`;
  return state === 'held' ? `${component} needs a person.${reason}` : `${component} is tried again.${reason}`;
}

/** An item that comes to nothing asks for no change. */
function stateOfItem(draft: Draft, { products, deliveries }: Share): ItemState {
  const settled = deliveries.every(isSettled);
  const lost = products.map(({ id }) => draft.givenUp[id]).filter((how) => how !== undefined && how !== 'leftOut');
  if (settled && lost.length > 0) return lost.includes('cancelled') || neverBegan(deliveries) ? 'cancelled' : 'failed';
  const { stage } = draft.order;
  if (stage === 'assessingCancellation' || stage === 'pendingCancellation') return stage;
  if (settled) return 'completed';
  const states = new Set(deliveries.map(({ progress }) => progress.state));
  if (states.has('held')) return 'held';
  if (deliveries.every(({ progress }) => progress.state === 'planned')) return 'acknowledged';
  const works = [...states].some((state) => state === 'inProgress' || state === 'acknowledged' || state === 'waiting');
  return states.has('pending') && !works ? 'pending' : 'inProgress';
}

const neverBegan = (deliveries: readonly Delivery[]): boolean =>
  deliveries.every(({ work }) => work.serviceOrders.length === 0);

/** Everything is settled: the inventory is told, and once it has recorded that, the order ends. */
function conclude(draft: Draft): void {
  draft.ending = endOf(draft);
  if (claimedNothing(draft)) return end(draft);
  draft.records += 1;
  recordEnd(draft);
}

const claimedNothing = ({ order }: Draft): boolean => order.request.items.every(({ action }) => action === 'noChange');

function endOf(draft: Draft): StageTrigger {
  const spoiled = all(draft).some(({ work }) => work.spoiled !== undefined);
  if (draft.order.stage === 'pendingCancellation') return spoiled ? 'noneDone' : 'cancel';
  const { items, request } = draft.order;
  const states = request.items.flatMap(({ itemId, action }) =>
    action === 'noChange' ? [] : (items[itemId]?.state ?? []),
  );
  if (states.every((state) => state === 'completed')) return isIncomplete(draft) ? 'someDone' : 'allDone';
  return states.includes('completed') ? 'someDone' : 'noneDone';
}

/** The order is over, and so are all who waited for it. */
export function end(draft: Draft): void {
  const trigger = draft.ending;
  if (trigger === null || !advance(draft, trigger)) return;
  draft.ending = null;
  const at = draft.now.toISOString();
  const [first] = Object.entries(draft.order.items).filter(([, { failure }]) => failure !== undefined);
  const spoiled = all(draft).flatMap(({ work }) => work.spoiled ?? [])[0];
  const failure =
    spoiled ??
    (first === undefined || trigger === 'cancel'
      ? undefined
      : { code: first[1].failure?.code ?? '', reason: `Item "${first[0]}": ${first[1].failure?.reason ?? ''}` });
  for (const [itemId, { state }] of Object.entries(draft.order.items))
    if (!itemEnds.has(state)) note(draft, itemId, { state: trigger === 'reject' ? 'rejected' : 'cancelled' });
  draft.order = {
    ...draft.order,
    completedAt: at,
    ...(failure === undefined || draft.order.failure !== undefined ? {} : { failure }),
  };
  concludeCancellation(draft, trigger, at);
  placeFollowUps(draft);
}

function concludeCancellation(draft: Draft, trigger: StageTrigger, at: string): void {
  const cancelled = trigger === 'cancel';
  const { failure } = draft.order;
  draft.cancellations = draft.cancellations.map((one) => {
    if (one.state !== 'acknowledged' && one.state !== 'inProgress') return one;
    if (cancelled) return { ...one, state: 'done', effectiveAt: at };
    const late = { code: 'orderEnded', reason: `The order was ${draft.order.stage} before it was cancelled.` };
    return { ...one, state: 'terminatedWithError', failure: failure ?? late };
  });
  if (cancelled) draft.order = { ...draft.order, cancelledAt: at };
}
