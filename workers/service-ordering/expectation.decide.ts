/** When an order is likely to be done, by what such items took lately. */
import type { ServiceOrder } from '../../contracts/messages/service-ordering.ts';
import { type Draft, warn } from './draft.decide.ts';
import { type Durations, durationKey, progressOf } from './order.state.ts';
import { itemEnded } from './service-order.machine.ts';

/** Sets the expected date where every open item's typical duration is known, and warns when that is later than asked for. */
export function expect(draft: Draft, durations: Durations): void {
  const longest = longestPathMs(draft.order, durations);
  if (longest === undefined) return;
  const { requestedStartDate, requestedCompletionDate } = draft.order.request;
  const startsAt = draft.order.startedAt === undefined ? requestedStartDate : undefined;
  const from = startsAt === undefined ? draft.now : new Date(Math.max(Date.parse(startsAt), draft.now.getTime()));
  const expectedAt = new Date(from.getTime() + longest).toISOString();
  draft.order = { ...draft.order, expectedAt };
  if (requestedCompletionDate === undefined || new Date(expectedAt) <= new Date(requestedCompletionDate)) return;
  if (draft.order.jeopardies.some(({ name }) => name === 'late')) return;
  const message = `Expected to be done at ${expectedAt}, which is after the requested ${requestedCompletionDate}.`;
  warn(draft, { name: 'late', message, itemIds: [] });
}

/** Along the items that wait for each other; undefined when one of them has not been seen before. */
function longestPathMs(
  { request, progress }: Pick<ServiceOrder, 'request' | 'progress'>,
  durations: Durations,
): number | undefined {
  const items = new Map(request.items.map((item) => [item.itemId, item]));
  const known = new Map<string, number | undefined>();
  const ownMs = (itemId: string): number | undefined => {
    const item = items.get(itemId);
    const { state, serviceType } = progressOf({ progress }, itemId);
    if (item === undefined || item.action === 'noChange' || itemEnded(state)) return 0;
    return serviceType === undefined ? undefined : durations.get(durationKey(serviceType, item.action));
  };
  // Items are few hundred at most and never in a circle: an order with one is rejected.
  const finishMs = (itemId: string): number | undefined => {
    if (known.has(itemId)) return known.get(itemId);
    let sum = ownMs(itemId);
    const before = (items.get(itemId)?.dependsOn ?? []).map(finishMs);
    for (const one of before) if (one === undefined) sum = undefined;
    if (sum !== undefined) sum += Math.max(0, ...before.map((one) => one ?? 0));
    known.set(itemId, sum);
    return sum;
  };
  const finishes = request.items.map(({ itemId }) => finishMs(itemId));
  return finishes.some((one) => one === undefined) ? undefined : Math.max(0, ...finishes.map((one) => one ?? 0));
}
