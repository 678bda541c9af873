import { send } from '../../../contracts/messages/message.ts';
import { type SettleDelivery, productOrderCommandRefused } from '../../../contracts/messages/order-management.ts';
import type { Characteristics, CommandRefused } from '../../../contracts/messages/values.ts';
import { isRunning } from '../delivery.machine.ts';
import { type Delivery, type Draft, draftOf, isCancelling, isOver, put, write } from '../draft.decide.ts';
import { finish } from './finish.decide.ts';
import { place } from './launch.decide.ts';
import type { Effects, OrderState, Turn } from '../order.state.ts';
import { callOff, compensate, goOnWithout, leaveBehind, rollBack } from '../recover/recovery.decide.ts';
import { canBeLeftOut } from '../recover/scope.decide.ts';

/** A person's word on a delivery that is held: by its policy, or because its service order is. */
export function settle(
  state: OrderState | undefined,
  { orderId, deliveryId, verb, requested }: SettleDelivery,
  commandId: string,
  turn: Turn,
): Effects {
  const refuse = (reason: Reason): Effects => ({
    send: [send(productOrderCommandRefused, { commandId, id: orderId, ...reason })],
  });
  if (state === undefined || state.deleted) return refuse(unknown(`product order ${orderId}`));
  const draft = draftOf(state, turn);
  const one = draft.deliveries.get(deliveryId);
  if (one === undefined) return refuse(unknown(`delivery ${deliveryId} in product order ${orderId}`));
  const against = objection(draft, one, verb);
  if (against !== undefined) return refuse(against);
  write(draft, { about: one.planned.component, from: 'held', to: verb, why: 'by the word of a person' });
  carryOut(draft, one, verb, requested);
  return finish(draft, state);
}

type Reason = Pick<CommandRefused, 'kind' | 'code' | 'reason'>;

const unknown = (what: string): Reason => ({ kind: 'notFound', code: 'notFound', reason: `There is no ${what}.` });
const conflict = (code: string, reason: string): Reason => ({ kind: 'conflict', code, reason });

function objection(draft: Draft, one: Delivery, verb: SettleDelivery['verb']): Reason | undefined {
  const { component, state } = one.progress;
  if (isOver(draft)) return conflict('orderEnded', `The order is ${draft.order.stage}: nothing of it is held.`);
  // Where the order is going back anyway, a person decides about what cannot be taken back, and about nothing else.
  if (isCancelling(draft) && one.progress.purpose === 'deliver' && one.work.fellOut !== true)
    return conflict('cancellationUnderWay', 'The order is being cancelled.');
  if (state !== 'held') return conflict('notHeld', `${component} is ${state}, not held.`);
  if (verb === 'retry' && isRunning(one) && one.work.fellOut !== true) {
    const reason = `Service order ${one.progress.serviceOrderId} of ${component} is held: settle what holds it there.`;
    return conflict('serviceOrderHeld', reason);
  }
  if (verb === 'skip' && one.progress.purpose === 'deliver' && !canBeLeftOut(draft, one))
    return conflict('notOptional', `${component} is not optional: the order cannot go on without it.`);
  return undefined;
}

function carryOut(
  draft: Draft,
  one: Delivery,
  verb: SettleDelivery['verb'],
  requested: Characteristics | undefined,
): void {
  const why = `settled: ${verb}`;
  if (verb === 'retry') return tryAgain(draft, one, requested, why);
  if (one.progress.purpose === 'undo') leaveBehind(draft, one, one.progress.failure);
  else if (one.work.fellOut === true) callOff(draft, one);
  if (isCancelling(draft) || (one.work.fellOut === true && one.work.goal === 'takeBack')) return;
  switch (verb) {
    case 'skip':
      return one.progress.purpose === 'undo' ? undefined : goOnWithout(draft, one, why);
    case 'fail':
      return compensate(draft, one, why);
    case 'rollBack':
      return rollBack(draft, one, why);
    default:
      return verb satisfies never;
  }
}

function tryAgain(draft: Draft, one: Delivery, requested: Characteristics | undefined, why: string): void {
  const { id } = one.planned;
  if (requested !== undefined && one.progress.purpose === 'deliver') putRight(draft, one, requested);
  if (one.work.fellOut === true) {
    // The same service order: its letter may be replayed as well.
    put(draft, id, { progress: { state: 'acknowledged', failure: undefined }, work: { fellOut: undefined }, why });
    return place(draft, id);
  }
  put(draft, id, {
    progress: { state: 'waiting' },
    work: { heldHere: undefined, retries: {}, waitUntil: draft.now.toISOString() },
    why,
  });
}

/** What the service shall be, put right by a person: the plan says it from now on. */
function putRight(draft: Draft, { planned, progress, work }: Delivery, requested: Characteristics): void {
  const characteristics = { ...planned.characteristics, ...requested };
  const right = { ...planned, characteristics };
  draft.deliveries.set(planned.id, { planned: right, progress, work });
  if (draft.plan === null) return;
  draft.plan = {
    deliveries: draft.plan.deliveries.map((one) => (one.id === planned.id ? right : one)),
    products: draft.plan.products.map((product) => ({
      ...product,
      components: product.components.map((one) =>
        one.serviceId === planned.serviceId ? { ...one, characteristics } : one,
      ),
    })),
  };
}
