/** When an order looks again at what it asked of others, and what it then asks again. */
import { activateItem, cancelItem } from '../../contracts/messages/activation.ts';
import { send } from '../../contracts/messages/message.ts';
import type { Cancellation, RequestedItem, ServiceOrder } from '../../contracts/messages/service-ordering.ts';
import { remindCancellation } from './cancelling.decide.ts';
import { draftOf } from './draft.decide.ts';
import { activation, claim, giveBack } from './launch.decide.ts';
import { type Effects, type OrderState, progressOf } from './order.state.ts';
import { itemEnded, orderEnded } from './service-order.machine.ts';

/** The first reminder of an unanswered command; then twice as long each time. Longer than any healthy step, shorter than a person's patience. */
const firstReminderMs = 30_000;
/** What waits for weeks for somebody outside is not asked after all day: each time is a handful of rows in the journal. */
const longestReminderMs = 6 * 3_600_000;
/** How often a release is said again even after it was answered: a claim that was long under way may come after it. */
const releaseReminders = 3;

/** When the order's alarm rings next; null when it waits for nothing. */
export function nextDue(
  order: ServiceOrder,
  work: OrderState['work'],
  cancellations: readonly Cancellation[],
  reminders: number,
  now: Date,
): Date | null {
  const reminder = new Date(now.getTime() + Math.min(firstReminderMs * 2 ** reminders, longestReminderMs));
  if (orderEnded(order.state)) return unsettledItems(order, work).length === 0 ? null : reminder;
  const asked = cancellations.find(
    ({ state, notBefore }) => state === 'accepted' && notBefore !== undefined,
  )?.notBefore;
  const starts = order.startedAt === undefined ? order.request.requestedStartDate : undefined;
  const dates = [asked, starts].flatMap((date) => (date === undefined ? [] : [new Date(date)]));
  if (order.startedAt !== undefined) dates.push(reminder);
  const coming = dates.filter((date) => date > now).toSorted((a, b) => a.getTime() - b.getTime());
  return coming[0] ?? reminder;
}

/** Asks again, under the same business keys, for everything that is awaited and overdue. */
export function remind(state: OrderState, now: Date): Effects {
  const reminders = state.reminders + 1;
  const draft = draftOf(state, now);
  const { order, work } = draft;
  if (orderEnded(order.state)) {
    const items = unsettledItems(order, work);
    const isReleased = items.every(({ itemId }) => (work[itemId]?.released ?? -1) >= draft.cancellations.length);
    if (items.length === 0 || (isReleased && reminders > releaseReminders))
      return { save: [{ ...state, dueAt: null }] };
    giveBack(draft, servicesOf(items), draft.cancellations.length);
  } else if (order.state === 'assessingCancellation' || order.state === 'pendingCancellation') {
    remindCancellation(draft);
  } else if (order.startedAt !== undefined) {
    const open = order.request.items.filter((item) => !itemEnded(progressOf(order, item.itemId).state));
    claim(
      draft,
      open.filter((item) => work[item.itemId]?.claimNumber === undefined),
    );
    for (const item of open) {
      const { startedAt, state: stands } = progressOf(order, item.itemId);
      if (startedAt === undefined || (stands === 'held' && work[item.itemId]?.unbegun?.held === true)) continue;
      const command = activation(draft, item);
      const round = work[item.itemId]?.cancelling?.round;
      // A cancellation that was refused: the word that it goes on may be what was lost.
      if (round !== undefined)
        draft.send.push(send(cancelItem, { item: command, stage: 'abandon', round, claimNumber: command.claimNumber }));
      draft.send.push(send(activateItem, command));
    }
    giveBack(draft, servicesOf(reclaimedInVain(order, work)), draft.cancellations.length);
  }
  // What is held because it never began is looked at often: it goes on by a letter that somebody replays, and tells nobody.
  const isWatched = Object.values(work).some(({ unbegun }) => unbegun?.held === true);
  const dueAt = nextDue(order, work, draft.cancellations, isWatched ? 0 : reminders, now);
  return { save: [{ ...state, work: draft.work, reminders, dueAt }], send: draft.send };
}

/** Hears that services are given back: no need to say so again. */
export function onReleased(
  state: OrderState | undefined,
  { serviceIds, round = 0 }: { serviceIds: readonly string[]; round?: number | undefined },
): Effects {
  if (state === undefined) return {};
  const given = new Set(serviceIds);
  const news = state.order.request.items.filter(
    ({ itemId, serviceId }) => given.has(serviceId) && (state.work[itemId]?.released ?? -1) < round,
  );
  if (news.length === 0) return {};
  const work = { ...state.work };
  for (const { itemId } of news) work[itemId] = { ...work[itemId], released: round };
  return { save: [{ ...state, work }] };
}

/** Hears of services that came when the order was over: they are given back, and that is said until it is answered. */
export function onClaimedTooLate(state: OrderState, serviceIds: readonly string[], now: Date): Effects {
  const draft = draftOf(state, now);
  giveBack(draft, serviceIds, draft.cancellations.length);
  const dueAt = nextDue(state.order, draft.work, state.cancellations, 0, now);
  return { save: [{ ...state, work: draft.work, reminders: 0, dueAt }], send: draft.send };
}

const servicesOf = (items: readonly RequestedItem[]): string[] => items.map(({ serviceId }) => serviceId);

/** Items whose service an order claimed, or asked for, and whose change never began or came to nothing it heard of. */
function unsettledItems(order: ServiceOrder, work: OrderState['work']): RequestedItem[] {
  const { request, startedAt } = order;
  if (startedAt === undefined) return [];
  const asked = request.items.filter((item) => item.action !== 'noChange');
  const never = asked.filter(({ itemId }) => work[itemId]?.settled === undefined);
  return [...never, ...reclaimedInVain(order, work)];
}

/** Items whose service was asked for again, for a cancellation that did not come about. */
function reclaimedInVain({ request, progress, state }: ServiceOrder, work: OrderState['work']): RequestedItem[] {
  if (state === 'cancelled') return [];
  return request.items.filter(({ itemId }) => {
    const again = work[itemId]?.cancelling?.again;
    return again !== undefined && again.failure === undefined && progress[itemId]?.state !== 'cancelled';
  });
}
