/**
 * Cancelling an order: every activator that began is asked whether its item can be taken back, the services of items
 * that are done are claimed again; when all agree, what was done is taken back, last first. Otherwise all go on.
 */
import { cancelItem } from '../../contracts/messages/activation.ts';
import { send } from '../../contracts/messages/message.ts';
import { type ClaimVerdict, reclaimServices } from '../../contracts/messages/service-inventory.ts';
import type { Cancellation, RequestedItem } from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import { type Draft, advance, moved, remember, say } from './draft.decide.ts';
import { bounded } from './failure.decide.ts';
import { goesOn, wayOn } from './hold.decide.ts';
import { activation, giveBack } from './launch.decide.ts';
import { type ItemCancelling, progressOf } from './order.state.ts';
import { itemDone, itemEnded } from './service-order.machine.ts';

/** What an activator reports when an undo was given up: something is left on the network. */
export const leftBehind = 'leftBehind';

/** The request that is under way, if any. */
export const currentCancellation = ({ cancellations }: Pick<Draft, 'cancellations'>): Cancellation | undefined =>
  cancellations.find(({ state }) => state === 'accepted' || state === 'inProgress');

/** Takes the cancellation that is under way as far as it goes now. */
export function pursueCancellation(draft: Draft): void {
  const cancellation = currentCancellation(draft);
  if (cancellation === undefined) return;
  if (cancellation.notBefore !== undefined && new Date(cancellation.notBefore) > draft.now) return;
  if (draft.order.state !== 'pendingCancellation') advance(draft, 'assess');
  if (draft.order.state !== 'pendingCancellation') assess(draft);
  if (draft.order.state === 'pendingCancellation') takeBack(draft);
}

const roundOf = ({ cancellations }: Draft): number => cancellations.length;
const cancellingOf = (draft: Draft, itemId: string): ItemCancelling => {
  const known = draft.work[itemId]?.cancelling;
  return known?.round === roundOf(draft) ? known : { round: roundOf(draft) };
};
const heard = (draft: Draft, itemId: string, news: Partial<ItemCancelling>): void =>
  remember(draft, itemId, { cancelling: { ...cancellingOf(draft, itemId), ...news } });

/** Items that an activator was told of, and whose change is not over in vain. */
function begunItems(draft: Draft): RequestedItem[] {
  return draft.order.request.items.filter(({ itemId, action }) => {
    const { startedAt, state } = progressOf(draft.order, itemId);
    return action !== 'noChange' && startedAt !== undefined && (itemDone(state) || !itemEnded(state));
  });
}

const isDone = (draft: Draft, { itemId }: RequestedItem): boolean => itemDone(progressOf(draft.order, itemId).state);

/** Asks whoever has not been asked; decides when everybody has answered. */
function assess(draft: Draft): void {
  const begun = begunItems(draft);
  const unasked = begun.filter(({ itemId }) => draft.work[itemId]?.cancelling?.round !== roundOf(draft));
  for (const item of unasked) {
    heard(draft, item.itemId, {});
    // What its activator was not told before comes with the question, which carries the whole item.
    goesOn(draft, item.itemId);
    tell(draft, item, 'assess');
    moved(draft, item.itemId, 'assess');
  }
  const toReclaim = begun.filter((item) => isDone(draft, item) && cancellingOf(draft, item.itemId).again === undefined);
  for (const { itemId } of toReclaim) heard(draft, itemId, { again: {} });
  reclaim(draft, toReclaim);
  const verdicts = begun.map((item) => ({ item, ...cancellingOf(draft, item.itemId) }));
  const against = verdicts
    .map(({ verdict, again }) => verdict?.failure ?? again?.failure)
    .find((one) => one !== undefined);
  if (against !== undefined) return refuse(draft, against);
  const agreed = verdicts.every(({ item, verdict, again }) => {
    if (verdict === undefined) return false;
    return isDone(draft, item) ? again?.number !== undefined : !verdict.over;
  });
  if (agreed) proceed(draft);
}

function reclaim(draft: Draft, items: readonly RequestedItem[]): void {
  if (items.length === 0) return;
  const services = items.map(({ itemId, serviceId }) => ({ itemId, serviceId }));
  draft.send.push(send(reclaimServices, { orderId: draft.order.id, round: roundOf(draft), services }));
}

/** Says a stage of the cancellation that is under way, or was last, to an item's activator. */
export function tell(draft: Draft, item: RequestedItem, stage: 'assess' | 'proceed' | 'abandon'): void {
  const command = activation(draft, item);
  const { round, again } = cancellingOf(draft, item.itemId);
  const claimNumber = again?.number ?? command.claimNumber;
  draft.send.push(send(cancelItem, { item: command, stage, round, claimNumber }));
}

function change(draft: Draft, over: Partial<Cancellation>): void {
  const current = currentCancellation(draft);
  draft.cancellations = draft.cancellations.map((one) => (one === current ? { ...one, ...over } : one));
}

/** It is too late: everything goes on where it was. */
function refuse(draft: Draft, failure: Failure): void {
  const asked = begunItems(draft).filter(({ itemId }) => draft.work[itemId]?.cancelling?.round === roundOf(draft));
  for (const item of asked) {
    tell(draft, item, 'abandon');
    moved(draft, item.itemId, wayOn(draft, item.itemId));
  }
  // The claim may be granted although the word of it has not come.
  const reclaimed = asked.filter(({ itemId }) => cancellingOf(draft, itemId).again !== undefined);
  giveBack(
    draft,
    reclaimed.map(({ serviceId }) => serviceId),
    roundOf(draft),
  );
  change(draft, { state: 'terminatedWithError', failure: bounded(failure) });
  const states = Object.values(draft.order.progress).map(({ state }) => state);
  advance(draft, states.includes('held') ? 'stall' : 'resume');
}

/** It can be cancelled: what has not begun never will. */
function proceed(draft: Draft): void {
  advance(draft, 'proceed');
  change(draft, { state: 'inProgress' });
  const reason = 'Not started: the order was cancelled.';
  const never = draft.order.request.items.filter(
    ({ itemId }) =>
      progressOf(draft.order, itemId).startedAt === undefined &&
      moved(draft, itemId, 'abandon', { code: 'orderCancelled', reason }),
  );
  if (draft.order.startedAt !== undefined)
    giveBack(
      draft,
      never.flatMap(({ serviceId, action }) => (action === 'noChange' ? [] : [serviceId])),
    );
}

/** Takes items back, each after everything that stands on it; ends when nothing is left to take back. */
function takeBack(draft: Draft): void {
  const { items } = draft.order.request;
  const left = begunItems(draft);
  for (const item of left) {
    const above = items.filter(({ dependsOn }) => dependsOn.includes(item.itemId));
    if (above.some((one) => left.includes(one)) || cancellingOf(draft, item.itemId).proceeding === true) continue;
    heard(draft, item.itemId, { proceeding: true });
    tell(draft, item, 'proceed');
    moved(draft, item.itemId, 'proceed');
  }
  if (left.length === 0) conclude(draft);
}

function conclude(draft: Draft): void {
  const at = draft.now.toISOString();
  const { reason } = currentCancellation(draft) ?? {};
  const [spoiled] = Object.entries(draft.order.progress).filter(([, { failure }]) => failure?.code === leftBehind);
  if (spoiled !== undefined) {
    const [itemId, { failure }] = spoiled;
    const told = bounded({ code: leftBehind, reason: `Item "${itemId}": ${failure?.reason ?? ''}` });
    change(draft, { state: 'terminatedWithError', failure: told });
    draft.order = { ...draft.order, failure: told };
    return advance(draft, 'noneDone');
  }
  change(draft, { state: 'done', effectiveAt: at });
  draft.order = {
    ...draft.order,
    cancelledAt: at,
    ...(reason === undefined ? {} : { cancellationReason: reason }),
  };
  say(draft, {
    id: 'cancelled',
    name: 'cancelled',
    message: 'Cancelled: what was done has been taken back.',
    itemIds: [],
  });
  advance(draft, 'cancel');
}

/** Hears what an activator says to the question whether its item can be taken back. */
export function hearVerdict(draft: Draft, itemId: string, verdict: NonNullable<ItemCancelling['verdict']>): void {
  if (draft.order.state === 'assessingCancellation') heard(draft, itemId, { verdict });
}

/** A question of that round was given up: nobody can say that all can be taken back. False where that was answered, or is over. */
export function refuseUnanswered(draft: Draft, round: number, itemId: string | undefined, reason: string): boolean {
  if (draft.order.state !== 'assessingCancellation' || round !== roundOf(draft)) return false;
  const isOpen = (item: RequestedItem): boolean => {
    const { verdict, again } = cancellingOf(draft, item.itemId);
    if (itemId !== undefined) return item.itemId === itemId && verdict === undefined;
    return again !== undefined && again.number === undefined;
  };
  if (!begunItems(draft).some(isOpen)) return false;
  refuse(draft, { code: 'commandGivenUp', reason });
  return true;
}

/** Hears whether a service that was changed already could be claimed again; what is not wanted any more is given back. */
export function hearReclaimed(draft: Draft, verdict: Exclude<ClaimVerdict, { verdict: 'waiting' }>): void {
  const { itemId, again: round = 0 } = verdict;
  const current = round === roundOf(draft);
  if (draft.order.state === 'assessingCancellation' && current) {
    const again = verdict.verdict === 'claimed' ? { number: verdict.number } : { failure: verdict.failure };
    return heard(draft, itemId, { again });
  }
  const wanted = draft.order.state === 'pendingCancellation' && current;
  if (!wanted && verdict.verdict === 'claimed') giveBack(draft, [verdict.service.id], round);
}
