import type { DeliveryProgress } from '../../contracts/messages/order-management.ts';
import type { DeliveryWork } from './order.state.ts';

type Standing = { readonly progress: DeliveryProgress; readonly work: DeliveryWork };

const open: ReadonlySet<DeliveryProgress['state']> = new Set([
  'acknowledged',
  'pending',
  'held',
  'inProgress',
  'assessingCancellation',
  'pendingCancellation',
]);

/** True while a service order runs for it. */
export const isRunning = ({ progress, work }: Standing): boolean => open.has(progress.state) && work.heldHere !== true;

/** True for a delivery that others may build on. */
export const isDone = ({ progress: { state, purpose }, work }: Standing): boolean =>
  work.landed && purpose === 'deliver' && work.trouble === undefined && (state === 'completed' || state === 'partial');

/** True when nothing more happens to it: it is there as ordered, left out, or taken back as far as it can be. */
export function isSettled(one: Standing): boolean {
  const { work, progress } = one;
  if (isRunning(one)) return false;
  if (work.goal === 'deliver') return isDone(one) || progress.state === 'skipped';
  return !work.landed || work.spoiled !== undefined;
}
