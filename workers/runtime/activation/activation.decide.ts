import { type ActivateItem, type RunStep, itemStalled, runStep } from '../../../contracts/messages/activation.ts';
import { type Outgoing, send } from '../../../contracts/messages/message.ts';
import { recordActivation } from '../../../contracts/messages/service-inventory.ts';
import type { Characteristics, Failure, Resource } from '../../../contracts/messages/values.ts';
import { type EntryState, type EntryTrigger, type Phase, entryTransitions } from './activation.machine.ts';
import { type Planned, type StepOutline, compensationFor, planFor } from './plan.decide.ts';

/** One entry of an activation's plan and how far it got. */
export interface Entry extends Planned {
  readonly state: EntryState;
  readonly generation: number;
  /** Fences: a result counts only for the attempt it was made under. */
  readonly attempt: number;
  /** The activation's revision that opened this attempt: only the process that committed it may drive it. */
  readonly openedBy?: number | undefined;
  /** Calls that failed in this generation. */
  readonly failures: number;
  /** Since when the outcome of a call is unknown (ISO instant). */
  readonly uncertainSince?: string | undefined;
  readonly failure?: Failure | undefined;
}

/** One order item's way onto the network, as its activator keeps it. */
export interface Activation {
  readonly id: string;
  readonly revision: number;
  readonly command: ActivateItem;
  readonly phase: Phase;
  readonly entries: readonly Entry[];
  readonly position: number;
  readonly characteristics: Characteristics;
  readonly resources: readonly Resource[];
  /** Reports sent to the inventory so far. */
  readonly sequence: number;
  readonly failure?: Failure | undefined;
  /** The open entry's lease, or when to look at it again; null when nothing is open. */
  readonly dueAt: Date | null;
}

/** What the decisions need to know of a service type. */
export interface Rules {
  readonly steps: readonly StepOutline[];
  /** Milliseconds by platform: how long a lease lasts, how long a lost call may still take effect. */
  readonly platforms: Readonly<Record<string, { readonly leaseMs: number; readonly settleMs: number }>>;
  readonly attempts: number;
  /** Milliseconds until a call that failed that often is made again. */
  readonly backoff: (failures: number) => number;
}

/** What a call or a read-back came to. */
export type Result =
  | { readonly kind: 'landed'; readonly characteristics: Characteristics; readonly resources: readonly Resource[] }
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** Certainly no effect. `counted` false: turned away before it was tried (breaker, bulkhead), no attempt burned. */
  | {
      readonly kind: 'notReached';
      readonly failure: Failure;
      readonly counted: boolean;
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | { readonly kind: 'absent' }
  /** The read-back itself failed. `counted` false: the platform is away, which is the breaker's business. */
  | { readonly kind: 'unreadable'; readonly failure: Failure; readonly counted?: boolean };

export interface Outcome {
  readonly id: string;
  readonly position: number;
  readonly attempt: number;
  readonly result: Result;
}

export interface Effects {
  readonly save?: readonly Activation[];
  readonly send?: readonly Outgoing[];
  readonly fallOut?: readonly { message: Outgoing; code: string; reason: string }[];
}

/** A queued entry whose message does not come is begun without it. */
const queuedPatienceMs = 30_000;
/** First look at what became of a call; later looks are spaced by a quarter of the settle time. */
const firstLookMs = 150;
/** How long something held back by breaker or bulkhead sits out. */
const sitOutMs = 1_000;

/**
 * Begins an activation, or, asked again under the same business key, reports again how it ended.
 *
 * @param fault what the activator's own schema has against the characteristics
 */
export function begin(
  known: Activation | undefined,
  id: string,
  command: ActivateItem,
  fault: Failure | undefined,
  rules: Rules,
  now: Date,
): Effects {
  if (known !== undefined) return repeat(known);
  const fresh: Activation = {
    id,
    revision: 0,
    command,
    phase: 'applying',
    entries: fault === undefined ? planFor(command, rules.steps).map(entryOf) : [],
    position: 0,
    characteristics: {},
    resources: [],
    sequence: 0,
    dueAt: null,
  };
  if (fault !== undefined) return conclude({ ...fresh, failure: fault }, 'failed');
  if (fresh.entries.length === 0) return conclude(fresh, 'completed');
  return commit(openCall(fresh, rules, now));
}

/** The message of a step: begins it when it is its turn; replayed for a stalled one, resumes it as the next generation. */
export function run(activation: Activation | undefined, message: RunStep, rules: Rules, now: Date): Effects {
  const entry = activation?.entries[message.position];
  if (activation === undefined || entry === undefined || activation.position !== message.position) return {};
  if (entry.generation !== message.generation) return {};
  if (entry.state === 'queued') return commit(openCall(activation, rules, now));
  return entry.state === 'stalled' ? retry(activation, rules, now) : {};
}

/** An operator's word on a stalled step. */
export function settle(
  activation: Activation | undefined,
  position: number,
  verb: 'retry' | 'skip' | 'fail',
  rules: Rules,
  now: Date,
): Effects {
  if (activation === undefined || activation.position !== position || currentState(activation) !== 'stalled') return {};
  switch (verb) {
    case 'retry':
      return retry(activation, rules, now);
    case 'skip':
      return resumed(activation, onward({ ...move(activation, 'skip'), phase: phaseOf(activation) }, now));
    case 'fail': {
      const failure = current(activation).failure ?? {
        code: 'failedByOperator',
        reason: 'An operator gave the step up.',
      };
      // An undo is given up where it stands: taking back what is being taken back would do it again.
      return resumed(
        activation,
        phaseOf(activation) === 'compensating'
          ? conclude(activation, 'failed')
          : takeBack({ ...activation, phase: 'applying' }, failure, now),
      );
    }
    default:
      return verb satisfies never;
  }
}

/** Records what became of a call or a read-back. One of an older attempt, or of a position passed, changes nothing. */
export function onOutcome(
  activation: Activation | undefined,
  { position, attempt, result }: Outcome,
  rules: Rules,
  now: Date,
): Effects {
  if (activation === undefined || activation.position !== position) return {};
  const entry = current(activation);
  if (entry.attempt !== attempt || (entry.state !== 'calling' && entry.state !== 'reading')) return {};
  switch (result.kind) {
    case 'landed': {
      const { characteristics, resources } = result;
      const landed = move(activation, 'land', { failure: undefined, uncertainSince: undefined });
      return onward(
        {
          ...landed,
          characteristics: { ...landed.characteristics, ...characteristics },
          resources: [
            ...landed.resources.filter((one) => !resources.some(({ type }) => type === one.type)),
            ...resources,
          ],
        },
        now,
      );
    }
    case 'refused':
      if (activation.phase === 'applying' && activation.command.action !== 'delete')
        return takeBack(move(activation, 'refuse', { failure: result.failure }), result.failure, now);
      return stall(activation, result.failure);
    case 'notReached': {
      const failures = entry.failures + (result.counted ? 1 : 0);
      if (failures >= rules.attempts) return stall(activation, result.failure);
      const wait = result.counted ? Math.max(rules.backoff(failures), result.retryAfterMs ?? 0) : sitOutMs;
      if (entry.state === 'reading') return commit(lookLater(activation, { failures }, wait, now));
      return commit(due(move(activation, 'wait', { failures, failure: result.failure }), now, wait));
    }
    case 'unknown':
      return commit(
        lookLater(
          activation,
          { failures: entry.failures + 1, uncertainSince: now.toISOString(), failure: result.failure },
          firstLookMs,
          now,
        ),
      );
    case 'unreadable': {
      const failures = entry.failures + (result.counted === true ? 1 : 0);
      if (failures >= rules.attempts) return stall(activation, result.failure);
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
  const settleMs = rules.platforms[entry.platform]?.settleMs ?? 0;
  // The read-back looked some time after it was opened and before now: only the former is certainly not too late.
  const askedAt = (activation.dueAt ?? now).getTime() - leaseMsOf(entry, rules);
  const uncertainMs = askedAt - Date.parse(entry.uncertainSince ?? now.toISOString());
  if (uncertainMs < settleMs) return commit(lookLater(activation, {}, Math.max(firstLookMs, settleMs / 4), now));
  if (entry.failures >= rules.attempts) {
    return stall(activation, entry.failure ?? { code: 'noEffect', reason: 'The platform never did it.' });
  }
  return commit(openCall(activation, rules, now));
}

/** The alarm: a lease that expired means the outcome is unknown; what waits or is queued gets its turn. */
export function onDue(activation: Activation | undefined, rules: Rules, now: Date): Effects {
  if (activation?.dueAt === null || activation === undefined || activation.dueAt > now) return {};
  const state = currentState(activation);
  switch (state) {
    case 'queued':
    case 'waiting':
      return commit(openCall(activation, rules, now));
    case 'calling':
      return commit(
        openRead(
          change(activation, { uncertainSince: now.toISOString(), failures: current(activation).failures + 1 }),
          rules,
          now,
        ),
      );
    case 'reading':
    case 'checking':
      return commit(openRead(activation, rules, now));
    case 'planned':
    case 'landed':
    case 'skipped':
    case 'refused':
    case 'stalled':
      return { save: [{ ...activation, dueAt: null }] };
    default:
      return state satisfies never;
  }
}

/** The entry that is open, or was last. */
export function current(activation: Activation): Entry {
  const entry = activation.entries[activation.position];
  if (entry === undefined) throw new Error(`activation ${activation.id} has no entry ${activation.position}`);
  return entry;
}

const currentState = (activation: Activation): EntryState => activation.entries[activation.position]?.state ?? 'landed';

const entryOf = (planned: Planned): Entry => ({ ...planned, state: 'planned', generation: 1, attempt: 0, failures: 0 });

function change(activation: Activation, entry: Partial<Entry>): Activation {
  return {
    ...activation,
    entries: activation.entries.map((one, at) => (at === activation.position ? { ...one, ...entry } : one)),
  };
}

function move(activation: Activation, trigger: EntryTrigger, entry: Partial<Entry> = {}): Activation {
  const from = currentState(activation);
  const state = entryTransitions[from][trigger];
  if (state === undefined) throw new Error(`step ${current(activation).step} cannot ${trigger} while ${from}`);
  return change(activation, { ...entry, state });
}

const due = (activation: Activation, now: Date, inMs: number): Activation => ({
  ...activation,
  dueAt: new Date(now.getTime() + inMs),
});
const leaseMsOf = ({ platform }: Entry, rules: Rules): number => rules.platforms[platform]?.leaseMs ?? queuedPatienceMs;
const lease = (activation: Activation, rules: Rules, now: Date): Activation =>
  due(activation, now, leaseMsOf(current(activation), rules));

const opened = (activation: Activation): Partial<Entry> => ({
  attempt: current(activation).attempt + 1,
  openedBy: activation.revision + 1,
});
const openCall = (activation: Activation, rules: Rules, now: Date): Activation =>
  lease(move(activation, 'call', { ...opened(activation), uncertainSince: undefined }), rules, now);
const openRead = (activation: Activation, rules: Rules, now: Date): Activation =>
  lease(move(activation, 'read', opened(activation)), rules, now);
const lookLater = (activation: Activation, entry: Partial<Entry>, inMs: number, now: Date): Activation =>
  due(move(activation, 'check', entry), now, inMs);

const commit = (activation: Activation, ...sends: readonly Outgoing[]): Effects => ({
  save: [{ ...activation, revision: activation.revision + 1 }],
  send: sends,
});

/** The open entry is over: queue the next, or conclude. */
function onward(activation: Activation, now: Date): Effects {
  const position = activation.position + 1;
  if (position >= activation.entries.length) {
    return conclude(activation, activation.phase === 'compensating' ? 'failed' : 'completed');
  }
  const queued = due(move({ ...activation, position }, 'queue'), now, queuedPatienceMs);
  const reported = { ...queued, sequence: queued.sequence + 1 };
  return commit(reported, stepMessage(reported), report(reported, 'landed'));
}

/** Takes back what landed, last first. */
function takeBack(activation: Activation, failure: Failure, now: Date): Effects {
  const landed = activation.entries.slice(0, activation.position).filter((entry) => entry.state === 'landed');
  const undone = compensationFor(activation.command, landed).map(entryOf);
  const kept = activation.entries.slice(0, activation.position + 1);
  const failed: Activation = { ...activation, failure, phase: 'compensating', entries: [...kept, ...undone] };
  if (undone.length === 0) return conclude(failed, 'failed');
  const queued = due(move({ ...failed, position: kept.length }, 'queue'), now, queuedPatienceMs);
  return commit(queued, stepMessage(queued));
}

function conclude(activation: Activation, phase: 'completed' | 'failed'): Effects {
  const concluded: Activation = { ...activation, phase, dueAt: null, sequence: activation.sequence + 1 };
  return commit(concluded, report(concluded, phase));
}

/** Retries ran out: the item is held, a letter lies in the dead-letter queue, and nothing happens until a person says so. */
function stall(activation: Activation, failure: Failure): Effects {
  const stalled: Activation = { ...move(activation, 'stall', { failure }), phase: 'stalled', dueAt: null };
  return {
    ...commit(stalled, stalledEvent(stalled, true, failure)),
    fallOut: [{ message: stepMessage(stalled), code: failure.code, reason: failure.reason }],
  };
}

function retry(activation: Activation, rules: Rules, now: Date): Effects {
  const entry = current(activation);
  const again = change(
    { ...activation, phase: phaseOf(activation) },
    { generation: entry.generation + 1, failures: 0 },
  );
  // Whether the last call of the old generation took effect is looked up first: its reference stays the step's.
  const opened = entry.uncertainSince === undefined ? openCall(again, rules, now) : openRead(again, rules, now);
  return resumed(activation, commit(opened));
}

const resumed = (activation: Activation, effects: Effects): Effects => ({
  ...effects,
  send: [...(effects.send ?? []), stalledEvent(activation, false)],
});

/** Which way a stalled activation was going: a failure is set once it turns back. */
const phaseOf = ({ failure }: Activation): Phase => (failure === undefined ? 'applying' : 'compensating');

function repeat(activation: Activation): Effects {
  if (activation.phase === 'completed' || activation.phase === 'failed')
    return { send: [report(activation, activation.phase)] };
  // The word that it stalled, or that it no longer does, may be what was missed.
  const stalled = activation.phase === 'stalled';
  return { send: [stalledEvent(activation, stalled, stalled ? current(activation).failure : undefined)] };
}

function stepMessage(activation: Activation): Outgoing {
  const { step, direction, generation } = current(activation);
  return send(runStep, {
    activationId: activation.id,
    serviceType: activation.command.serviceType,
    position: activation.position,
    generation,
    step,
    direction,
  });
}

function stalledEvent(activation: Activation, stalled: boolean, failure?: Failure): Outgoing {
  const { orderId, itemId, serviceType } = activation.command;
  return send(itemStalled, {
    orderId,
    itemId,
    activationId: activation.id,
    serviceType,
    step: current(activation).step,
    stalled,
    failure,
  });
}

function report(activation: Activation, stage: 'landed' | 'completed' | 'failed'): Outgoing {
  const { orderId, itemId, serviceId, claimNumber, action, requested } = activation.command;
  const { sequence, characteristics, resources, failure } = activation;
  return send(recordActivation, {
    orderId,
    itemId,
    serviceId,
    number: claimNumber,
    sequence,
    action,
    stage,
    characteristics,
    requested,
    resources: [...resources],
    failure,
  });
}
