import type { ProductStatus } from '../../contracts/states/product.ts';

/**
 * Where a product may go from where it is. What an order takes back goes back where it was, which `mayBecome` allows
 * beside this table.
 */
export const productTransitions = {
  created: ['pendingActive', 'active', 'suspended', 'pendingTerminate', 'terminated', 'cancelled', 'aborted'],
  pendingActive: ['active', 'suspended', 'pendingTerminate', 'terminated', 'cancelled', 'aborted'],
  active: ['pendingActive', 'suspended', 'pendingTerminate', 'terminated'],
  suspended: ['pendingActive', 'active', 'pendingTerminate', 'terminated'],
  pendingTerminate: ['pendingActive', 'active', 'suspended', 'terminated', 'cancelled', 'aborted'],
  cancelled: [],
  terminated: [],
  aborted: [],
} as const satisfies { readonly [From in ProductStatus]: readonly ProductStatus[] };

/** What a product has behind it, for the question of where it may go. */
export interface Past {
  readonly status: ProductStatus;
  /** When it became active for the first time. */
  readonly startDate?: string | undefined;
  /** The order that changes it, with the status it found. */
  readonly claim: { readonly status: ProductStatus } | null;
}

/** True for a status that a product never leaves. */
export const productEnded = (status: ProductStatus): boolean => productTransitions[status].length === 0;

/** True while services stand behind a product, or should. */
export const isLive = (status: ProductStatus): boolean =>
  status === 'active' || status === 'suspended' || status === 'pendingActive';

/** True where the product may become that, or is it already. */
export function mayBecome({ status, startDate, claim }: Past, to: ProductStatus): boolean {
  if (to === status) return true;
  if (productEnded(status)) return false;
  if (to === claim?.status) return true;
  // What a customer has had is terminated; it cannot come to nothing.
  if (startDate !== undefined && (to === 'cancelled' || to === 'aborted')) return false;
  const next: readonly ProductStatus[] = productTransitions[status];
  return next.includes(to);
}
