import type { ServiceOrder } from '../../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../../contracts/messages/values.ts';

/**
 * What a service order waits for a person about, in its own words: an order that is held has not failed, and whoever looks
 * at the product order shall not have to look for the service order to learn why.
 */
export function whatHolds({
  state,
  progress,
  jeopardies,
}: Pick<ServiceOrder, 'state' | 'progress' | 'jeopardies'>): Failure | undefined {
  if (state !== 'held') return undefined;
  for (const [itemId, { state: stands, failure }] of Object.entries(progress)) {
    if (stands !== 'held' || failure === undefined) continue;
    const alert = jeopardies.findLast(({ itemIds }) => itemIds.includes(itemId));
    return { code: failure.code, reason: alert?.message ?? failure.reason };
  }
  return undefined;
}
