/** What an order does when a command of its own is given up: what the command's definition says. */
import type { GivenUp } from '../../../contracts/messages/given-up.ts';
import { type MessageDefinition, namesOf } from '../../../contracts/messages/message.ts';
import { acceptProductOrder } from '../../../contracts/messages/order-management.ts';
import { cancelOutsideOrder, placeOutsideOrder } from '../../../contracts/messages/outside-ordering.ts';
import { acceptServiceOrder, cancelServiceOrder } from '../../../contracts/messages/service-ordering.ts';
import { isRunning } from '../delivery.machine.ts';
import { all, draftOf, put, write } from '../draft.decide.ts';
import type { Effects, OrderState, Turn } from '../order.state.ts';
import { onCancellation } from './facts.decide.ts';
import { finish } from './finish.decide.ts';
import { askedFor } from './launch.decide.ts';

type Reaction = (state: OrderState, givenUp: GivenUp, turn: Turn) => Effects;

const reactionTo = <Body>(definition: MessageDefinition<Body>, reaction: Reaction): [string, Reaction][] =>
  namesOf(definition).map((name) => [name, reaction]);

/** What is not here only warns: the projector shows it on the order. */
const reactions = new Map([
  ...reactionTo(acceptServiceOrder, hold),
  ...reactionTo(placeOutsideOrder, hold),
  ...reactionTo(cancelServiceOrder, refuse),
  ...reactionTo(cancelOutsideOrder, refuse),
  ...reactionTo(acceptProductOrder, noteFollowUp),
]);

/** The order that sent the command. A cancellation carries the service order's id, and names the product order in its own. */
export const orderBehind = ({ subject, key }: GivenUp): string => askedFor(key ?? '')?.orderId ?? subject;

/** Hears that a command of the order was given up. What has been answered since changes nothing. */
export const onGivenUp = (state: OrderState | undefined, givenUp: GivenUp, turn: Turn): Effects =>
  (state === undefined ? undefined : reactions.get(givenUp.type)?.(state, givenUp, turn)) ?? {};

const failureOf = ({ messageId, queue, code, reason }: GivenUp) => ({
  code: 'commandGivenUp',
  reason: `${queue} gave up message ${messageId}: ${code}: ${reason}`,
});

/**
 * The delivery waits for a person: to replay the letter, to have the service order placed again, or to call it off. Nothing else
 * calls it off: the letter may be on its way back.
 */
function hold(state: OrderState, givenUp: GivenUp, turn: Turn): Effects {
  const draft = draftOf(state, turn);
  const one = all(draft).find(({ progress }) => progress.serviceOrderId === givenUp.key);
  if (one === undefined || !isRunning(one) || one.work.heard > 0 || one.work.fellOut === true) return {};
  put(draft, one.planned.id, {
    progress: { state: 'held', failure: failureOf(givenUp) },
    work: { fellOut: true },
    why: 'given up',
  });
  return finish(draft, state);
}

function refuse(state: OrderState, givenUp: GivenUp, turn: Turn): Effects {
  const { key: id = '' } = givenUp;
  const one = draftOf(state, turn).deliveries.get(askedFor(id)?.deliveryId ?? '');
  if (one === undefined || !isRunning(one)) return {};
  return onCancellation(state, { id, failure: failureOf(givenUp) }, turn);
}

/** The order that was followed has ended, and stays as it is shown. */
function noteFollowUp(state: OrderState, givenUp: GivenUp, turn: Turn): Effects {
  const { key = '' } = givenUp;
  const { stage, followUps } = state.order;
  if (!followUps.includes(key)) return {};
  const draft = draftOf(state, turn);
  write(draft, { about: 'order', from: stage, to: stage, why: `follow-up order ${key}: ${failureOf(givenUp).reason}` });
  return { save: [{ ...state, audit: draft.audit }] };
}
