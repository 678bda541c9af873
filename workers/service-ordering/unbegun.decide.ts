/**
 * Items whose activator gave up on the very command to begin them: the message is dead-lettered before there is a step, so no
 * activator can say that it stands still. Sending it again for ever helps nobody; a person has to know.
 */
import { activateItem } from '../../contracts/messages/activation.ts';
import { send } from '../../contracts/messages/message.ts';
import { type Draft, draftOf, moved, note, remember, requestedItem, warn } from './draft.decide.ts';
import { cut } from './failure.decide.ts';
import { finish, isCancelling } from './finish.decide.ts';
import { activation } from './launch.decide.ts';
import { type Effects, type OrderState, progressOf } from './order.state.ts';
import { itemEnded, orderEnded } from './service-order.machine.ts';

/** What became of the commands to begin an item. */
export interface Beginning {
  /** One of them was taken. */
  readonly begun: boolean;
  /** When the last of them was given up; null where none was. */
  readonly givenUpAt: Date | null;
  readonly reason: string | null;
}
/** By item; `''` for those that could not be read. */
export type Beginnings = ReadonlyMap<string, Beginning>;

/** Leaves room for what to do about it. */
const longestReason = 100;

export const isHeldUnbegun = ({ order, work }: Pick<OrderState, 'order' | 'work'>, itemId: string): boolean =>
  work[itemId]?.unbegun?.held === true && progressOf(order, itemId).state === 'held';

/** Holds items that were given up before they began, and lets those go on that were taken up after all. */
export function lookAtBeginnings(state: OrderState, beginnings: Beginnings, now: Date): Effects | undefined {
  if (orderEnded(state.order.state) || isCancelling(state)) return undefined;
  const draft = draftOf(state, now);
  const changed = state.order.request.items.filter(({ itemId }) => {
    const { startedAt, state: stands } = progressOf(state.order, itemId);
    if (startedAt === undefined || itemEnded(stands)) return false;
    const held = isHeldUnbegun(state, itemId);
    const givenUp = whyNotBegun(state, beginnings, itemId);
    if (givenUp !== undefined && !held) hold(draft, itemId, givenUp);
    else if (givenUp === undefined && held) goesOn(draft, itemId);
    else return false;
    return true;
  });
  return changed.length === 0 ? undefined : finish(draft, state);
}

/** Why an item has not begun; undefined where it has, or where nobody has given it up since it was last tried. */
function whyNotBegun({ work }: OrderState, beginnings: Beginnings, itemId: string): string | undefined {
  const { status, unbegun } = work[itemId] ?? {};
  const own = beginnings.get(itemId);
  if (status !== undefined || own?.begun === true) return undefined;
  const { givenUpAt = null, reason } = own ?? beginnings.get('') ?? {};
  if (givenUpAt === null) return undefined;
  const isOld = unbegun?.retriedAt !== undefined && givenUpAt <= new Date(unbegun.retriedAt);
  return isOld ? undefined : (reason ?? 'it said no reason');
}

function hold(draft: Draft, itemId: string, reason: string): void {
  const type = progressOf(draft.order, itemId).serviceType ?? '';
  const why = cut(reason, longestReason);
  const message = `Item "${itemId}" is held: the ${type} activator gave up before its first step (${why}). Put that right, then: patchbay fallout retry.`;
  warn(draft, { name: 'fallout', message, itemIds: [itemId] });
  remember(draft, itemId, { unbegun: { ...draft.work[itemId]?.unbegun, held: true } });
  moved(draft, itemId, 'stall', { code: 'notBegun', reason });
}

/** It is not held for that any more. */
export function goesOn(draft: Draft, itemId: string, retriedAt?: string): void {
  note(draft, itemId, { failure: undefined });
  remember(draft, itemId, { unbegun: retriedAt === undefined ? undefined : { held: false, retriedAt } });
  moved(draft, itemId, 'resume');
}

/** An operator's word: the command to begin the item is sent again. Of an item that is not held for that, it says nothing. */
export function retryItem(state: OrderState | undefined, itemId: string, now: Date): Effects {
  if (state === undefined || !isHeldUnbegun(state, itemId)) return {};
  const draft = draftOf(state, now);
  const item = requestedItem(draft, itemId);
  if (item === undefined) return {};
  goesOn(draft, itemId, now.toISOString());
  draft.send.push(send(activateItem, activation(draft, item)));
  return finish(draft, state);
}
