/** The course of an activation: on to the next entry, back over what landed, still, or over. */
import type { Characteristics, Failure } from '../../contracts/messages/values.ts';
import {
  type Activation,
  type Effects,
  type Result,
  type Rules,
  courseOf,
  current,
  currentState,
  missingSteps,
  outlineOf,
} from './activation.state.ts';
import type { EndPhase } from './activation.machine.ts';
import { commit, entryOf, move, openCall, openPoll, openRead, change } from './entries.decide.ts';
import { compensationFor } from './plan.decide.ts';
import { milestoneEvents, report, statusEvent, stepLetter } from './reports.decide.ts';

/** True while an order decides whether to cancel: nothing new is begun. */
export const standsStill = ({ phase, cancelling }: Activation): boolean =>
  phase === 'applying' && cancelling?.stage === 'assessed';
/** True for a stalled activation whose order decides just now whether to cancel: a word on it waits for that. */
export const awaitsVerdict = ({ phase, cancelling }: Activation): boolean =>
  phase === 'stalled' && cancelling?.stage === 'assessed';
/** True while a cancelled activation ends what runs before it is taken back. */
export const turnsBack = ({ phase, cancelling }: Activation): boolean =>
  phase === 'applying' && cancelling?.stage === 'proceeding';

/** Makes the call of an entry whose turn has come; unless the activation stands still, or is to be taken back. */
export function callNow(activation: Activation, rules: Rules, now: Date): Effects {
  if (turnsBack(activation)) return takeBack(move(activation, 'drop'), undefined, rules, now);
  if (!standsStill(activation)) return commit(openCall(activation, rules, now));
  const waiting = currentState(activation) === 'reading' ? move(activation, 'wait') : activation;
  return commit({ ...waiting, dueAt: null });
}

/** The open entry is over: the next is called, in the same change, or the activation concludes. */
export function onward(activation: Activation, rules: Rules, now: Date): Effects {
  const milestones = currentState(activation) === 'landed' ? milestoneEvents(activation, rules, now) : [];
  if (turnsBack(activation)) return withSent(takeBack(activation, undefined, rules, now), milestones);
  const position = activation.position + 1;
  // It stands still before its end too: a change that is over could no longer be taken back under its claim.
  if (position >= activation.entries.length && standsStill(activation))
    return commit({ ...activation, dueAt: null }, ...milestones);
  if (position >= activation.entries.length) return withSent(conclude(activation, endOf(activation)), milestones);
  const next = { ...activation, position, sequence: activation.sequence + 1 };
  if (standsStill(activation)) {
    const still = { ...next, dueAt: null };
    return commit(still, ...milestones, report(still, 'landed'));
  }
  const opened = openCall(next, rules, now);
  return commit(opened, report(opened, 'landed'), ...milestones);
}

/** The open entry took effect. */
export function land(
  activation: Activation,
  { characteristics, resources }: Extract<Result, { kind: 'landed' }>,
  rules: Rules,
  now: Date,
): Effects {
  const waited = current(activation).deadlineAt !== undefined;
  const landed = move(activation, 'land', { failure: undefined, uncertainSince: undefined });
  const effects = onward(
    {
      ...landed,
      characteristics: { ...landed.characteristics, ...characteristics },
      resources: [...landed.resources.filter((one) => !resources.some(({ type }) => type === one.type)), ...resources],
    },
    rules,
    now,
  );
  return waited ? withSent(effects, [statusEvent(activation, 'running')]) : effects;
}

/** The platform said no: what can be done without is left out, everything else is taken back. */
export function refuse(activation: Activation, failure: Failure, rules: Rules, now: Date): Effects {
  if (activation.phase !== 'applying' || activation.command.action === 'delete') return stall(activation, failure);
  const { direction } = current(activation);
  const refused = move(activation, 'refuse', { failure });
  const optional = outlineOf(rules, current(activation))?.optional === true && direction === 'apply';
  if (optional && rules.partial === 'keep') return onward(refused, rules, now);
  return takeBack(refused, failure, rules, now);
}

function endOf(activation: Activation): EndPhase {
  if (activation.phase === 'compensating') return activation.failure === undefined ? 'cancelled' : 'failed';
  return missingSteps(activation).length > 0 ? 'partial' : 'completed';
}

/**
 * Takes back what landed, and what an outside system still has, last first.
 *
 * @param failure why; undefined when it is taken back because somebody asked
 */
export function takeBack(activation: Activation, failure: Failure | undefined, rules: Rules, now: Date): Effects {
  const kept = activation.entries.slice(0, activation.position + 1);
  const effective = kept.filter(({ state }) => state === 'landed' || state === 'withdrawn');
  const undone = compensationFor(activation.command, effective).map(entryOf);
  const turned: Activation = {
    ...activation,
    ...(failure === undefined ? {} : { failure }),
    turned: true,
    phase: 'compensating',
    entries: [...kept, ...undone],
  };
  if (undone.length === 0) return conclude(turned, endOf(turned));
  return commit(openCall({ ...turned, position: kept.length }, rules, now));
}

/** The activation is over, and the inventory hears how. */
export function conclude(activation: Activation, phase: EndPhase): Effects {
  const concluded: Activation = { ...activation, phase, dueAt: null, sequence: activation.sequence + 1 };
  return commit(concluded, report(concluded, phase));
}

/** Retries ran out: the item is held, a letter lies in the dead-letter queue, and nothing happens until a person says so. */
export function stall(activation: Activation, failure: Failure): Effects {
  const stalled: Activation = { ...move(activation, 'stall', { failure }), phase: 'stalled', dueAt: null };
  return {
    ...commit(stalled, statusEvent(stalled, 'stalled', { failure })),
    fallOut: [{ message: stepLetter(stalled), code: failure.code, reason: failure.reason }],
  };
}

/**
 * A stalled step goes on as its next generation. Whatever the old one may have left on its platform is looked up first.
 *
 * @param requested what the service shall be, where a person put it right
 */
export function retry(activation: Activation, rules: Rules, now: Date, requested?: Characteristics): Effects {
  const entry = current(activation);
  const command = requested === undefined ? activation.command : { ...activation.command, requested };
  const again = change(
    { ...activation, command, phase: courseOf(activation) },
    { generation: entry.generation + 1, failures: 0, failure: undefined },
  );
  return withSent(commit(reopened(again, rules, now)), [statusEvent(activation, 'running')]);
}

/** Opens a stalled entry again the way that is safe: its reference stays the step's. */
export function reopened(activation: Activation, rules: Rules, now: Date): Activation {
  const { uncertainSince, deadlineAt } = current(activation);
  if (uncertainSince !== undefined) return openRead(activation, rules, now);
  return deadlineAt === undefined ? openCall(activation, rules, now) : openPoll(activation, rules, now);
}

export const withSent = (effects: Effects, more: NonNullable<Effects['send']>): Effects => ({
  ...effects,
  send: [...(effects.send ?? []), ...more],
});
