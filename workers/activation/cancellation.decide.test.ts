import { describe, expect, test } from 'vitest';
import { type Activation, type Rules, current } from './activation.state.ts';
import {
  type Fact,
  aCommand,
  absent,
  after,
  begun,
  cancelling,
  due,
  entriesOf,
  heldBack,
  landed,
  lived,
  noon,
  notReached,
  operator,
  outcome,
  refused,
  rules,
  shortened,
  letter,
  unknown,
} from './activations.fixture.ts';

const given = (...facts: readonly (Fact | readonly Fact[])[]) => {
  const { activation, now } = lived(...facts);
  return {
    when(fact: Fact, at: Date = fact === due && activation.dueAt ? activation.dueAt : after(1, now)) {
      const effects = fact(activation, at);
      const next: Activation = effects.save?.at(-1) ?? activation;
      return { next, effects, sends: shortened(effects), entries: entriesOf(next), phase: next.phase };
    },
  };
};
const twoSteps: Rules = { ...rules, pointOfNoReturn: 'allocate' };
const existing = aCommand({ action: 'modify', requested: { port: '2', rate: 100 }, previous: { port: '1', rate: 50 } });

describe('asked whether it can be taken back', () => {
  test('a running call is ended first, and the next is not begun', () => {
    const asked = given(begun()).when(cancelling('assess'));
    expect(asked.sends).toEqual(['item-assessed possible']);
    expect(asked.entries[0]).toBe('reserve apply calling');
    const landedThen = given(begun(), cancelling('assess')).when(outcome(landed()));
    expect(landedThen.next).toMatchObject({ position: 1, dueAt: null, phase: 'applying' });
    expect(landedThen.sends).toEqual(['record-activation landed']);
    expect(given(begun(), cancelling('assess'), outcome(landed())).when(letter).effects).toEqual({});
  });

  test('a call that the step before has just made is ended first, too', () => {
    const asked = given(begun(), outcome(landed())).when(cancelling('assess'));
    expect(asked).toMatchObject({ sends: ['item-assessed possible'], next: { position: 1 } });
    expect(asked.entries[1]).toBe('allocate apply calling');
    expect(asked.next.dueAt).not.toBeNull();
    const landedThen = given(begun(), outcome(landed()), cancelling('assess')).when(outcome(landed()));
    expect(landedThen.entries).toEqual(['reserve apply landed', 'allocate apply landed', 'configure apply planned']);
    expect(landedThen.next.dueAt).toBeNull();
    const turnedAway = given(begun(), outcome(landed()), cancelling('assess'), outcome(heldBack)).when(due);
    expect(turnedAway.entries[1]).toBe('allocate apply waiting');
    expect(turnedAway.next.dueAt).toBeNull();
  });

  test('it stands still before its end, too: a change that is over could not be taken back under its claim', () => {
    const last = given(begun(), outcome(landed()), outcome(landed()), cancelling('assess')).when(outcome(landed()));
    expect(last).toMatchObject({ phase: 'applying', sends: [], next: { dueAt: null, position: 2 } });
  });

  test('a call that never took effect is not made again meanwhile', () => {
    const facts = [begun(), outcome(unknown), due, cancelling('assess')];
    let { activation, now } = lived(...facts, outcome(absent));
    for (let looks = 0; looks < 10 && activation.dueAt !== null; looks += 1) {
      now = activation.dueAt;
      activation = due(activation, now).save?.at(-1) ?? activation;
      activation = outcome(absent)(activation, after(1, now)).save?.at(-1) ?? activation;
    }
    expect(entriesOf(activation)[0]).toBe('reserve apply waiting');
    expect(activation.dueAt).toBeNull();
  });

  test('one that was completed says that it is over', () => {
    expect(
      given(begun(), outcome(landed()), outcome(landed()), outcome(landed())).when(cancelling('assess')).sends,
    ).toEqual(['item-assessed possible over']);
  });

  test('before the command that begins it came, it is known and not begun', () => {
    const effects = cancelling('assess')(undefined, noon);
    expect(shortened(effects)).toEqual(['item-assessed possible']);
    const [activation] = effects.save ?? [];
    expect(activation).toMatchObject({ phase: 'applying', dueAt: null });
    expect(begun()(activation, noon).save).toBeUndefined();
  });

  test('again, it says nothing', () => {
    expect(given(begun(), cancelling('assess')).when(cancelling('assess')).effects).toEqual({});
  });

  test('the answer says which cancellation it is about', () => {
    const { effects } = given(begun(), cancelling('assess'), cancelling('abandon')).when(cancelling('assess', 2));
    expect(effects.send?.map(({ body }) => body)).toMatchObject([{ possible: true, round: 2 }]);
  });

  test('from the call of its point of no return on, the answer is no', () => {
    const past: Fact = cancelling('assess', 1, twoSteps);
    expect(given(begun()).when(past).sends).toEqual(['item-assessed possible']);
    expect(given(begun(), outcome(landed())).when(past).sends).toEqual(['item-assessed too late']);
    expect(given(begun(), outcome(landed()), outcome(unknown)).when(past).sends).toEqual(['item-assessed too late']);
    expect(given(begun(), outcome(landed()), outcome(notReached)).when(past).sends).toEqual(['item-assessed possible']);
    expect(given(begun(), outcome(landed()), outcome(landed()), outcome(landed())).when(past).sends).toEqual([
      'item-assessed too late over',
    ]);
  });

  test('a delete that has begun cannot be called off', () => {
    const facts = [begun(aCommand({ action: 'delete' }))];
    expect(given(...facts).when(cancelling('assess')).sends).toEqual(['item-assessed too late']);
    expect(given(...facts, outcome(notReached)).when(cancelling('assess')).sends).toEqual(['item-assessed possible']);
  });
});

describe('cancelled', () => {
  test('what landed is taken back, last first, and it ends cancelled', () => {
    const facts = [begun(), outcome(landed()), cancelling('assess'), outcome(landed())];
    const { entries, sends, next } = given(...facts).when(cancelling('proceed'));
    expect(entries).toEqual([
      'reserve apply landed',
      'allocate apply landed',
      'configure apply dropped',
      'allocate undo calling',
      'reserve undo planned',
    ]);
    expect(sends).toEqual([]);
    expect(current(next)).toMatchObject({ attempt: 1, openedBy: next.revision });
    const end = given(...facts, cancelling('proceed'), outcome(landed())).when(outcome(landed()));
    expect(end).toMatchObject({ phase: 'cancelled', sends: ['record-activation cancelled'] });
  });

  test('a running call is waited for, and taken back if it landed', () => {
    const facts = [begun(), cancelling('assess'), cancelling('proceed')];
    expect(given(...facts).when(outcome(landed())).entries).toEqual(['reserve apply landed', 'reserve undo calling']);
    expect(given(...facts).when(outcome(notReached))).toMatchObject({
      phase: 'cancelled',
      entries: ['reserve apply dropped'],
    });
    expect(given(...facts).when(outcome(refused)).phase).toBe('failed');
  });

  test('an undo that is held back, or does not get through, waits its time as any call does', () => {
    const facts = [begun(), cancelling('proceed'), outcome(landed())];
    const sitsOut = given(...facts).when(outcome(heldBack), after(50));
    expect(sitsOut.entries[1]).toBe('reserve undo waiting');
    expect(sitsOut.next.dueAt).toEqual(after(1_050));
    expect(given(...facts).when(outcome(notReached), after(50)).next.dueAt).toEqual(after(150));
  });

  test('a lost answer is looked up first: what took effect late is taken back, what never did is not', () => {
    const facts = [begun(), outcome(unknown), cancelling('assess'), cancelling('proceed'), due];
    expect(given(...facts).when(outcome(landed())).entries).toEqual(['reserve apply landed', 'reserve undo calling']);
    const early = given(...facts).when(outcome(absent));
    expect(early.entries[0]).toBe('reserve apply checking');
    let { activation, now } = lived(...facts, outcome(absent));
    while (activation.phase === 'applying' && activation.dueAt !== null) {
      now = activation.dueAt;
      activation = due(activation, now).save?.at(-1) ?? activation;
      activation = outcome(absent)(activation, after(1, now)).save?.at(-1) ?? activation;
    }
    expect(activation.phase).toBe('cancelled');
    expect(now.getTime() - noon.getTime()).toBeGreaterThanOrEqual(2_000);
    expect(entriesOf(activation)).toEqual(['reserve apply dropped']);
  });

  test('a completed one is taken back under the claim it was told', () => {
    const facts = [begun(), outcome(landed()), outcome(landed()), outcome(landed()), cancelling('assess')];
    const { entries, effects, next } = given(...facts).when(cancelling('proceed', 1, rules, 9));
    expect(entries.slice(3)).toEqual(['configure undo calling', 'allocate undo planned', 'reserve undo planned']);
    expect(next.cancelling).toMatchObject({ claimNumber: 9, stage: 'proceeding' });
    expect(effects.fallOut).toBeUndefined();
  });

  test('a modify is put back to what it was', () => {
    const { next } = given(begun(existing), cancelling('assess'), outcome(landed())).when(cancelling('proceed'));
    expect(next.entries.at(-1)).toMatchObject({ step: 'reserve', direction: 'apply', values: 'previous' });
  });

  test('one that stalled goes back from where it stands; an unknown outcome is looked up first', () => {
    const certain = [
      begun(),
      outcome(landed()),
      outcome(notReached),
      due,
      outcome(notReached),
      due,
      outcome(notReached),
    ];
    expect(lived(...certain).activation.phase).toBe('stalled');
    const back = given(...certain, cancelling('assess')).when(cancelling('proceed'));
    expect(back.entries).toEqual(
      ['reserve apply landed', 'allocate apply dropped', 'configure apply planned', 'reserve undo calling'].filter(
        (one) => !one.startsWith('configure'),
      ),
    );
    expect(back.sends).toContain('item-status running');
  });

  test('before the command that begins it came, it ends there, and the command finds it ended', () => {
    const effects = cancelling('proceed')(undefined, noon);
    expect(shortened(effects)).toEqual(['record-activation cancelled']);
    expect(begun()(effects.save?.[0], noon)).toEqual({});
  });

  test('again, it changes nothing', () => {
    const over = [begun(), cancelling('assess'), outcome(notReached), cancelling('proceed')];
    expect(given(...over).when(cancelling('proceed')).effects).toEqual({});
    expect(given(begun(), outcome(landed()), cancelling('proceed')).when(cancelling('proceed')).effects).toEqual({});
    expect(given(begun(), cancelling('proceed'), outcome(landed())).when(cancelling('proceed')).effects).toEqual({});
  });

  test('an undo that a person gives up says what is left behind', () => {
    const facts = [begun(), cancelling('proceed'), outcome(landed()), outcome(refused)];
    const { next, sends } = given(...facts).when(operator('fail'));
    expect(next).toMatchObject({ phase: 'failed', failure: { code: 'leftBehind' } });
    expect(sends[0]).toBe('record-activation failed');
  });
});

describe('let go on', () => {
  test('it goes on where it stood', () => {
    const facts = [begun(), cancelling('assess'), outcome(landed())];
    expect(given(...facts).when(cancelling('abandon')).entries[1]).toBe('allocate apply calling');
    const last = [begun(), outcome(landed()), outcome(landed()), cancelling('assess'), outcome(landed())];
    expect(given(...last).when(cancelling('abandon'))).toMatchObject({
      phase: 'completed',
      sends: ['record-activation completed'],
    });
  });

  test('the question of that round, come late, does not stop it again; the next round does', () => {
    const facts = [begun(), cancelling('assess'), cancelling('abandon')];
    expect(given(...facts).when(cancelling('assess')).effects.save).toBeUndefined();
    expect(given(...facts).when(cancelling('proceed')).effects).toEqual({});
    expect(given(...facts).when(cancelling('assess', 2)).next.cancelling).toMatchObject({
      round: 2,
      stage: 'assessed',
    });
    expect(given(...facts, cancelling('assess', 2)).when(cancelling('abandon', 1)).effects).toEqual({});
  });

  test('come before its question, the question finds it answered', () => {
    expect(given(begun(), cancelling('abandon')).when(cancelling('assess')).effects).toEqual({});
  });

  test('come before the command that begins it, it begins it, and neither question nor command stops it', () => {
    const { save } = cancelling('abandon')(undefined, noon);
    expect(save?.map(entriesOf)).toEqual([
      ['reserve apply calling', 'allocate apply planned', 'configure apply planned'],
    ]);
    for (const late of [begun(), cancelling('assess')]) expect(late(save?.[0], noon)).toEqual({});
  });
});
