/** Moves of the open entry: pure transforms that the course of an activation is made of. */
import type { Outgoing } from '../../contracts/messages/message.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import {
  type Activation,
  type Attempt,
  type Effects,
  type Entry,
  type Rules,
  current,
  currentState,
} from './activation.state.ts';
import { type EntryTrigger, entryTransitions } from './activation.machine.ts';
import type { Planned } from './plan.decide.ts';

/** The lease of a platform that this release does not know. */
const unknownLeaseMs = 30_000;
/** First look at what became of a call; later looks are spaced by a quarter of the settle time. */
export const firstLookMs = 150;
/** Of an entry's attempts so many are kept for people to read. */
const longestLog = 12;
const longestReason = 200;

export const entryOf = (planned: Planned): Entry => ({
  ...planned,
  state: 'planned',
  generation: 1,
  attempt: 0,
  failures: 0,
});

/** Changes the open entry, or the one at `position`. */
export function change(activation: Activation, entry: Partial<Entry>, position = activation.position): Activation {
  return {
    ...activation,
    entries: activation.entries.map((one, at) => (at === position ? { ...one, ...entry } : one)),
  };
}

export function move(activation: Activation, trigger: EntryTrigger, entry: Partial<Entry> = {}): Activation {
  const from = currentState(activation);
  const state = entryTransitions[from][trigger];
  if (state === undefined) throw new Error(`step ${current(activation).step} cannot ${trigger} while ${from}`);
  return change(activation, { ...entry, state });
}

export const due = (activation: Activation, now: Date, inMs: number): Activation => ({
  ...activation,
  dueAt: new Date(now.getTime() + inMs),
});

export const leaseMsOf = ({ platform }: Entry, rules: Rules): number =>
  rules.platforms[platform]?.leaseMs ?? unknownLeaseMs;

export const settleMsOf = ({ platform }: Entry, rules: Rules): number => rules.platforms[platform]?.settleMs ?? 0;

const lease = (activation: Activation, rules: Rules, now: Date): Activation =>
  due(activation, now, leaseMsOf(current(activation), rules));

function opened(activation: Activation, what: Attempt['what'], now: Date): Partial<Entry> {
  const { attempt, log = [] } = current(activation);
  return {
    attempt: attempt + 1,
    openedBy: activation.revision + 1,
    log: [...log, { what, at: now.toISOString() }].slice(-longestLog),
  };
}

export const openCall = (activation: Activation, rules: Rules, now: Date): Activation =>
  rules.handsOver === true
    ? due(move(activation, 'wait', { uncertainSince: undefined }), now, 0)
    : called(activation, rules, now);
const called = (activation: Activation, rules: Rules, now: Date): Activation =>
  lease(move(activation, 'call', { ...opened(activation, 'call', now), uncertainSince: undefined }), rules, now);
export const openRead = (activation: Activation, rules: Rules, now: Date): Activation =>
  lease(move(activation, 'read', opened(activation, 'read', now)), rules, now);
export const openPoll = (activation: Activation, rules: Rules, now: Date): Activation =>
  lease(move(activation, 'poll', opened(activation, 'poll', now)), rules, now);
export const lookLater = (activation: Activation, entry: Partial<Entry>, inMs: number, now: Date): Activation =>
  due(move(activation, 'check', entry), now, inMs);

/** Writes down how the open attempt ended. */
export function noted(activation: Activation, result: string, failure: Failure | undefined, now: Date): Activation {
  const { log = [] } = current(activation);
  const last = log.at(-1);
  if (last === undefined || last.endedAt !== undefined) return activation;
  const reason = failure === undefined ? {} : { reason: failure.reason.slice(0, longestReason).toWellFormed() };
  return change(activation, { log: [...log.slice(0, -1), { ...last, endedAt: now.toISOString(), result, ...reason }] });
}

/** The next revision, with what it tells. */
export const commit = (activation: Activation, ...sends: readonly Outgoing[]): Effects => ({
  save: [{ ...activation, revision: activation.revision + 1 }],
  send: sends,
});
