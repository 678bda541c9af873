/** What service ordering does about a command of its own that its owner gave up, and what a person's word does then. */
import { activateItem, cancelItem, readCancelKey } from '../../contracts/messages/activation.ts';
import type { GivenUp } from '../../contracts/messages/given-up.ts';
import { type MessageDefinition, namesOf, send } from '../../contracts/messages/message.ts';
import { claimServices, reclaimServices } from '../../contracts/messages/service-inventory.ts';
import { refuseUnanswered, tell } from './cancelling.decide.ts';
import { type Draft, draftOf, requestedItem } from './draft.decide.ts';
import { finish, isCancelling } from './finish.decide.ts';
import { goesOn, hold, isHeldByGivingUp, heldFor } from './hold.decide.ts';
import { activation, claim } from './launch.decide.ts';
import { type Effects, type OrderState, progressOf } from './order.state.ts';
import { itemEnded, orderEnded } from './service-order.machine.ts';

/** False: an answer came first, or a person was quicker, and nothing changes. */
type Reaction = (draft: Draft, givenUp: GivenUp) => boolean;

const reaction = <Body>(definition: MessageDefinition<Body>, react: Reaction): [string, Reaction][] =>
  namesOf(definition).map((name) => [name, react]);

/** By the name of what was given up. What is not here only warns: the projector shows that on the order. */
export const reactions: ReadonlyMap<string, Reaction> = new Map([
  ...reaction(claimServices, notClaimed),
  ...reaction(activateItem, notBegun),
  ...reaction(cancelItem, notCancelled),
  ...reaction(reclaimServices, (draft, { key, reason }) =>
    refuseUnanswered(draft, Number(key), undefined, `The inventory gave up claiming services again: ${reason}`),
  ),
]);

/** Hears that a command of its own was given up. An answer that came first makes it a no-op, one that comes later clears it. */
export function onGivenUp(state: OrderState | undefined, givenUp: GivenUp, now: Date): Effects {
  const react = reactions.get(givenUp.type);
  if (react === undefined || state === undefined || orderEnded(state.order.state)) return {};
  const draft = draftOf(state, now);
  return react(draft, givenUp) ? finish(draft, state) : {};
}

/** The inventory answers a claim for all its items: those that nobody answered are held. */
function notClaimed(draft: Draft, givenUp: GivenUp): boolean {
  const unclaimed = draft.order.request.items.flatMap(({ itemId, action }) => {
    const isOpen = progressOf(draft.order, itemId).state === 'acknowledged' && action !== 'noChange';
    return isOpen && draft.work[itemId]?.claimNumber === undefined && !isOld(draft, itemId, givenUp) ? [itemId] : [];
  });
  if (unclaimed.length === 0) return false;
  hold(draft, unclaimed, 'claim', givenUp);
  return true;
}

/** Its activator knows nothing of an item, unless it has reported, or was asked to cancel it: that carries the whole item. */
function notBegun(draft: Draft, givenUp: GivenUp): boolean {
  const { key: itemId = '' } = givenUp;
  const { status, cancelling, unbegun } = draft.work[itemId] ?? {};
  const { startedAt, state } = progressOf(draft.order, itemId);
  const isKnown =
    status !== undefined ||
    cancelling !== undefined ||
    draft.order.milestones.some(({ itemIds }) => itemIds.includes(itemId));
  if (startedAt === undefined || itemEnded(state) || isKnown) return false;
  if (unbegun?.held === true || isOld(draft, itemId, givenUp)) return false;
  hold(draft, [itemId], 'activate', givenUp);
  return true;
}

/** The question refuses the cancellation; the decision that did not arrive leaves the item standing still. */
function notCancelled(draft: Draft, givenUp: GivenUp): boolean {
  const about = readCancelKey(givenUp.key ?? '');
  if (about === undefined) return false;
  const { itemId, stage, round } = about;
  if (stage === 'assess') {
    const failure = `The activator gave up the question whether item "${itemId}" can be taken back: ${givenUp.reason}`;
    return refuseUnanswered(draft, round, itemId, failure);
  }
  const { cancelling, unbegun } = draft.work[itemId] ?? {};
  const { state } = progressOf(draft.order, itemId);
  if (cancelling?.round !== round || itemEnded(state) || unbegun?.held === true || isOld(draft, itemId, givenUp))
    return false;
  if (stage === 'abandon' && isCancelling(draft)) return false;
  hold(draft, [itemId], stage, givenUp);
  return true;
}

/** It was held for that message before, and a person has had another one sent. */
const isOld = ({ work }: Draft, itemId: string, { messageId }: GivenUp): boolean =>
  work[itemId]?.unbegun?.messageId === messageId;

/** An operator's word: what was given up is sent again. Of an item that is not held for that, it says nothing. */
export function retryItem(state: OrderState | undefined, itemId: string, now: Date): Effects {
  if (state === undefined || !isHeldByGivingUp(state, itemId)) return {};
  const draft = draftOf(state, now);
  const item = requestedItem(draft, itemId);
  const command = heldFor(state.work[itemId]);
  if (item === undefined || command === undefined) return {};
  const at = now.toISOString();
  switch (command) {
    case 'claim': {
      // All of an order are claimed at once, so that no two orders wait for each other.
      const held = draft.order.request.items.filter(
        (one) => isHeldByGivingUp(state, one.itemId) && heldFor(state.work[one.itemId]) === 'claim',
      );
      for (const one of held) goesOn(draft, one.itemId, at);
      claim(draft, held);
      break;
    }
    case 'activate':
      goesOn(draft, itemId, at);
      draft.send.push(send(activateItem, activation(draft, item)));
      break;
    case 'proceed':
    case 'abandon':
      goesOn(draft, itemId, at);
      tell(draft, item, command);
      break;
    default:
      return command satisfies never;
  }
  return finish(draft, state);
}
