/** States of a service order, as TMF641 v4.1 `ServiceOrderStateType` names them; our own machine speaks the same. */
export const serviceOrderStates = [
  'acknowledged',
  'rejected',
  'pending',
  'held',
  'inProgress',
  'cancelled',
  'completed',
  'failed',
  'partial',
  'assessingCancellation',
  'pendingCancellation',
] as const;
export type ServiceOrderState = (typeof serviceOrderStates)[number];

/** States of a service order item (`ServiceOrderItemStateType`): the same set. */
export const serviceOrderItemStates = serviceOrderStates;
export type ServiceOrderItemState = ServiceOrderState;

/** What an item asks for (`OrderItemActionType`). */
export const orderItemActions = ['add', 'modify', 'delete', 'noChange'] as const;
export type OrderItemAction = (typeof orderItemActions)[number];
