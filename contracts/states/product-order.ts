import { serviceOrderStates } from './service-order.ts';

/** States of a product order, as TMF622 v4.0 `ProductOrderStateType` names them. */
export const productOrderStates = serviceOrderStates;
export type ProductOrderState = (typeof productOrderStates)[number];

/** States of an item (`ProductOrderItemStateType`): an order's, but `partial`. */
export const productOrderItemStates = [
  'acknowledged',
  'rejected',
  'pending',
  'held',
  'inProgress',
  'cancelled',
  'completed',
  'failed',
  'assessingCancellation',
  'pendingCancellation',
] as const;
export type ProductOrderItemState = (typeof productOrderItemStates)[number];

/** The stages of a product order's life in order management's own words. The TMF622 states are read off them. */
export const productOrderStages = [
  'received',
  'validated',
  'decomposed',
  'inProgress',
  'held',
  'assessingCancellation',
  'pendingCancellation',
  'rollingBack',
  'partiallyCompleted',
  'completed',
  'failed',
  'cancelled',
  'rejected',
] as const;
export type ProductOrderStage = (typeof productOrderStages)[number];

/** States of the task that cancels a product order (TMF622 `TaskStateType`). */
export const productOrderCancellationStates = ['acknowledged', 'inProgress', 'done', 'terminatedWithError'] as const;
