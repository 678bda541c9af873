import type { Cancellation, ServiceOrder } from '../../contracts/messages/service-ordering.ts';
import { orderEnded } from './service-order.machine.ts';

/** When the next date comes that an order waits for: its start, or that of its cancellation. Nothing else is a matter of time. */
export function nextDue(order: ServiceOrder, cancellations: readonly Cancellation[], now: Date): Date | null {
  if (orderEnded(order.state)) return null;
  const asked = cancellations.find(
    ({ state, notBefore }) => state === 'accepted' && notBefore !== undefined,
  )?.notBefore;
  const starts = order.startedAt === undefined ? order.request.requestedStartDate : undefined;
  const dates = [asked, starts].flatMap((date) => (date === undefined ? [] : [new Date(date)]));
  const coming = dates.filter((date) => date > now).toSorted((a, b) => a.getTime() - b.getTime());
  return coming[0] ?? null;
}
