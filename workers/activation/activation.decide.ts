import type { RunStep, SettleStep } from '../../contracts/messages/activation.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import {
  type Activation,
  type Effects,
  type Entry,
  type Outcome,
  type Result,
  type Rules,
  type Specified,
  courseOf,
  current,
  currentState,
} from './activation.state.ts';
import {
  callNow,
  conclude,
  land,
  onward,
  refuse,
  retry,
  stall,
  takeBack,
  turnsBack,
  withSent,
} from './course.decide.ts';
import {
  change,
  commit,
  due,
  entryOf,
  firstLookMs,
  leaseMsOf,
  lookLater,
  move,
  noted,
  openCall,
  openPoll,
  openRead,
  settleMsOf,
} from './entries.decide.ts';
import { keepWaiting } from './external.decide.ts';
import { planFor } from './plan.decide.ts';
import { statusEvent } from './reports.decide.ts';

/** How long something held back by breaker or bulkhead sits out. */
const sitOutMs = 1_000;

/** An activation as it is before anything was done. */
export const fresh = (id: string, command: Specified, rules: Rules): Activation => ({
  id,
  revision: 0,
  command,
  phase: 'applying',
  entries: planFor(command, rules.steps).map(entryOf),
  position: 0,
  characteristics: {},
  resources: [],
  sequence: 0,
  dueAt: null,
});

/**
 * Begins an activation. One that is known was begun by the command before, or by one to cancel it.
 *
 * @param fault what the activator's own schema has against the characteristics
 */
export function begin(
  known: Activation | undefined,
  id: string,
  command: Specified,
  fault: Failure | undefined,
  rules: Rules,
  now: Date,
): Effects {
  if (known !== undefined) return {};
  const activation = fresh(id, command, rules);
  return endsAtOnce(activation, fault) ?? commit(openCall(activation, rules, now));
}

/** What cannot be begun fails, and what has nothing to do is done. */
export function endsAtOnce(activation: Activation, fault: Failure | undefined): Effects | undefined {
  if (fault !== undefined) return conclude({ ...activation, entries: [], failure: fault }, 'failed');
  return activation.entries.length === 0 ? conclude(activation, 'completed') : undefined;
}

/** The letter of a stalled step, replayed: the step resumes as the next generation. */
export function run(activation: Activation | undefined, message: RunStep, rules: Rules, now: Date): Effects {
  const entry = activation?.entries[message.position];
  if (activation === undefined || entry === undefined || activation.position !== message.position) return {};
  if (entry.generation !== message.generation) return {};
  return entry.state === 'stalled' ? retry(activation, rules, now, message.requested) : {};
}

/** An operator's word on a stalled step. */
export function settle(
  activation: Activation | undefined,
  position: number,
  { verb, requested }: Pick<SettleStep, 'verb' | 'requested'>,
  rules: Rules,
  now: Date,
): Effects {
  if (activation === undefined || activation.position !== position || currentState(activation) !== 'stalled') return {};
  const running = [statusEvent(activation, 'running')];
  switch (verb) {
    case 'retry':
      return retry(activation, rules, now, requested);
    case 'skip':
      return withSent(onward({ ...move(activation, 'skip'), phase: courseOf(activation) }, rules, now), running);
    case 'fail': {
      const failure = current(activation).failure ?? {
        code: 'failedByOperator',
        reason: 'An operator gave the step up.',
      };
      // An undo is given up where it stands: taking back what is being taken back would do it again.
      const given =
        courseOf(activation) === 'compensating'
          ? conclude({ ...activation, failure: leftBehind(activation, failure) }, 'failed')
          : takeBack(givenUp({ ...activation, phase: 'applying' }), failure, rules, now);
      return withSent(given, running);
    }
    default:
      return verb satisfies never;
  }
}

/** What cannot be taken back is left on the network, and whoever ordered it has to know. */
const leftBehind = (activation: Activation, { reason }: Failure): Failure => ({
  code: 'leftBehind',
  reason: `Step ${current(activation).step} could not be taken back and was given up: ${reason}`,
});

/** What an outside system has is taken back with the rest; a call that stalled is known to the operator who gives it up. */
const givenUp = (activation: Activation): Activation =>
  current(activation).deadlineAt === undefined ? activation : move(activation, 'withdraw');

/** Records what became of a call, a read-back or a poll. One of an older attempt, or of a position passed, changes nothing. */
export function onOutcome(
  activation: Activation | undefined,
  { position, attempt, result }: Outcome,
  rules: Rules,
  now: Date,
): Effects {
  if (activation === undefined || activation.position !== position) return {};
  const entry = current(activation);
  if (entry.attempt !== attempt || !['calling', 'reading', 'polling'].includes(entry.state)) return {};
  const failure = 'failure' in result ? result.failure : undefined;
  return decided(noted(activation, result.kind, failure, now), entry, result, rules, now);
}

function decided(activation: Activation, entry: Entry, result: Result, rules: Rules, now: Date): Effects {
  switch (result.kind) {
    case 'landed':
      return land(activation, result, rules, now);
    case 'pending':
      return keepWaiting(activation, result.wait, rules, now);
    case 'refused':
      return refuse(activation, result.failure, rules, now);
    case 'notReached': {
      const failures = entry.failures + (result.counted ? 1 : 0);
      if (failures >= rules.attempts) return stall(activation, result.failure);
      const wait = result.counted ? Math.max(rules.backoff(failures), result.retryAfterMs ?? 0) : sitOutMs;
      if (entry.state === 'reading') return commit(lookLater(activation, { failures }, wait, now));
      if (entry.state === 'polling') return commit(due(move(activation, 'submit', { failures }), now, wait));
      const waiting = move(activation, 'wait', { failures, failure: result.failure });
      return turnsBack(waiting) ? callNow(waiting, rules, now) : commit(due(waiting, now, wait));
    }
    case 'unknown':
      return commit(
        lookLater(
          activation,
          {
            failures: entry.failures + (result.counted === false ? 0 : 1),
            uncertainSince: now.toISOString(),
            failure: result.failure,
          },
          firstLookMs,
          now,
        ),
      );
    case 'unreadable': {
      const failures = entry.failures + (result.counted === true ? 1 : 0);
      if (failures >= rules.attempts) return stall(activation, result.failure);
      if (entry.state === 'polling') return commit(due(move(activation, 'submit', { failures }), now, sitOutMs));
      return commit(lookLater(activation, { failures, failure: result.failure }, sitOutMs, now));
    }
    case 'absent':
      return onAbsent(activation, entry, rules, now);
    default:
      return result satisfies never;
  }
}

/** Not there (yet): only when it stays away for the platform's settle time may the call be made again. */
function onAbsent(activation: Activation, entry: Entry, rules: Rules, now: Date): Effects {
  const settleMs = settleMsOf(entry, rules);
  // The read-back looked some time after it was opened and before now: only the former is certainly not too late.
  const askedAt = (activation.dueAt ?? now).getTime() - leaseMsOf(entry, rules);
  const uncertainMs = askedAt - Date.parse(entry.uncertainSince ?? now.toISOString());
  if (uncertainMs < settleMs) return commit(lookLater(activation, {}, Math.max(firstLookMs, settleMs / 4), now));
  if (entry.failures >= rules.attempts && activation.cancelling?.stage !== 'proceeding') {
    return stall(activation, entry.failure ?? { code: 'noEffect', reason: 'The platform never did it.' });
  }
  return callNow(activation, rules, now);
}

/**
 * The alarm, which is about time itself: a lease that expired means the outcome is unknown, and what waits for its backoff,
 * its next look at an outside system or its deadline gets its turn.
 */
export function onDue(activation: Activation | undefined, rules: Rules, now: Date): Effects {
  if (activation?.dueAt === null || activation === undefined || activation.dueAt > now) return {};
  const state = currentState(activation);
  switch (state) {
    case 'waiting':
      return callNow(activation, rules, now);
    case 'calling':
      return commit(
        openRead(
          change(noted(activation, 'lease over', undefined, now), {
            uncertainSince: now.toISOString(),
            failures: current(activation).failures + 1,
          }),
          rules,
          now,
        ),
      );
    case 'reading':
    case 'checking':
      return commit(openRead(activation, rules, now));
    case 'external':
    case 'polling':
      return commit(openPoll(activation, rules, now));
    case 'planned':
    case 'landed':
    case 'skipped':
    case 'refused':
    case 'dropped':
    case 'withdrawn':
    case 'stalled':
      return { save: [{ ...activation, dueAt: null }] };
    default:
      return state satisfies never;
  }
}
