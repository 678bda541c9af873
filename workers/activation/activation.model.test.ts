import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunStep } from '../../contracts/messages/activation.ts';
import type { Outgoing } from '../../contracts/messages/message.ts';
import { aCommand, activationId, after, landed, noon, refused, rules, settleMs } from './activations.fixture.ts';
import { begin, onDue, onOutcome, run } from './activation.decide.ts';
import { type Activation, type Effects, type Result, current } from './activation.state.ts';

/**
 * A small world around one activation: its row, its letters (replayed too early, too late, twice), processes that die
 * between any two things they do, and platforms that lose answers, take effect late, and do it again when they are
 * called again: one that knows a repetition only makes it easier.
 */
interface World {
  now: Date;
  row: Activation | undefined;
  readonly letters: Outgoing[];
  /** What a commit opened, in some process's memory: a call or a read that it has still to make. */
  intents: Activation[];
  /** Outcomes that are known in memory only, until they are recorded. */
  facts: { position: number; attempt: number; result: Result }[];
  /** Effects that come some time after their answer was lost. */
  pending: { at: Date; reference: string }[];
  /** How often each operation took effect, by the reference sent along. */
  readonly effects: Map<string, number>;
}

const reference = (activation: Activation): string => `${activation.id}.${activation.position}`;

/** What one step of chaos does: `pick` chooses among what is possible then. */
const chaos = fc.record({
  pick: fc.nat({ max: 1_000 }),
  how: fc.constantFrom('answer', 'answer', 'lost', 'late', 'late', 'never', 'notReached', 'refuse' as const),
  ms: fc.oneof(fc.nat({ max: settleMs - 1 }), fc.constant(settleMs - 1)),
  keep: fc.boolean(),
});
type Chaos = typeof chaos extends fc.Arbitrary<infer Step> ? Step : never;

function commit(world: World, effects: Effects): void {
  const saved = effects.save?.at(-1);
  if (saved !== undefined) {
    world.row = saved;
    const state = saved.entries[saved.position]?.state;
    if (state === 'calling' || state === 'reading') world.intents.push(saved);
  }
  world.letters.push(...(effects.fallOut ?? []).map(({ message }) => message));
}

function pass(world: World, ms: number): void {
  world.now = after(ms, world.now);
  for (const one of world.pending.filter(({ at }) => at <= world.now)) apply(world, one.reference);
  world.pending = world.pending.filter(({ at }) => at > world.now);
  // A call has been made and answered, or has failed, before the lease of its intent ends: the rule the lease is made by.
  world.intents = world.intents.filter(({ dueAt }) => dueAt !== null && dueAt > world.now);
}

function apply(world: World, of: string): void {
  world.effects.set(of, (world.effects.get(of) ?? 0) + 1);
}

function carryOut(world: World, intent: Activation, how: Chaos['how'], ms: number): void {
  const { position } = intent;
  const { attempt, state, direction } = current(intent);
  const of = reference(intent);
  const know = (result: Result): void => void world.facts.push({ position, attempt, result });
  const failure = { code: 'x', reason: 'x' };
  if (state === 'reading') {
    if (how === 'notReached' || how === 'never') return know({ kind: 'unreadable', failure });
    return know((world.effects.get(of) ?? 0) > 0 ? landed() : { kind: 'absent' });
  }
  switch (how) {
    case 'answer':
      apply(world, of);
      return know(landed());
    case 'lost':
      apply(world, of);
      return know({ kind: 'unknown', failure });
    case 'late':
      world.pending.push({ at: after(ms, world.now), reference: of });
      return know({ kind: 'unknown', failure });
    case 'never':
      return know({ kind: 'unknown', failure });
    case 'notReached':
      return know({ kind: 'notReached', failure, counted: true });
    case 'refuse':
      // An operation that took effect is not refused afterwards, and an undo is taken.
      if ((world.effects.get(of) ?? 0) > 0 || direction === 'undo') return carryOut(world, intent, 'answer', ms);
      return know(refused);
    default:
      return how satisfies never;
  }
}

function step(world: World, { pick, how, ms, keep }: Chaos): void {
  const possible = [
    ...world.intents.flatMap((_, at) => [() => drive(world, at, how, ms, keep), () => drive(world, at, how, ms, keep)]),
    ...world.facts.flatMap((_, at) => [() => record(world, at), () => record(world, at)]),
    ...world.letters.map((letter) => () => commit(world, run(world.row, letter.body as RunStep, rules, world.now))),
    () => alarm(world, keep ? ms : 0),
    () => (keep ? crash(world, how, ms) : pass(world, ms)),
    () => commit(world, begin(world.row, activationId, world.row?.command ?? aCommand(), undefined, rules, world.now)),
  ];
  possible[pick % possible.length]?.();
}

/** A process makes the call or the read it has in mind; the answer may take its time. */
function drive(world: World, at: number, how: Chaos['how'], ms: number, slowly: boolean): void {
  const [intent] = world.intents.splice(at, 1);
  if (intent !== undefined) carryOut(world, intent, how, ms);
  if (slowly) pass(world, ms);
}

function record(world: World, at: number): void {
  const [fact] = world.facts.splice(at, 1);
  if (fact !== undefined) commit(world, onOutcome(world.row, { id: activationId, ...fact }, rules, world.now));
}

function alarm(world: World, lateMs: number): void {
  if (world.row?.dueAt === null || world.row === undefined) return;
  pass(world, Math.max(0, world.row.dueAt.getTime() - world.now.getTime()) + lateMs);
  commit(world, onDue(world.row, rules, world.now));
}

/** Whoever dies takes what it knew along; what it had in mind to call it may just have called. */
function crash(world: World, how: Chaos['how'], ms: number): void {
  for (const intent of world.intents.splice(0)) carryOut(world, intent, how, ms);
  world.facts = [];
}

function start(over: Parameters<typeof aCommand>[0]): World {
  const world: World = {
    now: noon,
    row: undefined,
    letters: [],
    intents: [],
    facts: [],
    pending: [],
    effects: new Map(),
  };
  commit(world, begin(undefined, activationId, aCommand(over), undefined, rules, world.now));
  return world;
}

/** Nothing breaks any more: all that is there is done, alarms ring, letters are replayed. */
function calm(world: World): void {
  for (let turns = 0; turns < 500; turns += 1) {
    const phase = world.row?.phase;
    if (phase === 'completed' || phase === 'failed') return;
    if (world.facts.length > 0) record(world, 0);
    else if (world.intents.length > 0) drive(world, 0, 'answer', 0, false);
    else if (phase === 'stalled') commit(world, run(world.row, world.letters.pop()?.body as RunStep, rules, world.now));
    else alarm(world, 0);
  }
  throw new Error(`it does not end: ${JSON.stringify(world.row)}`);
}

const anAction = fc.constantFrom('add' as const, 'modify' as const, 'delete' as const);
const values = { add: {}, delete: {}, modify: { previous: { port: '1', prefix: 29, rate: 50 } } };

/** Each operation that is recorded as landed took effect once, every other one not at all. */
function expectExactlyOnce(world: World): void {
  for (const [position, { state, platform }] of (world.row?.entries ?? []).entries()) {
    const times = world.effects.get(`${activationId}.${position}`) ?? 0;
    const which = `entry ${position} on ${platform}, ${state}`;
    if (state === 'landed') expect(`${which}: ${times}`).toBe(`${which}: 1`);
    else expect(`${which}: ${times}`).toBe(`${which}: 0`);
  }
}

test('law: whatever is lost, late, doubled or killed, the activation ends and each operation took effect exactly once', () => {
  fc.assert(
    fc.property(anAction, fc.array(chaos, { maxLength: 60 }), (action, steps) => {
      const world = start({ action, ...values[action], requested: { rate: 100 } });
      for (const one of steps) step(world, one);
      calm(world);
      pass(world, settleMs);
      expectExactlyOnce(world);
      const { phase, entries = [] } = world.row ?? {};
      if (phase === 'completed') expect(entries.every(({ state }) => state === 'landed')).toBe(true);
      if (phase === 'failed') {
        const net = new Map<string, number>();
        for (const { step: name, direction, state } of entries)
          if (state === 'landed') net.set(name, (net.get(name) ?? 0) + (direction === 'apply' ? 1 : -1));
        // A modify is taken back by applying the values before, an add by undoing: nothing stays that was not there.
        if (action === 'add') expect([...net.values()].every((left) => left === 0)).toBe(true);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('law: an activation that has ended is never changed again, whatever comes', () => {
  fc.assert(
    fc.property(
      anAction,
      fc.array(chaos, { maxLength: 30 }),
      fc.array(chaos, { maxLength: 30 }),
      (action, steps, late) => {
        const world = start({ action, ...values[action] });
        for (const one of steps) step(world, one);
        const kept = [...world.letters];
        calm(world);
        const ended = world.row;
        world.letters.push(...kept);
        for (const one of late) step(world, one);
        expect(world.row).toEqual(ended);
        expect(world.intents).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});
