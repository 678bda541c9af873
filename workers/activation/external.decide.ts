/** Work that an outside system took on: its polls, its deadline, and its answers, late and repeated ones too. */
import type { Failure } from '../../contracts/messages/values.ts';
import {
  type Activation,
  type Effects,
  type Result,
  type Rules,
  courseOf,
  current,
  outlineOf,
} from './activation.state.ts';
import { land, refuse, stall, takeBack } from './course.decide.ts';
import { change, commit, due, entryOf, firstLookMs, move, noted, openCall, settleMsOf } from './entries.decide.ts';
import { type StepOutline, compensationFor } from './plan.decide.ts';
import { statusEvent } from './reports.decide.ts';

/** What an outside system says: done, with what came of it, or that it gave the work up. */
export type Answer = Extract<Result, { kind: 'landed' | 'refused' }>;

/**
 * The outside system has the work, or has it still: its answer is awaited until the deadline, and asked for now and then.
 * Past the deadline it is asked until the platform's settle time is over too; then the work is taken back.
 */
export function keepWaiting(activation: Activation, wait: StepOutline['external'], rules: Rules, now: Date): Effects {
  const entry = current(activation);
  const external = wait ?? outlineOf(rules, entry)?.external;
  if (external === undefined || entry.direction !== 'apply') {
    const reason = `Step ${entry.step} answered that an outside system has it, but declares none.`;
    return stall(activation, { code: 'notExternal', reason });
  }
  const first = entry.deadlineAt === undefined;
  const deadline = first ? now.getTime() + external.deadlineMs : Date.parse(entry.deadlineAt ?? '');
  const until = new Date(deadline).toISOString();
  const waiting = move(activation, 'submit', { deadlineAt: until, uncertainSince: undefined, failures: 0 });
  const leftMs = deadline - now.getTime();
  if (leftMs > 0) {
    const polled = due(waiting, now, Math.min(external.pollMs, leftMs));
    const { platform } = entry;
    return first
      ? commit(polled, statusEvent(activation, 'waiting', { waitsFor: { platform, until } }))
      : commit(polled);
  }
  const settleMs = settleMsOf(entry, rules);
  if (-leftMs < settleMs) return commit(due(waiting, now, Math.max(firstLookMs, settleMs / 4)));
  const failure = { code: 'deadlinePassed', reason: `${entry.platform} has not done ${entry.step} by ${until}.` };
  if (activation.phase !== 'applying') return stall(waiting, failure);
  return takeBack(move(waiting, 'withdraw', { failure }), failure, rules, now);
}

/**
 * The outside system's answer, by its callback. It counts once: late for work that was withdrawn it is put right, not
 * ignored; the same again, or for work that is over, it says nothing.
 */
export function onAnswered(
  activation: Activation | undefined,
  position: number,
  answer: Answer,
  rules: Rules,
  now: Date,
): Effects {
  const entry = activation?.entries[position];
  if (activation === undefined || entry === undefined || entry.answered === true) return {};
  if (entry.state === 'withdrawn') return answer.kind === 'landed' ? putRight(activation, position, rules, now) : {};
  if (activation.position !== position || entry.direction !== 'apply') return {};
  if (!['calling', 'reading', 'waiting', 'checking', 'external', 'polling', 'stalled'].includes(entry.state)) return {};
  const failure: Failure | undefined = answer.kind === 'refused' ? answer.failure : undefined;
  const said = { what: 'answer', at: now.toISOString(), endedAt: now.toISOString(), result: answer.kind } as const;
  const heard = change(noted(activation, 'overtaken by the answer', failure, now), {
    answered: true,
    deadlineAt: entry.deadlineAt ?? now.toISOString(),
    log: [...(entry.log ?? []), said],
  });
  const going = heard.phase === 'stalled' ? { ...heard, phase: courseOf(heard) } : heard;
  if (answer.kind === 'landed') return land(going, answer, rules, now);
  return entry.state === 'waiting' ? {} : refuse(going, answer.failure, rules, now);
}

/** What lands after it was withdrawn is undone: by the undo that is still to come, or by one more. */
function putRight(activation: Activation, position: number, rules: Rules, now: Date): Effects {
  const heard = change(activation, { answered: true }, position);
  const { step } = current({ ...activation, position });
  const toCome = heard.entries
    .slice(heard.position)
    .some((one) => one.step === step && one.direction !== 'apply' && ['planned', 'waiting'].includes(one.state));
  if (toCome) return commit(heard);
  const entry = heard.entries[position];
  if (entry === undefined) return {};
  const more = { ...heard, entries: [...heard.entries, ...compensationFor(heard.command, [entry]).map(entryOf)] };
  if (heard.phase === 'compensating' || heard.phase === 'stalled') return commit(more);
  return commit(openCall({ ...more, phase: 'compensating', position: heard.entries.length }, rules, now));
}
