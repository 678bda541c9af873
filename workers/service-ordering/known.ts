import type { ClaimVerdict } from '../../contracts/messages/service-inventory.ts';
import type { ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import { readDurations } from './duration.store.ts';
import type { Known } from './service-order.decide.ts';
import { findSpecifications } from './specification.store.ts';

/** What orders are held against when they come: the cached catalog, and what such items took lately. */
export const knownToAccept = (tx: Transaction, orders: readonly ServiceOrderRequest[]): Promise<Known> => {
  const items = orders.flatMap((order) => order.items);
  return known(tx, {
    ids: items.flatMap((item) => item.specification?.id ?? []),
    serviceTypes: items.flatMap((item) => (item.specification === undefined ? (item.serviceType ?? []) : [])),
  });
};

/** What items of existing services are held against, once it is known what these are. */
export const knownOfServices = (tx: Transaction, verdicts: readonly ClaimVerdict[]): Promise<Known> => {
  const services = verdicts.flatMap((verdict) => (verdict.verdict === 'claimed' ? [verdict.service] : []));
  return known(tx, {
    ids: services.flatMap((service) => service.specification?.id ?? []),
    serviceTypes: services.flatMap((service) => service.serviceType ?? []),
  });
};

async function known(tx: Transaction, wanted: Parameters<typeof findSpecifications>[1]): Promise<Known> {
  const [specifications, durations] = await Promise.all([findSpecifications(tx, wanted), readDurations(tx)]);
  return { specifications, durations };
}
