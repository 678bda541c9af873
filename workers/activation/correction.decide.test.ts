import { describe, expect, test } from 'vitest';
import { type RunStep, runStep } from '../../contracts/messages/activation.ts';
import { current } from './activation.state.ts';
import { run } from './activation.decide.ts';
import {
  type Fact,
  aCommand,
  after,
  begun,
  due,
  landed,
  lived,
  notReached,
  operator,
  outcome,
  rules,
  unknown,
  unreadable,
} from './activations.fixture.ts';
import { correctionFault } from './correction.decide.ts';

const command = aCommand({ requested: { port: '1', prefix: 29, rate: 100 } });
/** The second step could not be done; the first one has landed. */
const fallen: readonly Fact[] = [
  begun(command),
  outcome(landed()),
  outcome(notReached),
  due,
  outcome(notReached),
  due,
  outcome(notReached),
];
const letterOf = (): RunStep => {
  const { activation, now } = lived(...fallen.slice(0, -1));
  const letter = outcome(notReached)(activation, now).fallOut?.[0]?.message;
  if (letter === undefined) throw new Error('nothing fell out');
  return runStep.schema.parse(letter.body);
};

describe('a letter put right', () => {
  test('says what the service shall be', () => {
    expect(letterOf()).toMatchObject({ step: 'allocate', generation: 1, requested: command.requested });
  });

  test('replayed as it is, the step is tried again; edited, with what it says now', () => {
    const { activation, now } = lived(...fallen);
    const again = run(activation, letterOf(), rules, after(1, now)).save?.[0];
    expect(again?.command.requested).toEqual(command.requested);
    const edited = run(
      activation,
      { ...letterOf(), requested: { ...command.requested, prefix: 28 } },
      rules,
      after(1, now),
    );
    expect(edited.save?.[0]).toMatchObject({ phase: 'applying', command: { requested: { prefix: 28 } } });
    const entry = edited.save?.[0] && current(edited.save[0]);
    expect(entry).toMatchObject({ generation: 2, failures: 0, state: 'calling' });
  });

  test('the same by an operator’s retry', () => {
    const { activation } = lived(...fallen, operator('retry', { port: '1', prefix: 28, rate: 100 }));
    expect(activation.command.requested).toEqual({ port: '1', prefix: 28, rate: 100 });
  });

  test('cannot change what a step has landed with', () => {
    const { activation } = lived(...fallen);
    expect(correctionFault(activation, { ...command.requested, port: '2' }, rules)).toMatchObject({
      code: 'alreadyLanded',
    });
    expect(correctionFault(activation, { ...command.requested, prefix: 28, rate: 7 }, rules)).toBeUndefined();
    expect(correctionFault(activation, command.requested, rules)).toBeUndefined();
  });

  test('waits until it is known whether the step took effect as it was asked', () => {
    const counted = { ...unreadable, counted: true };
    const { activation } = lived(
      begun(command),
      outcome(unknown),
      due,
      outcome(counted),
      due,
      outcome(counted),
      due,
      outcome(counted),
    );
    expect(activation.phase).toBe('stalled');
    expect(correctionFault(activation, { ...command.requested, port: '2' }, rules)).toMatchObject({
      code: 'outcomeUnknown',
    });
    expect(correctionFault(activation, command.requested, rules)).toBeUndefined();
  });
});
