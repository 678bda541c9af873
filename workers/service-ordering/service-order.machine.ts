import type { ServiceOrderItemState, ServiceOrderState } from '../../contracts/states/service-order.ts';

type Table<State extends string, Trigger extends string> = {
  readonly [From in State]: { readonly [On in Trigger]?: State };
};

/**
 * What moves a service order. `wait`: for its start date, for another order, for an outside system. `assess`: its
 * activators are asked whether it can still be cancelled; `proceed`: it can, and is.
 */
export type OrderTrigger =
  | 'start'
  | 'reject'
  | 'allDone'
  | 'someDone'
  | 'noneDone'
  | 'stall'
  | 'resume'
  | 'wait'
  | 'assess'
  | 'proceed'
  | 'cancel';

const open = {
  allDone: 'completed',
  someDone: 'partial',
  noneDone: 'failed',
  stall: 'held',
  wait: 'pending',
  assess: 'assessingCancellation',
  cancel: 'cancelled',
} as const;

/** The whole life of a service order. `partial`: some items done, others not. */
export const orderTransitions = {
  acknowledged: { start: 'inProgress', reject: 'rejected', wait: 'pending' },
  pending: { ...open, start: 'inProgress', resume: 'inProgress' },
  inProgress: open,
  held: { ...open, resume: 'inProgress' },
  assessingCancellation: {
    proceed: 'pendingCancellation',
    cancel: 'cancelled',
    // Refused: back to where its items are.
    resume: 'inProgress',
    stall: 'held',
    wait: 'pending',
    allDone: 'completed',
    someDone: 'partial',
    noneDone: 'failed',
  },
  pendingCancellation: { cancel: 'cancelled', noneDone: 'failed' },
  rejected: {},
  cancelled: {},
  completed: {},
  failed: {},
  partial: {},
} as const satisfies Table<ServiceOrderState, OrderTrigger>;

/**
 * What moves an item. `ask`: its service is asked for again. `wait`: another order changes its service, or an outside system has its work. `abandon`: something
 * it depends on did not come about. `part`: done, without what was optional. `takenBack`: cancelled, and nothing is left.
 */
export type ItemTrigger =
  | 'start'
  | 'ask'
  | 'wait'
  | 'reject'
  | 'complete'
  | 'part'
  | 'fail'
  | 'abandon'
  | 'stall'
  | 'resume'
  | 'assess'
  | 'proceed'
  | 'takenBack';

const settled = { complete: 'completed', part: 'partial', fail: 'failed', takenBack: 'cancelled' } as const;

/** The whole life of an item. What is done can still be taken back, as long as its order is not over. */
export const itemTransitions = {
  acknowledged: {
    start: 'inProgress',
    wait: 'pending',
    stall: 'held',
    reject: 'rejected',
    complete: 'completed',
    fail: 'failed',
    abandon: 'cancelled',
  },
  pending: {
    ...settled,
    start: 'inProgress',
    resume: 'inProgress',
    stall: 'held',
    reject: 'rejected',
    abandon: 'cancelled',
    assess: 'assessingCancellation',
  },
  inProgress: { ...settled, stall: 'held', wait: 'pending', assess: 'assessingCancellation' },
  held: {
    ...settled,
    ask: 'acknowledged',
    resume: 'inProgress',
    wait: 'pending',
    abandon: 'cancelled',
    assess: 'assessingCancellation',
    proceed: 'pendingCancellation',
  },
  assessingCancellation: {
    ...settled,
    proceed: 'pendingCancellation',
    resume: 'inProgress',
    stall: 'held',
    wait: 'pending',
  },
  pendingCancellation: { fail: 'failed', takenBack: 'cancelled', stall: 'held' },
  completed: { proceed: 'pendingCancellation' },
  partial: { proceed: 'pendingCancellation' },
  rejected: {},
  cancelled: {},
  failed: {},
} as const satisfies Table<ServiceOrderItemState, ItemTrigger>;

const ends: ReadonlySet<ServiceOrderState> = new Set(['rejected', 'cancelled', 'completed', 'failed', 'partial']);

/** True for a state that an order never leaves. */
export const orderEnded = (state: ServiceOrderState): boolean => ends.has(state);
/** True for an item that is over, unless its order is cancelled. */
export const itemEnded = (state: ServiceOrderItemState): boolean => ends.has(state);
/** True for an item whose service is as it was asked for, in the main. */
export const itemDone = (state: ServiceOrderItemState | undefined): boolean =>
  state === 'completed' || state === 'partial';

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
