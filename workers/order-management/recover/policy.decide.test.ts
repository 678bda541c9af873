import { expect, test } from 'vitest';
import { type ErrorClass, errorClasses } from '../../../contracts/messages/decomposition.ts';
import { serviceOrderStates } from '../../../contracts/states/service-order.ts';
import { errorClassOf } from './error-class.decide.ts';
import { retry, rules } from '../orders.fixture.ts';
import { courseFor, courseForUndo, milliseconds } from './policy.decide.ts';
import { publish } from '../receive/publish.decide.ts';

const trouble = (over: Partial<Parameters<typeof courseFor>[1]> = {}) => ({
  serviceType: 'line',
  errorClass: 'refused' as const,
  retried: 0,
  canBeLeftOut: false,
  ...over,
});

test('steps are tried in turn, each as often as it says', () => {
  const policies = [
    { serviceType: '*', revision: 1, cases: { any: [retry(1), retry(1, '1min'), { do: 'hold' as const }] } },
  ];
  const courses = [0, 1, 2, 3].map((retried) => courseFor(policies, trouble({ retried })));
  expect(courses).toEqual([
    { do: 'retry', waitMs: 10_000, attempt: 1, of: 1 },
    { do: 'retry', waitMs: 60_000, attempt: 1, of: 1 },
    { do: 'hold' },
    { do: 'hold' },
  ]);
});

test('a service type’s own policy goes before that for all, a class before any', () => {
  const policies = [
    { serviceType: '*', revision: 1, cases: { any: [{ do: 'hold' as const }] } },
    { serviceType: 'line', revision: 1, cases: { refused: [{ do: 'rollBack' as const }] } },
  ];
  expect(courseFor(policies, trouble())).toEqual({ do: 'rollBack' });
  expect(courseFor(policies, trouble({ serviceType: 'else' }))).toEqual({ do: 'hold' });
  // Its own policy has no word for it.
  expect(courseFor(policies, trouble({ errorClass: 'timedOut' }))).toEqual({ do: 'compensate' });
  expect(courseFor([], trouble())).toEqual({ do: 'compensate' });
  expect(courseFor([], trouble({ errorClass: 'partial' }))).toEqual({ do: 'keep' });
});

test('steps that cannot be taken are passed over, and something always ends it', () => {
  const policies = [
    { serviceType: '*', revision: 1, cases: { any: [{ do: 'markPartial' as const }, { do: 'keep' as const }] } },
  ];
  expect(courseFor(policies, trouble({ canBeLeftOut: true }))).toEqual({ do: 'markPartial' });
  expect(courseFor(policies, trouble({ errorClass: 'partial' }))).toEqual({ do: 'keep' });
  expect(courseFor(policies, trouble())).toEqual({ do: 'compensate' });
});

test('taking back is tried again as the policy has it, then held where it says so, else left', () => {
  const of = (...any: Parameters<typeof courseFor>[0][number]['cases']['any'] & object) => [
    { serviceType: '*', revision: 1, cases: { any } },
  ];
  expect(courseForUndo(of(retry(1)), trouble())).toMatchObject({ do: 'retry', attempt: 1 });
  expect(courseForUndo(of(retry(1)), trouble({ retried: 1 }))).toEqual({ do: 'leave' });
  expect(courseForUndo(of({ do: 'hold' }), trouble())).toEqual({ do: 'hold' });
});

test('waits are read in their units', () => {
  expect(['500ms', '5s', '2min', '1h', 'soon'].map(milliseconds)).toEqual([500, 5_000, 120_000, 3_600_000, 0]);
});

test('every end of a service order but completion has a class, and nothing else has', () => {
  const classes = Object.fromEntries(serviceOrderStates.map((state) => [state, errorClassOf(state, undefined)]));
  expect(classes).toEqual({
    acknowledged: undefined,
    rejected: 'rejected',
    pending: undefined,
    held: undefined,
    inProgress: undefined,
    cancelled: 'cancelled',
    completed: undefined,
    failed: 'unexpected',
    partial: 'partial',
    assessingCancellation: undefined,
    pendingCancellation: undefined,
  });
});

test('a failure’s code tells its class; a code of the platform’s own is a refusal', () => {
  const of = (code: string) => errorClassOf('failed', { code, reason: '' });
  expect(
    [
      'deadlinePassed',
      'timedOut',
      'platformNotReached',
      'unreachable',
      'serviceExists',
      'noEffect',
      'noPort',
      'constructor',
    ].map(of),
  ).toEqual(['timedOut', 'timedOut', 'unreachable', 'unreachable', 'rejected', 'unexpected', 'refused', 'refused']);
  const seen = new Set<ErrorClass | undefined>([
    ...serviceOrderStates.map((state) => errorClassOf(state, undefined)),
    ...['timedOut', 'unreachable', 'noPort'].map(of),
  ]);
  expect(errorClasses.filter((one) => !seen.has(one))).toEqual([]);
});

test('a rule is written once: a later revision retires it and changes nothing else', () => {
  const [rule] = rules;
  if (rule === undefined) throw new Error('there is no rule');
  expect(publish(undefined, rule)).toEqual({ save: [rule] });
  expect(publish(rule, { ...rule, name: 'other' })).toEqual({});
  expect(publish(rule, { ...rule, revision: 2, name: 'other', lifecycleStatus: 'retired' })).toEqual({
    save: [{ ...rule, revision: 2, lifecycleStatus: 'retired' }],
  });
});
