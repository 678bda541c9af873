/** Activations in words, for the tests of what decides over them. */
import type { CancelItem, RunStep } from '../../contracts/messages/activation.ts';
import type { Outgoing } from '../../contracts/messages/message.ts';
import { begin, onDue, onOutcome, run, settle } from './activation.decide.ts';
import { type Activation, type Effects, type Result, type Rules, type Specified, current } from './activation.state.ts';
import { cancel } from './cancellation.decide.ts';
import type { StepOutline } from './plan.decide.ts';

export const noon = new Date('2026-03-01T12:00:00.000Z');
export const after = (ms: number, since: Date = noon): Date => new Date(since.getTime() + ms);
export const activationId = '019f0000-0000-5000-8000-000000000001';

export const settleMs = 2_000;
export const leaseMs = 10_000;

export const aStep = (over: Partial<StepOutline> & Pick<StepOutline, 'name' | 'platform'>): StepOutline => ({
  uses: undefined,
  suspends: false,
  optional: false,
  milestone: undefined,
  external: undefined,
  ...over,
});

/** Three steps on two platforms, three calls each. */
export const rules: Rules = {
  steps: [
    aStep({ name: 'reserve', platform: 'safe', uses: ['port'] }),
    aStep({ name: 'allocate', platform: 'unsafe', uses: ['prefix'], suspends: true }),
    aStep({ name: 'configure', platform: 'safe', uses: ['rate'] }),
  ],
  pointOfNoReturn: undefined,
  partial: 'keep',
  platforms: { safe: { leaseMs, settleMs }, unsafe: { leaseMs, settleMs } },
  attempts: 3,
  backoff: (failures) => failures * 100,
};

export const aCommand = (over: Partial<Specified> = {}): Specified => ({
  orderId: 'order',
  itemId: 'item',
  action: 'add',
  serviceId: 'service',
  serviceType: 'broadband',
  claimNumber: 4,
  requested: { rate: 100 },
  previous: {},
  supporting: [],
  specification: {
    id: 'line',
    version: '1.0',
    revision: 1,
    name: 'Line',
    lifecycleStatus: 'active',
    serviceType: 'broadband',
    characteristics: [],
    resourceRequirements: [],
    requires: [],
    configurationTemplate: {},
    activation: {},
  },
  ...over,
});

export const landed = (characteristics: Record<string, string> = {}): Result => ({
  kind: 'landed',
  characteristics,
  resources: [],
});
const failure = { code: 'x', reason: 'It did not.' };
export const refused: Result = { kind: 'refused', failure: { code: 'noPort', reason: 'No port is free.' } };
export const notReached: Result = { kind: 'notReached', failure, counted: true };
export const heldBack: Result = { kind: 'notReached', failure, counted: false };
export const unknown: Result = { kind: 'unknown', failure };
export const absent: Result = { kind: 'absent' };
export const unreadable: Result = { kind: 'unreadable', failure };

/** Something that happens to an activation, at a time. */
export type Fact = (activation: Activation | undefined, now: Date) => Effects;

export const begun =
  (command: Specified = aCommand(), over: Rules = rules): Fact =>
  (activation, now) =>
    begin(activation, activationId, command, undefined, over, now);

/** The newest attempt of the open entry came to this. */
export const outcome =
  (result: Result): Fact =>
  (activation, now) => {
    if (activation === undefined) throw new Error('nothing was begun');
    const { id, position } = activation;
    return onOutcome(activation, { id, position, attempt: current(activation).attempt, result }, rules, now);
  };

/** The letter of the stalled entry is replayed. */
export const letter: Fact = (activation, now) => {
  if (activation === undefined) throw new Error('nothing was begun');
  const { step, direction, generation } = current(activation);
  const { id, position } = activation;
  return run(
    activation,
    { activationId: id, serviceType: 'broadband', position, generation, step, direction },
    rules,
    now,
  );
};

export const due: Fact = (activation, now) => onDue(activation, rules, now);

export const operator =
  (verb: 'retry' | 'skip' | 'fail', requested?: Record<string, string | number>): Fact =>
  (activation, now) =>
    settle(activation, activation?.position ?? 0, { verb, requested }, rules, now);

/** One stage of cancelling it, in some round of the order's cancellations. */
export const cancelling =
  (stage: CancelItem['stage'], round = 1, over: Rules = rules, claimNumber = 4): Fact =>
  (activation, now) =>
    cancel(
      activation,
      activationId,
      { item: activation?.command ?? aCommand(), stage, round, claimNumber },
      undefined,
      over,
      now,
    );

/** What is after these facts, one millisecond apart; an alarm rings when it is due. */
export function lived(...facts: readonly (Fact | readonly Fact[])[]): { activation: Activation; now: Date } {
  let activation: Activation | undefined;
  let now = noon;
  for (const fact of facts.flat()) {
    now = fact === due && activation?.dueAt ? activation.dueAt : after(1, now);
    activation = fact(activation, now).save?.at(-1) ?? activation;
  }
  if (activation === undefined) throw new Error('nothing was begun');
  return { activation, now };
}

/** Entries as `step direction state`. */
export const entriesOf = ({ entries }: Activation): string[] =>
  entries.map(({ step: name, direction, state }) => `${name} ${direction} ${state}`);

/** Messages as `run-step allocate`, `record-activation landed`, `item-status stalled`. */
export const shortened = ({ send = [], fallOut = [] }: Effects): string[] => [
  ...send.map(short),
  ...fallOut.map(({ message, code }) => `letter ${code} ${short(message)}`),
];

function short({ definition: { name }, body }: Outgoing): string {
  const { step: which, direction, stage, status } = body as Partial<RunStep> & { stage?: string; status?: string };
  const verb = name.split('.')[1] ?? name;
  if (verb === 'run-step') return `${verb} ${which} ${direction}`;
  if (verb === 'item-assessed') {
    const { possible, over } = body as { possible: boolean; over: boolean };
    return `${verb} ${possible ? 'possible' : 'too late'}${over ? ' over' : ''}`;
  }
  return `${verb} ${stage ?? status ?? ''}`;
}
