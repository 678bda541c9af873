import type { ServiceOrderItemState, ServiceOrderState } from '../../contracts/states/service-order.ts';

type Table<State extends string, Trigger extends string> = {
  readonly [From in State]: { readonly [On in Trigger]?: State };
};

/** What moves a service order. */
export type OrderTrigger = 'start' | 'reject' | 'allDone' | 'someDone' | 'noneDone' | 'stall' | 'resume';

/** The whole life of a service order. `partial`: some items done, others not. */
export const orderTransitions = {
  acknowledged: { start: 'inProgress', reject: 'rejected' },
  pending: { start: 'inProgress', reject: 'rejected' },
  inProgress: { allDone: 'completed', someDone: 'partial', noneDone: 'failed', stall: 'held' },
  held: { resume: 'inProgress', allDone: 'completed', someDone: 'partial', noneDone: 'failed' },
  assessingCancellation: {},
  pendingCancellation: {},
  rejected: {},
  cancelled: {},
  completed: {},
  failed: {},
  partial: {},
} as const satisfies Table<ServiceOrderState, OrderTrigger>;

/** What moves an item. `wait`: another order changes its service; it takes its turn. */
export type ItemTrigger = 'start' | 'wait' | 'reject' | 'complete' | 'fail' | 'abandon' | 'stall' | 'resume';

/** The whole life of an item. `abandon`: something it depends on did not come about. */
export const itemTransitions = {
  acknowledged: {
    start: 'inProgress',
    wait: 'pending',
    reject: 'rejected',
    complete: 'completed',
    fail: 'failed',
    abandon: 'cancelled',
  },
  pending: { start: 'inProgress', reject: 'rejected', complete: 'completed', fail: 'failed', abandon: 'cancelled' },
  inProgress: { complete: 'completed', fail: 'failed', stall: 'held' },
  held: { resume: 'inProgress', complete: 'completed', fail: 'failed' },
  assessingCancellation: {},
  pendingCancellation: {},
  rejected: {},
  cancelled: {},
  completed: {},
  failed: {},
  partial: {},
} as const satisfies Table<ServiceOrderItemState, ItemTrigger>;

const isEnd = (table: Table<string, string>, state: string): boolean => Object.keys(table[state] ?? {}).length === 0;

/** True for a state that an order never leaves. */
export const orderEnded = (state: ServiceOrderState): boolean => isEnd(orderTransitions, state);
/** True for a state that an item never leaves. */
export const itemEnded = (state: ServiceOrderItemState): boolean => isEnd(itemTransitions, state);

/** Where the trigger leads an order; undefined where it leads nowhere. */
export function moveOrder(from: ServiceOrderState, trigger: OrderTrigger): ServiceOrderState | undefined {
  const row: { readonly [On in OrderTrigger]?: ServiceOrderState } = orderTransitions[from];
  return row[trigger];
}

/** Where the trigger leads an item; undefined where it leads nowhere. */
export function moveItem(from: ServiceOrderItemState, trigger: ItemTrigger): ServiceOrderItemState | undefined {
  const row: { readonly [On in ItemTrigger]?: ServiceOrderItemState } = itemTransitions[from];
  return row[trigger];
}
