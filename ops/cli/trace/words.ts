import { serviceOrderStates } from '../../../contracts/states/service-order.ts';
import { orderEnded } from '../../../workers/service-ordering/service-order.machine.ts';

/** A message's name without domain and version: `service-inventory.claim-services.v1` is `claim services`. */
export const inWords = (type: string): string =>
  type
    .replace(/^[^.]*\./, '')
    .replace(/\.v\d+$/, '')
    .replaceAll('-', ' ');

/** The states an order does not leave. */
export const orderEnds: ReadonlySet<string> = new Set(serviceOrderStates.filter(orderEnded));

/** A span of time for people: `12 ms`, `1.25 s`, `3 min 20 s`, `2 h 5 min`. */
export function spanOfTime(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
