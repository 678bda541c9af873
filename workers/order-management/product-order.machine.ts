import type { ProductOrderStage, ProductOrderState } from '../../contracts/states/product-order.ts';

/**
 * What moves a product order. `hold`: something needs a person; `assess`: service orders are asked whether it can still be
 * cancelled; `proceed`: it can, and is.
 */
export type StageTrigger =
  | 'validate'
  | 'reject'
  | 'decompose'
  | 'submit'
  | 'hold'
  | 'resume'
  | 'assess'
  | 'proceed'
  | 'rollBack'
  | 'allDone'
  | 'someDone'
  | 'noneDone'
  | 'cancel';

type Table = { readonly [From in ProductOrderStage]: { readonly [On in StageTrigger]?: ProductOrderStage } };

const ends = { allDone: 'completed', someDone: 'partiallyCompleted', noneDone: 'failed' } as const;
const running = { ...ends, assess: 'assessingCancellation', rollBack: 'rollingBack' } as const;

/** The whole life of a product order. */
export const stageTransitions = {
  received: { validate: 'validated', reject: 'rejected' },
  // Nothing has begun: what was claimed is given back, and that is all.
  validated: { decompose: 'decomposed', reject: 'rejected', proceed: 'pendingCancellation', cancel: 'cancelled' },
  decomposed: { ...running, submit: 'inProgress' },
  inProgress: { ...running, hold: 'held' },
  held: { ...running, resume: 'inProgress' },
  assessingCancellation: { proceed: 'pendingCancellation', resume: 'inProgress' },
  pendingCancellation: { cancel: 'cancelled', noneDone: 'failed' },
  rollingBack: ends,
  partiallyCompleted: {},
  completed: {},
  failed: {},
  cancelled: {},
  rejected: {},
} as const satisfies Table;

/** Where the trigger leads an order; undefined where it leads nowhere. */
export function moveStage(from: ProductOrderStage, trigger: StageTrigger): ProductOrderStage | undefined {
  const row: { readonly [On in StageTrigger]?: ProductOrderStage } = stageTransitions[from];
  return row[trigger];
}

const ended: ReadonlySet<ProductOrderStage> = new Set([
  'partiallyCompleted',
  'completed',
  'failed',
  'cancelled',
  'rejected',
]);

/** True for a stage that an order never leaves. */
export const orderEnded = (stage: ProductOrderStage): boolean => ended.has(stage);

/**
 * The TMF622 state of an order at this stage.
 *
 * @param waits nothing is being worked on: it waits for its date, or for somebody outside
 */
export function stateOf(stage: ProductOrderStage, waits: boolean): ProductOrderState {
  switch (stage) {
    case 'received':
    case 'validated':
      return waits ? 'pending' : 'acknowledged';
    case 'decomposed':
    case 'inProgress':
      return waits ? 'pending' : 'inProgress';
    case 'rollingBack':
      return 'inProgress';
    case 'partiallyCompleted':
      return 'partial';
    case 'held':
    case 'assessingCancellation':
    case 'pendingCancellation':
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'rejected':
      return stage;
    default:
      return stage satisfies never;
  }
}
