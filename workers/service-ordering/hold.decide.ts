/** Items that are held because a command about them was given up, and what lets them go on. */
import type { GivenUp } from '../../contracts/messages/given-up.ts';
import { type Draft, calm, moved, note, remember, warn } from './draft.decide.ts';
import { bounded, cut } from './failure.decide.ts';
import { type ItemWork, type OrderState, type HeldFor, progressOf } from './order.state.ts';
import { type ItemTrigger, itemEnded } from './service-order.machine.ts';

/** Leaves room for what to do about it. */
const longestReason = 100;

/** Who gave what up, by the command that is sent again. */
const because: Readonly<Record<HeldFor, (serviceType: string) => string>> = {
  claim: () => 'the inventory gave up the claim of services',
  activate: (type) => `the ${type} activator gave up before its first step`,
  proceed: (type) => `the ${type} activator gave up the command to take it back`,
  abandon: (type) => `the ${type} activator gave up the command to go on`,
};

export const isHeldByGivingUp = ({ order, work }: Pick<OrderState, 'order' | 'work'>, itemId: string): boolean =>
  work[itemId]?.unbegun?.held === true && progressOf(order, itemId).state === 'held';

/** What an item is held for, or was; undefined where nothing about it was given up. */
export const heldFor = (work: ItemWork | undefined): HeldFor | undefined =>
  work?.unbegun && (work.unbegun.command ?? 'activate');

/** Holds items, and says to a person why. */
export function hold(
  draft: Draft,
  itemIds: readonly string[],
  command: HeldFor,
  { messageId, reason }: Pick<GivenUp, 'messageId' | 'reason'>,
): void {
  const [first = ''] = itemIds;
  const which = itemIds.length === 1 ? `Item "${first}" is held` : `${itemIds.length} items are held`;
  const who = because[command](progressOf(draft.order, first).serviceType ?? '');
  const message = `${which}: ${who} (${cut(reason, longestReason)}). Put that right, then: patchbay fallout retry.`;
  const alert = warn(draft, { name: 'fallout', message, itemIds: [...itemIds] });
  const code = command === 'claim' || command === 'activate' ? 'notBegun' : 'commandGivenUp';
  for (const itemId of itemIds) {
    remember(draft, itemId, { unbegun: { held: true, command, messageId, alert } });
    if (!isStalled(draft, itemId)) note(draft, itemId, { failure: bounded({ code, reason }) });
    moved(draft, itemId, 'stall');
  }
}

/** An item is not held for that any more: it was heard of, or a person has the command sent again. */
export function goesOn(draft: Draft, itemId: string, retriedAt?: string): void {
  const { unbegun } = draft.work[itemId] ?? {};
  const command = heldFor(draft.work[itemId]);
  if (unbegun?.held !== true) return;
  const retried = { held: false, command, messageId: unbegun.messageId, retriedAt };
  remember(draft, itemId, { unbegun: retriedAt === undefined ? undefined : retried });
  if (unbegun.alert !== undefined) calm(draft, unbegun.alert, itemId);
  if (isStalled(draft, itemId)) return;
  note(draft, itemId, { failure: undefined });
  moved(draft, itemId, command === 'claim' ? 'ask' : command === 'proceed' ? 'proceed' : wayOn(draft, itemId));
}

/** Nobody has to do anything any more about items that have ended otherwise: with what they depended on, or with their order. */
export function calmEnded(draft: Draft): void {
  for (const [itemId, { unbegun }] of Object.entries(draft.work)) {
    if (unbegun?.held !== true || !itemEnded(progressOf(draft.order, itemId).state)) continue;
    remember(draft, itemId, { unbegun: undefined });
    if (unbegun.alert !== undefined) calm(draft, unbegun.alert, itemId);
  }
}

const isStalled = ({ work }: Pick<Draft, 'work'>, itemId: string): boolean =>
  work[itemId]?.status?.status === 'stalled';

/** Where an item goes on whose order is not cancelled after all. */
export function wayOn(draft: Pick<Draft, 'work'>, itemId: string): ItemTrigger {
  const { status } = draft.work[itemId] ?? {};
  if (status?.status === 'stalled') return 'stall';
  return status?.status === 'waiting' ? 'wait' : 'resume';
}
