/** Cancelling an activation: it stands still and says whether it can be taken back; then it is, or it goes on. */
import type { CancelItem } from '../../contracts/messages/activation.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import { fresh, endsAtOnce } from './activation.decide.ts';
import {
  type Activation,
  type Effects,
  type Entry,
  type Rules,
  type Specified,
  current,
  currentState,
} from './activation.state.ts';
import { callNow, conclude, onward, reopened, takeBack, withSent } from './course.decide.ts';
import { commit, move } from './entries.decide.ts';
import { assessedEvent, statusEvent } from './reports.decide.ts';

/**
 * One stage of a cancellation. Stages of an older round, stages that a later one of their round overtook, and stages said
 * again change nothing. Each carries the whole item: what comes before the command that begins it begins it.
 *
 * @param fault what the activator's own schema has against the characteristics
 */
export function cancel(
  known: Activation | undefined,
  id: string,
  message: CancelItem & { readonly item: Specified },
  fault: Failure | undefined,
  rules: Rules,
  now: Date,
): Effects {
  const activation = known ?? fresh(id, message.item, rules);
  const { cancelling } = activation;
  if (cancelling !== undefined && message.round < cancelling.round) return {};
  const stage = cancelling?.round === message.round ? cancelling.stage : undefined;
  switch (message.stage) {
    case 'assess':
      return stage === undefined ? assess(activation, message, fault, rules) : {};
    case 'abandon':
      return stage === 'proceeding' || stage === 'abandoned' ? {} : abandon(activation, message, fault, rules, now);
    case 'proceed':
      return stage === 'proceeding' || stage === 'abandoned' ? {} : proceed(activation, message, now, rules);
    default:
      return message.stage satisfies never;
  }
}

const marked = (
  activation: Activation,
  { round, claimNumber }: CancelItem,
  stage: NonNullable<Activation['cancelling']>['stage'],
): Activation => ({ ...activation, cancelling: { round, claimNumber, stage } });

function assess(activation: Activation, message: CancelItem, fault: Failure | undefined, rules: Rules): Effects {
  if (activation.revision === 0) {
    const ended = endsAtOnce(activation, fault);
    if (ended !== undefined)
      return withSent(
        ended,
        (ended.save ?? []).map((one) => assessedEvent(one, message.round)),
      );
  }
  const answer = assessedEvent(activation, message.round);
  const { phase, turned } = activation;
  const against = pastReturn(activation, rules);
  if (against !== undefined) return { send: [assessedEvent(activation, message.round, against)] };
  if (turned === true || phase === 'failed' || phase === 'cancelled') return { send: [answer] };
  const state = currentState(activation);
  const still = state === 'waiting' || state === 'planned' ? { dueAt: null } : {};
  return commit({ ...marked(activation, message, 'assessed'), ...still }, answer);
}

const begun = ({ state }: Entry): boolean => state !== 'planned' && state !== 'waiting';
const certainlyNot = ({ state, uncertainSince }: Entry): boolean =>
  state === 'dropped' ||
  state === 'skipped' ||
  state === 'refused' ||
  (state === 'stalled' && uncertainSince === undefined);

/** Why it is too late: its point of no return has been called, or a delete has begun. */
function pastReturn({ entries, command, turned }: Activation, { pointOfNoReturn }: Rules): Failure | undefined {
  if (turned === true) return undefined;
  const { itemId, action } = command;
  const passed = entries.find(
    (entry) =>
      begun(entry) &&
      !certainlyNot(entry) &&
      (action === 'delete' || (entry.direction === 'apply' && entry.step === pointOfNoReturn)),
  );
  if (passed === undefined) return undefined;
  const reason =
    action === 'delete'
      ? `Item "${itemId}" has begun to take its service off the network (${passed.step}), which cannot be called off.`
      : `Item "${itemId}" is past its point of no return, ${passed.step}.`;
  return { code: 'pointOfNoReturn', reason };
}

/** The order goes on after all. */
function abandon(
  activation: Activation,
  message: CancelItem,
  fault: Failure | undefined,
  rules: Rules,
  now: Date,
): Effects {
  const going = marked(activation, message, 'abandoned');
  const ended = activation.revision === 0 ? endsAtOnce(going, fault) : undefined;
  if (ended !== undefined) return ended;
  if (activation.phase !== 'applying' || activation.dueAt !== null) return commit(going);
  return begun(current(going)) ? onward(going, rules, now) : callNow(going, rules, now);
}

function proceed(activation: Activation, message: CancelItem, now: Date, rules: Rules): Effects {
  const { phase } = activation;
  const going = marked(activation, message, 'proceeding');
  switch (phase) {
    case 'failed':
    case 'cancelled':
    case 'compensating':
      return {};
    case 'completed':
    case 'partial':
      return takeBack({ ...going, phase: 'applying' }, undefined, rules, now);
    case 'stalled':
      if (activation.turned === true) return {};
      return withSent(proceedStalled({ ...going, phase: 'applying' }, rules, now), [
        statusEvent(activation, 'running'),
      ]);
    case 'applying':
      return proceedApplying(going, rules, now);
    default:
      return phase satisfies never;
  }
}

/** Running calls finish first; what has not been called never will be; what an outside system has is withdrawn. */
function proceedApplying(activation: Activation, rules: Rules, now: Date): Effects {
  if (activation.entries.length === 0) return conclude({ ...activation, turned: true }, 'cancelled');
  const state = currentState(activation);
  switch (state) {
    case 'planned':
    case 'waiting':
      return takeBack(move(activation, 'drop'), undefined, rules, now);
    case 'external':
    case 'polling':
      return takeBack(move(activation, 'withdraw'), undefined, rules, now);
    case 'landed':
    case 'skipped':
    case 'refused':
      return takeBack(activation, undefined, rules, now);
    case 'calling':
    case 'reading':
    case 'checking':
    case 'dropped':
    case 'withdrawn':
    case 'stalled':
      return commit(activation);
    default:
      return state satisfies never;
  }
}

function proceedStalled(activation: Activation, rules: Rules, now: Date): Effects {
  const { uncertainSince, deadlineAt } = current(activation);
  if (uncertainSince !== undefined) return commit(reopened(activation, rules, now));
  return takeBack(move(activation, deadlineAt === undefined ? 'drop' : 'withdraw'), undefined, rules, now);
}
