/** What order management hears of the service orders it placed: late, twice, or in another order than it happened. */
import type { Failure } from '../../../contracts/messages/values.ts';
import type { ServiceOrderState } from '../../../contracts/states/service-order.ts';
import { beginAgain } from '../cancel/cancelling.decide.ts';
import { type Delivery, type Draft, draftOf, isCancelling, put } from '../draft.decide.ts';
import { errorClassOf } from '../recover/error-class.decide.ts';
import { finish } from './finish.decide.ts';
import { askedFor } from './launch.decide.ts';
import type { Effects, OrderState, Turn } from '../order.state.ts';

/** How a service order stands. `revision` counts what was told of it. */
export interface Standing {
  readonly deliveryId: string;
  readonly serviceOrderId: string;
  readonly revision: number;
  readonly state: ServiceOrderState;
  readonly failure?: Failure | undefined;
}

/**
 * Hears how a service order stands. What is told of an earlier attempt, or was told before, changes nothing. What was given
 * up and lands after all is taken back, after the order's end too.
 */
export function onStanding(state: OrderState | undefined, standing: Standing, turn: Turn): Effects {
  if (state === undefined) return {};
  const draft = draftOf(state, turn);
  const one = draft.deliveries.get(standing.deliveryId);
  if (one === undefined || !isCurrent(one, standing)) return {};
  const { state: stands, failure } = standing;
  const same = one.progress.state === stands && one.progress.failure?.code === failure?.code;
  // Its cancellation waits for the first word of it.
  const isWanted = one.work.goal === 'deliver' && !isCancelling(draft);
  const isAwaited = one.work.heard === 0 && one.progress.purpose === 'deliver' && !isWanted;
  if (same && !isAwaited)
    return {
      save: [{ ...state, work: { ...state.work, [standing.deliveryId]: { ...one.work, heard: standing.revision } } }],
    };
  put(draft, standing.deliveryId, { work: { heard: standing.revision, fellOut: undefined } });
  if (one.progress.purpose === 'undo') hearUndo(draft, one, standing);
  else hear(draft, one, standing);
  return finish(draft, state);
}

const isCurrent = ({ progress, work }: Delivery, { serviceOrderId, revision }: Standing): boolean =>
  progress.serviceOrderId === serviceOrderId && revision > work.heard;

function hear(draft: Draft, one: Delivery, { state, failure }: Standing): void {
  const { planned, work } = one;
  const wrong = errorClassOf(state, failure);
  if (wrong === undefined) {
    put(draft, planned.id, {
      progress: { state, failure },
      ...(state === 'completed' ? { work: { landed: true, trouble: undefined } } : {}),
    });
    return;
  }
  const landed = work.landed || state === 'partial';
  const leftBehind = state === 'failed' && failure?.code === 'leftBehind' ? { spoiled: failure } : {};
  put(draft, planned.id, {
    progress: { state, failure: failure ?? { code: wrong, reason: `Its service order ended ${state}.` } },
    // What is there in part stays so when the rest of it fails once more.
    work: { landed, trouble: work.landed ? 'partial' : wrong, ...leftBehind },
  });
  if (state !== 'cancelled' || work.asked === undefined) return;
  // We asked for it ourselves: no trouble. Where nobody wants that any more, it is ordered again.
  put(draft, planned.id, { progress: { failure: undefined }, work: { trouble: undefined } });
  const known = draft.deliveries.get(planned.id);
  if (known?.work.goal === 'deliver' && draft.order.stage !== 'assessingCancellation') beginAgain(draft, known);
}

function hearUndo(draft: Draft, { planned }: Delivery, { state, failure }: Standing): void {
  const wrong = errorClassOf(state, failure);
  if (state === 'completed' || state === 'partial')
    put(draft, planned.id, { progress: { state: 'undone', failure: undefined }, work: { landed: false } });
  else if (wrong === undefined) put(draft, planned.id, { progress: { state, failure } });
  else
    put(draft, planned.id, {
      progress: { state, failure: failure ?? { code: wrong, reason: `Its service order ended ${state}.` } },
      work: { trouble: wrong },
    });
}

/** Hears what became of a request of ours to cancel a service order. Its being cancelled is told by the order itself. */
export function onCancellation(
  state: OrderState | undefined,
  { id, failure }: { readonly id: string; readonly failure: Failure | undefined },
  turn: Turn,
): Effects {
  const about = askedFor(id);
  if (state === undefined || about === undefined || failure === undefined) return {};
  const work = state.work[about.deliveryId];
  if (work?.asked?.id !== id || work.asked.refused !== undefined) return {};
  return refused(state, about.deliveryId, failure, turn);
}

/** Hears that an outside endpoint refused to cancel its order. */
export function onOutsideRefusal(
  state: OrderState,
  { deliveryId, serviceOrderId }: Pick<Standing, 'deliveryId' | 'serviceOrderId'>,
  failure: Failure,
  turn: Turn,
): Effects {
  const progress = state.order.deliveries.find(({ id }) => id === deliveryId);
  const asked = state.work[deliveryId]?.asked;
  if (progress?.serviceOrderId !== serviceOrderId || asked === undefined || asked.refused !== undefined) return {};
  return refused(state, deliveryId, failure, turn);
}

function refused(state: OrderState, deliveryId: string, failure: Failure, turn: Turn): Effects {
  const draft = draftOf(state, turn);
  const asked = state.work[deliveryId]?.asked;
  if (asked !== undefined) put(draft, deliveryId, { work: { asked: { ...asked, refused: failure } } });
  return finish(draft, state);
}
