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

/** An item (`ServiceOrderItemStateType`) has the same states. */
export type ServiceOrderItemState = ServiceOrderState;

/** What an item asks for (`OrderItemActionType`). */
export const orderItemActions = ['add', 'modify', 'delete', 'noChange'] as const;
export type OrderItemAction = (typeof orderItemActions)[number];
