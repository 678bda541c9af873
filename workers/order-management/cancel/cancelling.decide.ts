/**
 * Cancelling an order: every service order that runs is asked to be cancelled, while nothing new begins. When none is left
 * running, what is done is taken back. When one can no longer be cancelled, the order goes on as it was: what was
 * cancelled for the asking is ordered again.
 */
import type { ProductOrderCancellation } from '../../../contracts/messages/order-management.ts';
import type { Failure } from '../../../contracts/messages/values.ts';
import { isRunning } from '../delivery.machine.ts';
import { type Delivery, type Draft, advance, all, productsOf, put } from '../draft.decide.ts';
import { bounded } from '../failure.decide.ts';
import { askToCancel } from '../deliver/launch.decide.ts';
import { aim } from '../recover/recovery.decide.ts';
import { end } from '../deliver/rollup.decide.ts';

/** The request that is under way, if any. */
export const currentCancellation = ({
  cancellations,
}: Pick<Draft, 'cancellations'>): ProductOrderCancellation | undefined =>
  cancellations.find(({ state }) => state === 'acknowledged' || state === 'inProgress');

/** Takes the cancellation that is under way as far as it goes now. */
export function pursueCancellation(draft: Draft): void {
  const current = currentCancellation(draft);
  if (current === undefined || draft.ending !== null) return;
  if (current.notBefore !== undefined && new Date(current.notBefore) > draft.now) return;
  const { stage } = draft.order;
  if (stage === 'pendingCancellation') return;
  const { reason } = current;
  draft.order = { ...draft.order, ...(reason === undefined ? {} : { cancellationReason: reason }) };
  if (!draft.planned) return callOff(draft);
  if (stage === 'rollingBack')
    return refuse(draft, { code: 'rollingBack', reason: 'The order is being taken back already.' });
  advance(draft, 'assess');
  assess(draft);
}

/** Nothing has begun. What was asked of the product inventory is given back once it is granted. */
function callOff(draft: Draft): void {
  for (const { id } of productsOf(draft)) draft.givenUp[id] = 'cancelled';
  if (draft.claim === 'asked') {
    advance(draft, 'proceed', 'the products that were asked for are given back first');
    return change(draft, { state: 'inProgress' });
  }
  draft.ending = 'cancel';
  end(draft);
}

function assess(draft: Draft): void {
  const round = draft.cancellations.length;
  const against = all(draft)
    .map((one) => objection(one, round))
    .find((one) => one !== undefined);
  if (against !== undefined) return refuse(draft, against);
  // What is taken back already goes on with that.
  const running = () => all(draft).filter((one) => isRunning(one) && one.work.goal === 'deliver');
  for (const one of running()) if (one.work.asked?.round !== round) askToCancel(draft, one, round);
  if (running().length === 0) proceed(draft);
}

function objection({ planned, progress, work }: Delivery, round: number): Failure | undefined {
  if (work.landed && planned.action === 'delete') {
    const reason = `Service ${progress.serviceId} (${planned.component}) was deleted: that cannot be undone.`;
    return { code: 'pointOfNoReturn', reason };
  }
  return work.goal === 'deliver' && work.asked?.round === round ? work.asked.refused : undefined;
}

function proceed(draft: Draft): void {
  advance(draft, 'proceed');
  change(draft, { state: 'inProgress' });
  for (const { id } of productsOf(draft)) draft.givenUp[id] = 'cancelled';
  for (const id of draft.deliveries.keys()) aim(draft, id);
}

/** It is too late: everything goes on where it was. */
function refuse(draft: Draft, failure: Failure): void {
  change(draft, { state: 'terminatedWithError', failure: bounded(failure) });
  const { cancellationReason: _asked, ...order } = draft.order;
  draft.order = order;
  advance(draft, 'resume', failure.reason);
  for (const one of all(draft)) if (one.work.goal === 'deliver') beginAgain(draft, one);
}

/** Its service order was cancelled for a cancellation that did not come about: it is ordered again. */
export function beginAgain(draft: Draft, { planned, progress, work }: Delivery): void {
  if (progress.state !== 'cancelled' || work.asked === undefined) return;
  put(draft, planned.id, {
    progress: { state: 'waiting', failure: undefined },
    work: { waitUntil: draft.now.toISOString(), trouble: undefined },
    why: 'the order is not cancelled: it is ordered again',
  });
}

function change(draft: Draft, over: Partial<ProductOrderCancellation>): void {
  const current = currentCancellation(draft);
  draft.cancellations = draft.cancellations.map((one) => (one === current ? { ...one, ...over } : one));
}
