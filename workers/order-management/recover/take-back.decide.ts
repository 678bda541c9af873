/** Taking deliveries back, each after everything that builds on it: what runs is cancelled, what is done is undone by its opposite. */
import { isRunning, isSettled } from '../delivery.machine.ts';
import { type Delivery, type Draft, all, put } from '../draft.decide.ts';
import { askToCancel, submit } from '../deliver/launch.decide.ts';

/** Takes deliveries that are to be taken back as far as they go now. */
export function takeBack(draft: Draft): void {
  const round = draft.order.stage === 'pendingCancellation' ? draft.cancellations.length : 0;
  // Backwards: a delivery comes after those it depends on.
  for (const { planned } of all(draft).toReversed()) {
    const one = draft.deliveries.get(planned.id);
    if (one === undefined || one.work.goal !== 'takeBack') continue;
    if (isRunning(one)) {
      if (one.progress.purpose === 'deliver' && one.work.asked === undefined) askToCancel(draft, one, round);
    } else if (one.work.spoiled !== undefined) continue;
    else if (!one.work.landed) leave(draft, one);
    else if (one.planned.action === 'delete') spoil(draft, one);
    else if (!builtOn(draft, one)) keepOrUndo(draft, one);
  }
}

/** What could not be taken back still stands on it: it stays too. */
function keepOrUndo(draft: Draft, one: Delivery): void {
  const { action, serviceId, component } = one.planned;
  const above = all(draft).find(
    (other) => other.work.spoiled !== undefined && other.work.landed && other.planned.standsOn.includes(serviceId),
  );
  if (action !== 'add' || above === undefined) return undo(draft, one);
  const reason = `${component} (service ${one.progress.serviceId}) stays: ${above.planned.component} stands on it.`;
  put(draft, one.planned.id, { work: { spoiled: { code: 'leftBehind', reason } }, why: 'it is still stood on' });
}

const builtOn = (draft: Draft, { planned }: Delivery): boolean =>
  all(draft).some(
    (other) => other.planned.dependsOn.includes(planned.id) && other.work.goal === 'takeBack' && !isSettled(other),
  );

/** Nothing is there, and nothing is to come. */
function leave(draft: Draft, { planned, progress }: Delivery): void {
  const isLeftOut = draft.givenUp[planned.productId] === undefined || draft.givenUp[planned.productId] === 'leftOut';
  const ended = ['failed', 'rejected', 'cancelled', 'undone', 'skipped'].includes(progress.state);
  const why = 'it is not wanted any more';
  if (isLeftOut && progress.state !== 'undone')
    put(draft, planned.id, { progress: { state: 'skipped' }, work: { waitUntil: undefined }, why: 'it is left out' });
  else if (!ended)
    put(draft, planned.id, {
      progress: { state: 'cancelled' },
      work: { waitUntil: undefined, heldHere: undefined },
      why,
    });
}

function spoil(draft: Draft, { planned, progress }: Delivery): void {
  const reason = `Service ${progress.serviceId} (${planned.component}) was deleted: that cannot be undone.`;
  put(draft, planned.id, { work: { spoiled: { code: 'cannotBeTakenBack', reason } } });
}

function undo(draft: Draft, one: Delivery): void {
  const { progress, work } = one;
  if (work.heldHere === true && progress.purpose === 'undo') return;
  const waits = progress.purpose === 'undo' && progress.state === 'waiting';
  if (waits && work.waitUntil !== undefined && new Date(work.waitUntil) > draft.now) return;
  submit(draft, one, 'undo', 'it is taken back');
}
