import { describe, expect, test } from 'vitest';
import {
  type Fact,
  aCommand,
  absent,
  activationId,
  after,
  begun,
  due,
  entriesOf,
  heldBack,
  landed,
  leaseMs,
  lived,
  noon,
  notReached,
  operator,
  outcome,
  refused,
  rules,
  settleMs,
  shortened,
  letter,
  unknown,
  unreadable,
} from './activations.fixture.ts';
import { begin, onDue, onOutcome, run } from './activation.decide.ts';
import { type Activation, current } from './activation.state.ts';

const given = (...facts: readonly (Fact | readonly Fact[])[]) => {
  const { activation, now } = lived(...facts);
  return {
    when(fact: Fact, at: Date = after(1, now)) {
      const effects = fact(activation, at);
      const next: Activation = effects.save?.at(-1) ?? activation;
      return { next, at, effects, sends: shortened(effects), entries: entriesOf(next) };
    },
  };
};
const existing = { previous: { port: '1', prefix: 29, rate: 50 } };
const modify = aCommand({ action: 'modify', ...existing, requested: { port: '2', prefix: 28, rate: 100 } });

describe('an add', () => {
  test('begins with its first call at once, under a lease', () => {
    const { save, send } = begin(undefined, activationId, aCommand(), undefined, rules, noon);
    expect(save?.map(entriesOf)).toEqual([
      ['reserve apply calling', 'allocate apply planned', 'configure apply planned'],
    ]);
    expect(save?.[0]).toMatchObject({ revision: 1, phase: 'applying', dueAt: after(leaseMs) });
    expect(send).toEqual([]);
  });

  test('a step that lands reports what landed so far and calls the next in the same change', () => {
    const { sends, entries, next, at } = given(begun()).when(outcome(landed({ port: '1/1/1' })));
    expect(sends).toEqual(['record-activation landed']);
    expect(entries).toEqual(['reserve apply landed', 'allocate apply calling', 'configure apply planned']);
    expect(next).toMatchObject({ characteristics: { port: '1/1/1' }, sequence: 1, position: 1 });
    expect(next).toMatchObject({ revision: 2, dueAt: after(leaseMs, at) });
    expect(current(next)).toMatchObject({ attempt: 1, openedBy: 2, log: [{ what: 'call', at: at.toISOString() }] });
  });

  test('of a process that is about to end, the next step waits for another one, which calls it', () => {
    const { id, position } = lived(begun()).activation;
    const ending: Fact = (activation, now) =>
      onOutcome(activation, { id, position, attempt: 1, result: landed() }, { ...rules, handsOver: true }, now);
    const { sends, entries, next, at } = given(begun()).when(ending);
    expect(sends).toEqual(['record-activation landed']);
    expect(entries.slice(0, 2)).toEqual(['reserve apply landed', 'allocate apply waiting']);
    expect(next.dueAt).toEqual(at);
    const called = given(begun(), ending).when(due).next;
    expect(current(called)).toMatchObject({ state: 'calling', attempt: 1, failures: 0 });
  });

  test('reports are cumulative and counted, so that a later one makes up for a lost one', () => {
    const { effects } = given(begun(), outcome(landed({ port: '1' }))).when(outcome(landed({ prefix: 'p' })));
    expect(effects.send?.at(0)?.body).toMatchObject({
      number: 4,
      sequence: 2,
      characteristics: { port: '1', prefix: 'p' },
    });
  });

  test('the last step that lands completes it', () => {
    const { sends, next } = given(begun(), outcome(landed()), outcome(landed())).when(outcome(landed()));
    expect(sends).toEqual(['record-activation completed']);
    expect(next).toMatchObject({ phase: 'completed', dueAt: null, sequence: 3 });
  });

  test('characteristics its activator cannot take fail it before anything is called', () => {
    const fault = { code: 'invalidCharacteristic', reason: 'rate: expected a number' };
    const effects = begin(undefined, activationId, aCommand(), fault, rules, noon);
    expect(shortened(effects)).toEqual(['record-activation failed']);
    expect(effects.save?.[0]).toMatchObject({ phase: 'failed', entries: [], failure: fault });
  });

  test('a modify that changes nothing on the network is completed without a call', () => {
    const { send, save } = begin(
      undefined,
      activationId,
      aCommand({ action: 'modify', previous: { rate: 100 } }),
      undefined,
      rules,
      noon,
    );
    expect(save?.[0]).toMatchObject({ phase: 'completed', entries: [] });
    expect(send).toHaveLength(1);
  });
});

describe('the command that begins it, again under the same business key,', () => {
  test.each<[string, readonly Fact[]]>([
    ['runs', [begun(), outcome(landed())]],
    ['has ended', [begun(), outcome(landed()), outcome(landed()), outcome(landed())]],
    ['stands still', [begun(aCommand({ action: 'delete' })), outcome(refused)]],
  ])('says nothing to one that %s', (_, facts) => {
    expect(given(...facts).when(begun()).effects).toEqual({});
  });
});

describe('a refusal', () => {
  test('of the first step fails it: there is nothing to take back', () => {
    const { sends, next } = given(begun()).when(outcome(refused));
    expect(sends).toEqual(['record-activation failed']);
    expect(next).toMatchObject({ phase: 'failed', failure: { code: 'noPort' }, dueAt: null });
  });

  test('of a later one takes back what landed, last first, and then fails it', () => {
    const { entries, sends, next, at } = given(begun(), outcome(landed()), outcome(landed())).when(outcome(refused));
    expect(next.phase).toBe('compensating');
    expect(entries).toEqual([
      'reserve apply landed',
      'allocate apply landed',
      'configure apply refused',
      'allocate undo calling',
      'reserve undo planned',
    ]);
    expect(sends).toEqual([]);
    expect(current(next)).toMatchObject({ attempt: 1, openedBy: next.revision });
    expect(next.dueAt).toEqual(after(leaseMs, at));
    const end = given(begun(), outcome(landed()), outcome(landed()), outcome(refused), outcome(landed())).when(
      outcome(landed()),
    );
    expect(end.sends).toEqual(['record-activation failed']);
    expect(end.next).toMatchObject({ phase: 'failed', failure: { code: 'noPort' } });
  });

  test('of a modify puts the values before back, and touches nothing it had not changed', () => {
    const { entries, next } = given(begun(modify), outcome(landed())).when(outcome(refused));
    expect(entries.slice(2)).toEqual(['reserve apply calling']);
    expect(next.entries[2]?.values).toBe('previous');
  });

  test.each([
    ['of a delete', [begun(aCommand({ action: 'delete' }))]],
    ['of an undo', [begun(), outcome(landed()), outcome(refused)]],
  ])('%s needs a person: the network still holds it', (_, facts) => {
    const { sends, next } = given(...facts).when(outcome(refused));
    expect(next).toMatchObject({ phase: 'stalled', dueAt: null });
    expect(sends).toEqual(['item-status stalled', expect.stringMatching(/^letter noPort run-step/)]);
  });
});

describe('a call that certainly had no effect', () => {
  test('is made again after its backoff', () => {
    const { next, at, entries } = given(begun()).when(outcome(notReached));
    expect(entries[0]).toBe('reserve apply waiting');
    expect(next.dueAt).toEqual(after(100, at));
    expect(given(begun(), outcome(notReached)).when(due, next.dueAt ?? noon).entries[0]).toBe('reserve apply calling');
  });

  test('is not made again before the platform said it may', () => {
    const { next, at } = given(begun()).when(outcome({ ...notReached, retryAfterMs: 7_000 } as never));
    expect(next.dueAt).toEqual(after(7_000, at));
  });

  test('stalls once its attempts are used up, with a letter that names its step', () => {
    const { sends, next } = given(begun(), outcome(notReached), due, outcome(notReached), due).when(
      outcome(notReached),
    );
    expect(next).toMatchObject({ phase: 'stalled', dueAt: null });
    expect(sends).toEqual(['item-status stalled', 'letter x run-step reserve apply']);
  });

  test('held back by breaker or bulkhead burns no attempt, however often', () => {
    const often = Array.from({ length: 10 }, () => [outcome(heldBack), due]);
    const { activation } = lived(begun(), ...often);
    expect(current(activation)).toMatchObject({ state: 'calling', failures: 0, attempt: 11 });
  });
});

describe('a call whose outcome is unknown', () => {
  test('is read back before anything else', () => {
    const { next, entries } = given(begun()).when(outcome(unknown));
    expect(entries[0]).toBe('reserve apply checking');
    expect(given(begun(), outcome(unknown)).when(due, next.dueAt ?? noon).entries[0]).toBe('reserve apply reading');
  });

  test('found on the platform, it has landed with what it came to', () => {
    const { next, sends } = given(begun(), outcome(unknown), due).when(outcome(landed({ port: '1' })));
    expect(next.characteristics).toEqual({ port: '1' });
    expect(sends).toEqual(['record-activation landed']);
  });

  test('not found, it is not called again before the settle time is over', () => {
    const { activation, now } = lived(begun(), outcome(unknown), due);
    const { next } = given(begun(), outcome(unknown), due).when(outcome(absent));
    expect(entriesOf(next)[0]).toBe('reserve apply checking');
    expect(now.getTime() - Date.parse(current(activation).uncertainSince ?? '')).toBeLessThan(settleMs);
  });

  test('not found by a read-back that was asked after the settle time, it is called again', () => {
    const reads = Array.from({ length: 10 }, () => [due, outcome(absent)]);
    const states: string[] = [];
    let settled = lived(begun(), outcome(unknown));
    for (const fact of reads.flat()) {
      const now = fact === due ? (settled.activation.dueAt ?? noon) : after(1, settled.now);
      settled = { activation: fact(settled.activation, now).save?.at(-1) ?? settled.activation, now };
      states.push(current(settled.activation).state);
      if (current(settled.activation).state === 'calling') break;
    }
    expect(states.at(-1)).toBe('calling');
    expect(settled.now.getTime() - noon.getTime()).toBeGreaterThanOrEqual(settleMs);
  });

  test('not found by a read-back asked before the settle time and answered after it, it is read again', () => {
    const { activation } = lived(begun(), outcome(unknown), due);
    const { entries } = given(() => ({ save: [activation] })).when(outcome(absent), after(settleMs + 5_000));
    expect(entries[0]).toBe('reserve apply checking');
  });

  test('while it cannot be read back, it is asked again and again, and never called', () => {
    const often = Array.from({ length: 20 }, () => [due, outcome(unreadable)]);
    expect(current(lived(begun(), outcome(unknown), ...often).activation)).toMatchObject({
      state: 'checking',
      failures: 1,
    });
  });

  test('read back to an answer that makes no sense, it stalls when its attempts are used up', () => {
    const senseless = outcome({
      kind: 'unreadable',
      failure: { code: 'unexpected', reason: 'nonsense' },
      counted: true,
    });
    const often = Array.from({ length: 6 }, () => [due, senseless]);
    expect(lived(begun(), outcome(unknown), ...often.flat()).activation).toMatchObject({
      phase: 'stalled',
      dueAt: null,
    });
  });

  test('that never takes effect stalls when its attempts are used up', () => {
    const once = [outcome(unknown), ...Array.from({ length: 6 }, () => [due, outcome(absent)]).flat()];
    const { activation } = lived(begun(), ...once, ...once, ...once);
    expect(activation.phase).toBe('stalled');
    expect(current(activation).failures).toBe(3);
  });
});

describe('a lease that runs out', () => {
  test('before its time nothing happens', () => {
    expect(onDue(lived(begun()).activation, rules, after(leaseMs - 1))).toEqual({});
  });

  test('of a call means its outcome is unknown: it is read back at once, by whoever noticed', () => {
    const { entries, next, at } = given(begun()).when(due, after(leaseMs + 1));
    expect(entries[0]).toBe('reserve apply reading');
    expect(current(next)).toMatchObject({ attempt: 2, failures: 1, uncertainSince: at.toISOString() });
  });

  test('of a read-back means it is read again', () => {
    const { entries, next } = given(begun(), due).when(due, after(3 * leaseMs));
    expect(entries[0]).toBe('reserve apply reading');
    expect(current(next).failures).toBe(1);
  });
});

describe('fences', () => {
  test('the outcome of an attempt that was taken from its holder changes nothing', () => {
    const { activation, now } = lived(begun(), due);
    const late = { id: activationId, position: 0, attempt: 1, result: landed() };
    expect(onOutcome(activation, late, rules, now)).toEqual({});
  });

  test('an outcome of a position that was passed changes nothing', () => {
    const { activation, now } = lived(begun(), outcome(landed()));
    expect(onOutcome(activation, { id: activationId, position: 0, attempt: 1, result: refused }, rules, now)).toEqual(
      {},
    );
  });

  test('a letter of a step that does not stand still any more changes nothing', () => {
    expect(given(begun(), outcome(landed())).when(letter).effects).toEqual({});
    expect(given(begun(), outcome(notReached)).when(letter).effects).toEqual({});
  });

  test('a letter of another position or generation, or of nothing known, is dropped', () => {
    const { activation, now } = lived(begun(), outcome(landed()));
    const message = {
      activationId,
      serviceType: 'broadband',
      position: 1,
      generation: 1,
      step: 'allocate',
      direction: 'apply' as const,
    };
    expect(run(activation, { ...message, position: 0 }, rules, now)).toEqual({});
    expect(run(activation, { ...message, generation: 2 }, rules, now)).toEqual({});
    expect(run(undefined, message, rules, now)).toEqual({});
  });
});

describe('a person', () => {
  const stalledDelete = [begun(aCommand({ action: 'delete' })), outcome(refused)];
  const stalledUndo = [begun(), outcome(landed()), outcome(landed()), outcome(refused), outcome(refused)];

  test('who replays the letter resumes the step as the next generation', () => {
    const { next, sends, entries } = given(...stalledDelete).when(letter);
    expect(entries[0]).toBe('configure undo calling');
    expect(current(next)).toMatchObject({ generation: 2, failures: 0 });
    expect(sends).toEqual(['item-status running']);
    expect(next.phase).toBe('applying');
  });

  test('who replays it a second time does nothing: the generation has passed', () => {
    const { activation, now } = lived(...stalledDelete);
    const letter = {
      activationId,
      serviceType: 'broadband',
      position: 0,
      generation: 1,
      step: 'configure',
      direction: 'undo' as const,
    };
    const resumed = run(activation, letter, rules, now).save?.[0];
    const stalledAgain = resumed && outcome(refused)(resumed, now).save?.[0];
    expect(stalledAgain?.phase).toBe('stalled');
    expect(run(stalledAgain, letter, rules, now)).toEqual({});
  });

  test('who resumes a step of unknown outcome has it read back first', () => {
    const once = [outcome(unknown), ...Array.from({ length: 6 }, () => [due, outcome(absent)]).flat()];
    expect(given(begun(), ...once, ...once, ...once).when(letter).entries[0]).toBe('reserve apply reading');
  });

  test('who skips a step goes on with the next, in the direction it was going', () => {
    const { entries, sends, next } = given(...stalledUndo).when(operator('skip'));
    expect(entries.slice(3)).toEqual(['allocate undo skipped', 'reserve undo calling']);
    expect(sends).toEqual(['record-activation landed', 'item-status running']);
    expect(next.phase).toBe('compensating');
  });

  test('who skipped a step does not have it taken back later', () => {
    const thrice = [outcome(notReached), due, outcome(notReached), due, outcome(notReached)];
    const { entries } = given(begun(), outcome(landed()), ...thrice, operator('skip')).when(outcome(refused));
    expect(entries.slice(3)).toEqual(['reserve undo calling']);
  });

  test('who fails a step has what landed before it taken back', () => {
    const thrice = [outcome(notReached), due, outcome(notReached), due, outcome(notReached)];
    const { entries, next } = given(begun(), outcome(landed()), ...thrice).when(operator('fail'));
    expect(entries).toEqual(['reserve apply landed', 'allocate apply stalled', 'reserve undo calling']);
    expect(next.phase).toBe('compensating');
  });

  test('who fails an undo gives it up: what was undone already is not done again', () => {
    const facts = [
      begun(),
      outcome(landed()),
      outcome(landed()),
      outcome(refused),
      outcome(landed()),
      outcome(refused),
    ];
    const { next, sends } = given(...facts).when(operator('fail'));
    expect(next.phase).toBe('failed');
    expect(next.entries.map(({ direction }) => direction)).toEqual(['apply', 'apply', 'apply', 'undo', 'undo']);
    expect(sends).toEqual(['record-activation failed', 'item-status running']);
  });

  test('who speaks of a step that is not stalled, or no longer open, is not heard', () => {
    expect(given(begun()).when(operator('retry')).effects).toEqual({});
    expect(given(...stalledDelete, operator('retry')).when(operator('skip')).effects).toEqual({});
  });
});
