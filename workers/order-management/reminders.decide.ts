/** When an order looks again at what it asked of others, and what it then asks again. */
import { isRunning } from './delivery.machine.ts';
import { type Draft, all, isOver } from './draft.decide.ts';
import { placeFollowUps } from './amend/follow-up.decide.ts';
import { place, sayCancel } from './deliver/launch.decide.ts';
import { orderEnded } from './product-order.machine.ts';
import { claim, recordEnd } from './receive/products.decide.ts';

/** The first reminder of an unanswered command; then twice as long each time. Longer than a healthy service order, shorter than a person's patience. */
const firstReminderMs = 30_000;
/** What waits for weeks for somebody outside is not asked after all day: each time is a handful of rows in the journal. */
const longestReminderMs = 6 * 3_600_000;

/** When the order's alarm rings next; null when it waits for nothing. */
export function nextDue(draft: Draft, reminders: number): Date | null {
  const { now } = draft;
  const dates = datesOf(draft).filter((date) => date > now);
  if (awaits(draft))
    dates.push(new Date(now.getTime() + Math.min(firstReminderMs * 2 ** reminders, longestReminderMs)));
  return dates.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null;
}

/** Dates that were given, and waits for another attempt. */
function datesOf(draft: Draft): Date[] {
  const waits = all(draft).flatMap(({ work }) => work.waitUntil ?? []);
  if (isOver(draft)) return waits.map((at) => new Date(at));
  const asked = draft.cancellations.find(({ state }) => state === 'acknowledged')?.notBefore;
  const starts = draft.claim === 'none' ? draft.order.request.requestedStartDate : undefined;
  return [...waits, asked, starts].flatMap((date) => (date === undefined ? [] : [new Date(date)]));
}

/** True while somebody was asked for something and has not answered. */
function awaits(draft: Draft): boolean {
  if (all(draft).some(isRunning)) return true;
  if (orderEnded(draft.order.stage)) return draft.followUps.length > 0;
  return draft.ending !== null || (draft.claim === 'asked' && !draft.planned);
}

/** Says again, under the same business keys, everything that is awaited. */
export function remind(draft: Draft): void {
  if (draft.ending !== null) return recordEnd(draft);
  if (orderEnded(draft.order.stage)) placeFollowUps(draft);
  if (draft.claim === 'asked' && !draft.planned) claim(draft);
  for (const one of all(draft).filter(isRunning)) {
    place(draft, one.planned.id);
    if (one.work.asked !== undefined && one.work.asked.refused === undefined) sayCancel(draft, one.planned.id);
  }
}
