/** What becomes of an order when a delivery goes wrong, by the policies it was accepted under. */
import type { Failure } from '../../../contracts/messages/values.ts';
import {
  type Delivery,
  type Draft,
  advance,
  all,
  isCancelling,
  note,
  productsOf,
  put,
  write,
} from '../draft.decide.ts';
import type { GivenUp } from '../order.state.ts';
import { courseFor, courseForUndo } from './policy.decide.ts';
import { type Scope, canBeLeftOut, everything, itemsOf, leftOutWith } from './scope.decide.ts';

/** Asks the policies about everything that went wrong since. An order that is being cancelled waits with that. */
export function recover(draft: Draft): void {
  for (const { planned } of all(draft)) {
    const one = draft.deliveries.get(planned.id);
    if (one?.work.trouble === undefined) continue;
    if (one.progress.purpose === 'undo') retryUndo(draft, one);
    else if (one.work.goal === 'takeBack') put(draft, planned.id, { work: { trouble: undefined } });
    else if (!isCancelling(draft)) followPolicy(draft, one);
  }
}

function followPolicy(draft: Draft, one: Delivery): void {
  const { planned, work } = one;
  const { trouble: errorClass } = work;
  if (errorClass === undefined) return;
  const retried = work.retries[errorClass] ?? 0;
  const course = courseFor(draft.policies, {
    serviceType: planned.serviceType,
    errorClass,
    retried,
    canBeLeftOut: canBeLeftOut(draft, one),
  });
  const about = `${errorClass}: ${course.do}`;
  switch (course.do) {
    case 'retry':
      return put(draft, planned.id, {
        progress: { state: 'waiting' },
        work: {
          trouble: undefined,
          waitUntil: new Date(draft.now.getTime() + course.waitMs).toISOString(),
          retries: { ...work.retries, [errorClass]: retried + 1 },
        },
        why: `${about} ${course.attempt} of ${course.of} in ${course.waitMs} ms`,
      });
    case 'keep':
      // It may have stood so before: that it is left so is written down all the same.
      write(draft, { about: planned.component, from: one.progress.state, to: 'kept', why: about });
      return put(draft, planned.id, { progress: { state: 'partial' }, work: { trouble: undefined } });
    case 'hold':
      return put(draft, planned.id, {
        progress: { state: 'held' },
        work: { trouble: undefined, heldHere: true },
        why: about,
      });
    case 'markPartial':
      return goOnWithout(draft, one, about);
    case 'compensate':
      return compensate(draft, one, about);
    case 'rollBack':
      return rollBack(draft, one, about);
    default:
      return course satisfies never;
  }
}

/** Takes the item of a delivery back, with what builds on it; the rest of the order goes on. */
export function compensate(draft: Draft, one: Delivery, why: string): void {
  giveUp(draft, one, itemsOf(draft, one), 'failed', why);
}

/** Takes the whole order back. */
export function rollBack(draft: Draft, one: Delivery, why: string): void {
  giveUp(draft, one, everything(draft), 'rolledBack', why);
  advance(draft, 'rollBack', `${one.planned.component} ${why}`);
}

/** Goes on without a delivery; the caller has seen that it can be done without. */
export function goOnWithout(draft: Draft, one: Delivery, why: string): void {
  const scope = leftOutWith(draft, one);
  if (scope === undefined) return compensate(draft, one, why);
  write(draft, { about: one.planned.component, from: one.progress.state, to: 'left out', why });
  for (const id of scope.products) draft.givenUp[id] = 'leftOut';
  for (const id of scope.deliveries) aim(draft, id);
}

function giveUp(draft: Draft, failed: Delivery, scope: Scope, how: GivenUp, why: string): void {
  write(draft, { about: failed.planned.component, from: failed.progress.state, to: 'given up', why });
  const root = failed.progress.failure ?? { code: 'failed', reason: `${failed.planned.component} failed.` };
  for (const { id, itemId } of productsOf(draft)) {
    // What was left out stays so: its product was never to be there.
    if (!scope.products.has(id) || (draft.givenUp[id] !== undefined && how === 'failed')) continue;
    draft.givenUp[id] = draft.givenUp[id] === 'failed' ? 'failed' : how;
    if (draft.order.items[itemId]?.failure !== undefined) continue;
    note(draft, itemId, { failure: itemId === failed.planned.itemId ? root : goesWith(failed, how) });
  }
  for (const id of scope.deliveries) aim(draft, id);
}

const goesWith = ({ planned: { itemId, component } }: Delivery, how: GivenUp): Failure =>
  how === 'rolledBack'
    ? { code: 'rolledBack', reason: `Taken back: ${component} of item "${itemId}" failed.` }
    : { code: 'dependencyFailed', reason: `It goes with item "${itemId}", whose ${component} failed.` };

/** From here on the delivery is taken back; what was tried with it before is over. */
export function aim(draft: Draft, id: string): void {
  const one = draft.deliveries.get(id);
  if (one === undefined || one.progress.purpose === 'undo') return put(draft, id, { work: { goal: 'takeBack' } });
  put(draft, id, {
    ...(one.work.heldHere === true ? { progress: { state: 'failed' } } : {}),
    work: { goal: 'takeBack', trouble: undefined, heldHere: undefined, waitUntil: undefined },
  });
}

/** A person's word: what was given up never runs. Should it run after all, it is taken back as anything that lands late. */
export function callOff(draft: Draft, { planned, work }: Delivery): void {
  const round = draft.cancellations.length;
  // Called off for a cancellation that then does not come about, it is ordered again.
  const asked = isCancelling(draft) && work.goal === 'deliver' ? { id: '', round } : undefined;
  put(draft, planned.id, { progress: { state: 'cancelled' }, work: { fellOut: undefined, asked } });
}

function retryUndo(draft: Draft, one: Delivery): void {
  const { planned, progress, work } = one;
  const retried = work.retries.undo ?? 0;
  const course = courseForUndo(draft.policies, {
    serviceType: planned.serviceType,
    errorClass: work.trouble ?? 'unexpected',
    retried,
  });
  switch (course.do) {
    case 'retry':
      return put(draft, planned.id, {
        progress: { state: 'waiting' },
        work: {
          trouble: undefined,
          waitUntil: new Date(draft.now.getTime() + course.waitMs).toISOString(),
          retries: { ...work.retries, undo: retried + 1 },
        },
        why: `taking back went wrong: retry ${course.attempt} of ${course.of} in ${course.waitMs} ms`,
      });
    case 'hold':
      return put(draft, planned.id, {
        progress: { state: 'held' },
        work: { trouble: undefined, heldHere: true },
        why: 'taking back went wrong: hold',
      });
    case 'leave':
      return leaveBehind(draft, one, progress.failure);
    default:
      return course satisfies never;
  }
}

/** It stays where it is: the order ends with that said. */
export function leaveBehind(draft: Draft, { planned, progress }: Delivery, failure: Failure | undefined): void {
  const reason = `${planned.component} (service ${progress.serviceId}) could not be taken back: ${failure?.reason ?? 'its service order failed.'}`;
  put(draft, planned.id, {
    progress: { state: 'failed' },
    work: { trouble: undefined, heldHere: undefined, fellOut: undefined, spoiled: { code: 'leftBehind', reason } },
    why: 'it is left behind',
  });
}
