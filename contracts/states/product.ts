/** Statuses of a product, as TMF637 v4.0 `ProductStatusType` names them (its `aborted` has a blank behind it, which we take and never give). */
export const productStatuses = [
  'created',
  'pendingActive',
  'cancelled',
  'active',
  'pendingTerminate',
  'terminated',
  'suspended',
  'aborted',
] as const;
export type ProductStatus = (typeof productStatuses)[number];
