import { describe, expect, test } from 'vitest';
import { begin, onDue, onOutcome } from './activation.decide.ts';
import {
  aCommand,
  aStep,
  activationId,
  after,
  cancelling,
  entriesOf,
  heldBack,
  landed,
  leaseMs,
  noon,
  rules,
  settleMs,
  shortened,
  unknown,
} from './activations.fixture.ts';
import { type Activation, type Effects, type Result, type Rules, current } from './activation.state.ts';
import { type Answer, onAnswered } from './external.decide.ts';

const deadlineMs = 60_000;
const pollMs = 5_000;
/** A step of ours, then one that a partner does. */
const abroad: Rules = {
  ...rules,
  steps: [
    aStep({ name: 'prepare', platform: 'safe', suspends: true }),
    aStep({ name: 'order-port', platform: 'safe', external: { deadlineMs, pollMs } }),
  ],
};

/** An activation that lives by these rules, with a clock of its own. */
function living() {
  let activation: Activation | undefined;
  let now = noon;
  let effects: Effects = {};
  const apply = (next: Effects): void => {
    effects = next;
    activation = next.save?.at(-1) ?? activation;
  };
  const it = (): Activation => {
    if (activation === undefined) throw new Error('nothing was begun');
    return activation;
  };
  apply(begin(undefined, activationId, aCommand(), undefined, abroad, now));
  const life = {
    it,
    sends: () => shortened(effects),
    saved: () => effects.save !== undefined,
    entries: () => entriesOf(it()),
    at: () => now,
    pass(ms: number) {
      now = after(ms, now);
      return life;
    },
    outcome(result: Result) {
      const { id, position } = it();
      apply(onOutcome(it(), { id, position, attempt: current(it()).attempt, result }, abroad, now));
      return life;
    },
    rings() {
      now = it().dueAt ?? now;
      apply(onDue(it(), abroad, now));
      return life;
    },
    answered(answer: Answer, position = 1) {
      apply(onAnswered(it(), position, answer, abroad, now));
      return life;
    },
    cancelled(stage: 'assess' | 'proceed') {
      apply(cancelling(stage, 1, abroad)(it(), now));
      return life;
    },
  };
  return life;
}
const waiting = () => living().outcome(landed()).outcome({ kind: 'pending' });
const done: Answer = { kind: 'landed', characteristics: { partnerPort: 'P1' }, resources: [] };
const no: Answer = { kind: 'refused', failure: { code: 'noCapacity', reason: 'The partner has no port.' } };

describe('work that an outside system took on', () => {
  test('waits for the answer, says for whom, and is asked for now and then', () => {
    const life = waiting();
    expect(life.entries()[1]).toBe('order-port apply external');
    expect(life.sends()).toEqual(['item-status waiting']);
    expect(life.it().dueAt).toEqual(after(pollMs, life.at()));
    expect(life.rings().entries()[1]).toBe('order-port apply polling');
    expect(life.outcome({ kind: 'pending' }).entries()[1]).toBe('order-port apply external');
    expect(life.sends()).toEqual([]);
  });

  test('a poll that finds it done goes on as a call that landed', () => {
    const life = waiting()
      .rings()
      .outcome(landed({ partnerPort: 'P1' }));
    expect(life.it()).toMatchObject({ phase: 'completed', characteristics: { partnerPort: 'P1' } });
    expect(life.sends()).toEqual(['record-activation completed', 'item-status running']);
  });

  test('an answer counts once, whenever it comes: before the poll, during it, before the call’s own answer', () => {
    expect(waiting().answered(done).it().phase).toBe('completed');
    expect(waiting().rings().answered(done).it().phase).toBe('completed');
    expect(living().outcome(landed()).answered(done).it().phase).toBe('completed');
    expect(living().outcome(landed()).outcome(unknown).answered(done).it().phase).toBe('completed');
    const life = waiting().answered(done);
    expect(life.answered(done).saved()).toBe(false);
    expect(life.answered(no).saved()).toBe(false);
  });

  test('given up by the outside system, what landed before is taken back', () => {
    expect(waiting().answered(no).entries()).toEqual([
      'prepare apply landed',
      'order-port apply refused',
      'prepare undo calling',
    ]);
    const polled = waiting()
      .rings()
      .outcome({ kind: 'refused', failure: no.kind === 'refused' ? no.failure : { code: '', reason: '' } });
    expect(polled.entries()).toEqual(['prepare apply landed', 'order-port apply refused', 'prepare undo calling']);
  });

  test('not done by its deadline, it is asked until the settle time is over, and then taken back with the rest', () => {
    const life = waiting();
    const began = life.at().getTime();
    while (life.it().phase === 'applying') life.rings().outcome({ kind: 'pending' });
    expect(life.at().getTime() - began).toBeGreaterThanOrEqual(deadlineMs + settleMs);
    expect(life.entries()).toEqual([
      'prepare apply landed',
      'order-port apply withdrawn',
      'order-port undo calling',
      'prepare undo planned',
    ]);
    expect(life.it().failure?.code).toBe('deadlinePassed');
  });

  test('done in the last moment, it has landed', () => {
    const life = waiting();
    const deadline = Date.parse(current(life.it()).deadlineAt ?? '');
    while (life.at().getTime() < deadline) {
      life.rings();
      if (life.at().getTime() < deadline) life.outcome({ kind: 'pending' });
    }
    expect(life.outcome(landed()).it().phase).toBe('completed');
  });

  test('a poll that does not get through is made again', () => {
    const life = waiting()
      .rings()
      .outcome({ kind: 'unreadable', failure: { code: 'x', reason: 'away' }, counted: false });
    expect(life.entries()[1]).toBe('order-port apply external');
    expect(life.it().dueAt).not.toBeNull();
  });
});

describe('cancelled while it waits', () => {
  const withdrawn = () => waiting().cancelled('assess').cancelled('proceed');

  test('it is withdrawn and taken back, without waiting for days', () => {
    expect(withdrawn().entries()).toEqual([
      'prepare apply landed',
      'order-port apply withdrawn',
      'order-port undo calling',
      'prepare undo planned',
    ]);
  });

  test('an answer that comes before the undo takes effect is covered by it', () => {
    const life = withdrawn().outcome(heldBack).answered(done);
    expect(life.entries().slice(2)).toEqual(['order-port undo waiting', 'prepare undo planned']);
    expect(life.answered(done).saved()).toBe(false);
  });

  test('an answer that comes while the undo runs is undone once more: it may have come too early', () => {
    const life = withdrawn().answered(done);
    expect(life.entries().slice(2)).toEqual([
      'order-port undo calling',
      'prepare undo planned',
      'order-port undo planned',
    ]);
    expect(life.answered(done).saved()).toBe(false);
    life.outcome(landed()).outcome(landed()).outcome(landed());
    expect(life.it().phase).toBe('cancelled');
  });

  test('an answer that comes after it is undone once more, and only once', () => {
    const during = withdrawn().outcome(landed()).answered(done);
    expect(during.entries().slice(3)).toEqual(['prepare undo calling', 'order-port undo planned']);
    const over = withdrawn().outcome(landed()).outcome(landed());
    expect(over.it().phase).toBe('cancelled');
    over.answered(done);
    expect(over.entries().at(-1)).toBe('order-port undo calling');
    expect(over.sends()).toEqual([]);
    expect(over.it()).toMatchObject({ phase: 'compensating', dueAt: after(leaseMs, over.at()) });
    expect(over.answered(done).saved()).toBe(false);
    over.outcome(landed());
    expect(over.it().phase).toBe('cancelled');
    expect(over.sends()).toEqual(['record-activation cancelled']);
  });

  test('that it was refused is good to know and nothing more', () => {
    expect(withdrawn().answered(no).saved()).toBe(false);
  });
});

test('a step that waits for an outside system but declares none needs a person', () => {
  const life = living().outcome({ kind: 'pending' });
  expect(life.it()).toMatchObject({ phase: 'stalled' });
  expect(current(life.it()).failure?.code).toBe('notExternal');
});
