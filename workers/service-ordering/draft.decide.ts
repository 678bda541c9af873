/** A draft of an order's next revision: several changes, one event. */
import type { Outgoing } from '../../contracts/messages/message.ts';
import type {
  Cancellation,
  ItemProgress,
  Jeopardy,
  Milestone,
  RequestedItem,
  ServiceOrder,
} from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import { bounded, cut } from './failure.decide.ts';
import { type ItemWork, type OrderState, progressOf } from './order.state.ts';
import { type ItemTrigger, type OrderTrigger, itemEnded, moveItem, moveOrder } from './service-order.machine.ts';

export interface Draft {
  order: ServiceOrder;
  work: Record<string, ItemWork>;
  cancellations: readonly Cancellation[];
  readonly send: Outgoing[];
  readonly now: Date;
}

/** Past so many an order only counts on: its event has to fit into a message. */
const mostMilestones = 100;
const mostJeopardies = 50;

export const draftOf = (state: OrderState, now: Date): Draft => ({
  order: state.order,
  work: { ...state.work },
  cancellations: state.cancellations,
  send: [],
  now,
});

export const requestedItem = (draft: Draft, itemId: string): RequestedItem | undefined =>
  draft.order.request.items.find((item) => item.itemId === itemId);

/** Moves an item where the trigger leads; false where it leads nowhere. */
export function moved(draft: Draft, itemId: string, trigger: ItemTrigger, failure?: Failure): boolean {
  const progress = draft.order.progress[itemId];
  const to = progress && moveItem(progress.state, trigger);
  if (progress === undefined || to === undefined) return false;
  const at = draft.now.toISOString();
  note(draft, itemId, {
    state: to,
    ...(failure === undefined ? {} : { failure: bounded(failure) }),
    ...(trigger === 'start' ? { startedAt: at } : {}),
    ...(itemEnded(to) ? { endedAt: at, waitsFor: undefined } : {}),
  });
  return true;
}

/** Lays a change over an item's progress; what is undefined is taken away. */
export function note(
  draft: Draft,
  itemId: string,
  change: { [N in keyof ItemProgress]?: ItemProgress[N] | undefined },
): void {
  const merged = Object.entries({ ...progressOf(draft.order, itemId), ...change });
  const progress = Object.fromEntries(merged.filter(([, value]) => value !== undefined)) as ItemProgress;
  draft.order = { ...draft.order, progress: { ...draft.order.progress, [itemId]: progress } };
}

export function remember(draft: Draft, itemId: string, change: ItemWork): void {
  draft.work[itemId] = { ...draft.work[itemId], ...change };
}

export function advance(draft: Draft, trigger: OrderTrigger): void {
  const to = moveOrder(draft.order.state, trigger);
  if (to !== undefined) draft.order = { ...draft.order, state: to };
}

/** Says a milestone; one of the same id is replaced. */
export function say(draft: Draft, milestone: Omit<Milestone, 'at'> & { at?: string }): void {
  const others = draft.order.milestones.filter(({ id }) => id !== milestone.id);
  if (others.length >= mostMilestones) return;
  const at = milestone.at ?? draft.now.toISOString();
  draft.order = { ...draft.order, milestones: [...others, { ...milestone, message: cut(milestone.message), at }] };
}

/** @returns the alert's id: by it the alert is taken back */
export function warn(draft: Draft, alert: Pick<Jeopardy, 'name' | 'message' | 'itemIds'>): string {
  const { jeopardies } = draft.order;
  const [about = 'order'] = alert.itemIds;
  const last = Number(/\d+$/.exec(jeopardies.at(-1)?.id ?? '0')?.[0]);
  const id = `${about}-${last + 1}`;
  const kept = jeopardies.slice(-(mostJeopardies - 1));
  draft.order = {
    ...draft.order,
    jeopardies: [...kept, { ...alert, id, message: cut(alert.message), at: draft.now.toISOString() }],
  };
  return id;
}

/** Takes an alert back for one of the items that it is about. */
export function calm(draft: Draft, alertId: string, itemId: string): void {
  const jeopardies = draft.order.jeopardies.flatMap((one): Jeopardy[] => {
    if (one.id !== alertId) return [one];
    const itemIds = one.itemIds.filter((about) => about !== itemId);
    return itemIds.length === 0 ? [] : [{ ...one, itemIds }];
  });
  draft.order = { ...draft.order, jeopardies };
}
