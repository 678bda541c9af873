/** When an order's own time comes: dates that were given, and waits for another attempt. */
import { type Draft, all, isOver } from './draft.decide.ts';

/** When the order's alarm rings next; null when nothing of it is about time. */
export function nextDue(draft: Draft): Date | null {
  const [first] = datesOf(draft)
    .map((date) => new Date(date))
    .filter((date) => date > draft.now)
    .toSorted((a, b) => a.getTime() - b.getTime());
  return first ?? null;
}

function datesOf(draft: Draft): string[] {
  const waits = all(draft).flatMap(({ work }) => work.waitUntil ?? []);
  if (isOver(draft)) return waits;
  const asked = draft.cancellations.find(({ state }) => state === 'acknowledged')?.notBefore;
  const starts = draft.claim === 'none' ? draft.order.request.requestedStartDate : undefined;
  return [...waits, asked, starts].flatMap((date) => date ?? []);
}
