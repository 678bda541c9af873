import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RecoveryStep, errorClasses } from '../../contracts/messages/decomposition.ts';
import { freePort } from '../run/bootstrap/ports.ts';
import { type System, startSystem } from '../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../verify/testbed/testbed.ts';
import { type Outside, startOutside } from './recovery-outside.fixture.ts';
import { type Trials, begin } from './recovery-run.fixture.ts';
import { type Trial, nameOf, places } from './recovery-trial.fixture.ts';

/**
 * What becomes of a product order when one of its service orders goes wrong, on the whole fleet, as its clients, its
 * customers and the network see it at the end: {which component} x {error class} x {policy} x {first, middle, last}.
 *
 * Item 1 is a trio, first under middle under last, which is optional; item 2 is one service, alone, that comes before.
 * Service orders are those that were placed for first, middle, last and alone, in turn: `+` completed, `-` completed and
 * took it back, `~` partial, `!` failed, `r` rejected, `x` cancelled, `.` none. Products are those of item 1 and item 2.
 * On the network, `~` marks what is there in part. `recovery.matrix.test.ts` plays the same with deciders alone.
 */
const matrix = `
policy       | fails  | class       | order     | items               | service orders | products                    | network
compensate   | first  | refused     | partial   | failed completed    | ! . . +        | aborted active              | alone
compensate   | first  | rejected    | partial   | failed completed    | r . . +        | aborted active              | alone
compensate   | first  | cancelled   | partial   | failed completed    | x . . +        | aborted active              | alone
compensate   | first  | timedOut    | partial   | failed completed    | ! . . +        | aborted active              | alone
compensate   | first  | unreachable | partial   | failed completed    | ! . . +        | aborted active              | alone
compensate   | first  | unexpected  | partial   | failed completed    | ! . . +        | aborted active              | alone
compensate   | first  | partial     | partial   | failed completed    | ~- . . +       | aborted active              | alone
compensate   | middle | refused     | partial   | failed completed    | +- ! . +       | aborted active              | alone
compensate   | middle | rejected    | partial   | failed completed    | +- r . +       | aborted active              | alone
compensate   | middle | cancelled   | partial   | failed completed    | +- x . +       | aborted active              | alone
compensate   | middle | timedOut    | partial   | failed completed    | +- ! . +       | aborted active              | alone
compensate   | middle | unreachable | partial   | failed completed    | +- ! . +       | aborted active              | alone
compensate   | middle | unexpected  | partial   | failed completed    | +- ! . +       | aborted active              | alone
compensate   | middle | partial     | partial   | failed completed    | +- ~- . +      | aborted active              | alone
compensate   | last   | refused     | partial   | failed completed    | +- +- ! +      | aborted active              | alone
compensate   | last   | rejected    | partial   | failed completed    | +- +- r +      | aborted active              | alone
compensate   | last   | cancelled   | partial   | failed completed    | +- +- x +      | aborted active              | alone
compensate   | last   | timedOut    | partial   | failed completed    | +- +- ! +      | aborted active              | alone
compensate   | last   | unreachable | partial   | failed completed    | +- +- ! +      | aborted active              | alone
compensate   | last   | unexpected  | partial   | failed completed    | +- +- ! +      | aborted active              | alone
compensate   | last   | partial     | partial   | failed completed    | +- +- ~- +     | aborted active              | alone
rollBack     | first  | refused     | failed    | failed failed       | ! . . +-       | aborted aborted             |
rollBack     | first  | rejected    | failed    | failed failed       | r . . +-       | aborted aborted             |
rollBack     | first  | cancelled   | failed    | failed failed       | x . . +-       | aborted aborted             |
rollBack     | first  | timedOut    | failed    | failed failed       | ! . . +-       | aborted aborted             |
rollBack     | first  | unreachable | failed    | failed failed       | ! . . +-       | aborted aborted             |
rollBack     | first  | unexpected  | failed    | failed failed       | ! . . +-       | aborted aborted             |
rollBack     | first  | partial     | failed    | failed failed       | ~- . . +-      | aborted aborted             |
rollBack     | middle | refused     | failed    | failed failed       | +- ! . +-      | aborted aborted             |
rollBack     | middle | rejected    | failed    | failed failed       | +- r . +-      | aborted aborted             |
rollBack     | middle | cancelled   | failed    | failed failed       | +- x . +-      | aborted aborted             |
rollBack     | middle | timedOut    | failed    | failed failed       | +- ! . +-      | aborted aborted             |
rollBack     | middle | unreachable | failed    | failed failed       | +- ! . +-      | aborted aborted             |
rollBack     | middle | unexpected  | failed    | failed failed       | +- ! . +-      | aborted aborted             |
rollBack     | middle | partial     | failed    | failed failed       | +- ~- . +-     | aborted aborted             |
rollBack     | last   | refused     | failed    | failed failed       | +- +- ! +-     | aborted aborted             |
rollBack     | last   | rejected    | failed    | failed failed       | +- +- r +-     | aborted aborted             |
rollBack     | last   | cancelled   | failed    | failed failed       | +- +- x +-     | aborted aborted             |
rollBack     | last   | timedOut    | failed    | failed failed       | +- +- ! +-     | aborted aborted             |
rollBack     | last   | unreachable | failed    | failed failed       | +- +- ! +-     | aborted aborted             |
rollBack     | last   | unexpected  | failed    | failed failed       | +- +- ! +-     | aborted aborted             |
rollBack     | last   | partial     | failed    | failed failed       | +- +- ~- +-    | aborted aborted             |
markPartial  | first  | refused     | partial   | failed completed    | ! . . +        | aborted active              | alone
markPartial  | first  | rejected    | partial   | failed completed    | r . . +        | aborted active              | alone
markPartial  | first  | cancelled   | partial   | failed completed    | x . . +        | aborted active              | alone
markPartial  | first  | timedOut    | partial   | failed completed    | ! . . +        | aborted active              | alone
markPartial  | first  | unreachable | partial   | failed completed    | ! . . +        | aborted active              | alone
markPartial  | first  | unexpected  | partial   | failed completed    | ! . . +        | aborted active              | alone
markPartial  | first  | partial     | partial   | failed completed    | ~- . . +       | aborted active              | alone
markPartial  | middle | refused     | partial   | failed completed    | +- ! . +       | aborted active              | alone
markPartial  | middle | rejected    | partial   | failed completed    | +- r . +       | aborted active              | alone
markPartial  | middle | cancelled   | partial   | failed completed    | +- x . +       | aborted active              | alone
markPartial  | middle | timedOut    | partial   | failed completed    | +- ! . +       | aborted active              | alone
markPartial  | middle | unreachable | partial   | failed completed    | +- ! . +       | aborted active              | alone
markPartial  | middle | unexpected  | partial   | failed completed    | +- ! . +       | aborted active              | alone
markPartial  | middle | partial     | partial   | failed completed    | +- ~- . +      | aborted active              | alone
markPartial  | last   | refused     | partial   | completed completed | + + ! +        | pendingActive active        | first middle alone
markPartial  | last   | rejected    | partial   | completed completed | + + r +        | pendingActive active        | first middle alone
markPartial  | last   | cancelled   | partial   | completed completed | + + x +        | pendingActive active        | first middle alone
markPartial  | last   | timedOut    | partial   | completed completed | + + ! +        | pendingActive active        | first middle alone
markPartial  | last   | unreachable | partial   | completed completed | + + ! +        | pendingActive active        | first middle alone
markPartial  | last   | unexpected  | partial   | completed completed | + + ! +        | pendingActive active        | first middle alone
markPartial  | last   | partial     | partial   | completed completed | + + ~- +       | pendingActive active        | first middle alone
keep         | first  | refused     | failed    | failed failed       | ! . . +-       | aborted aborted             |
keep         | first  | rejected    | failed    | failed failed       | r . . +-       | aborted aborted             |
keep         | first  | cancelled   | failed    | failed failed       | x . . +-       | aborted aborted             |
keep         | first  | timedOut    | failed    | failed failed       | ! . . +-       | aborted aborted             |
keep         | first  | unreachable | failed    | failed failed       | ! . . +-       | aborted aborted             |
keep         | first  | unexpected  | failed    | failed failed       | ! . . +-       | aborted aborted             |
keep         | first  | partial     | partial   | completed completed | ~ + + +        | pendingActive active        | ~first middle last alone
keep         | middle | refused     | failed    | failed failed       | +- ! . +-      | aborted aborted             |
keep         | middle | rejected    | failed    | failed failed       | +- r . +-      | aborted aborted             |
keep         | middle | cancelled   | failed    | failed failed       | +- x . +-      | aborted aborted             |
keep         | middle | timedOut    | failed    | failed failed       | +- ! . +-      | aborted aborted             |
keep         | middle | unreachable | failed    | failed failed       | +- ! . +-      | aborted aborted             |
keep         | middle | unexpected  | failed    | failed failed       | +- ! . +-      | aborted aborted             |
keep         | middle | partial     | partial   | completed completed | + ~ + +        | pendingActive active        | first ~middle last alone
keep         | last   | refused     | failed    | failed failed       | +- +- ! +-     | aborted aborted             |
keep         | last   | rejected    | failed    | failed failed       | +- +- r +-     | aborted aborted             |
keep         | last   | cancelled   | failed    | failed failed       | +- +- x +-     | aborted aborted             |
keep         | last   | timedOut    | failed    | failed failed       | +- +- ! +-     | aborted aborted             |
keep         | last   | unreachable | failed    | failed failed       | +- +- ! +-     | aborted aborted             |
keep         | last   | unexpected  | failed    | failed failed       | +- +- ! +-     | aborted aborted             |
keep         | last   | partial     | partial   | completed completed | + + ~ +        | pendingActive active        | first middle ~last alone
hold         | first  | refused     | held      | held completed      | ! . . +        | pendingActive pendingActive | alone
hold         | first  | rejected    | held      | held completed      | r . . +        | pendingActive pendingActive | alone
hold         | first  | cancelled   | held      | held completed      | x . . +        | pendingActive pendingActive | alone
hold         | first  | timedOut    | held      | held completed      | ! . . +        | pendingActive pendingActive | alone
hold         | first  | unreachable | held      | held completed      | ! . . +        | pendingActive pendingActive | alone
hold         | first  | unexpected  | held      | held completed      | ! . . +        | pendingActive pendingActive | alone
hold         | first  | partial     | held      | held completed      | ~ . . +        | pendingActive pendingActive | ~first alone
hold         | middle | refused     | held      | held completed      | + ! . +        | pendingActive pendingActive | first alone
hold         | middle | rejected    | held      | held completed      | + r . +        | pendingActive pendingActive | first alone
hold         | middle | cancelled   | held      | held completed      | + x . +        | pendingActive pendingActive | first alone
hold         | middle | timedOut    | held      | held completed      | + ! . +        | pendingActive pendingActive | first alone
hold         | middle | unreachable | held      | held completed      | + ! . +        | pendingActive pendingActive | first alone
hold         | middle | unexpected  | held      | held completed      | + ! . +        | pendingActive pendingActive | first alone
hold         | middle | partial     | held      | held completed      | + ~ . +        | pendingActive pendingActive | first ~middle alone
hold         | last   | refused     | held      | held completed      | + + ! +        | pendingActive pendingActive | first middle alone
hold         | last   | rejected    | held      | held completed      | + + r +        | pendingActive pendingActive | first middle alone
hold         | last   | cancelled   | held      | held completed      | + + x +        | pendingActive pendingActive | first middle alone
hold         | last   | timedOut    | held      | held completed      | + + ! +        | pendingActive pendingActive | first middle alone
hold         | last   | unreachable | held      | held completed      | + + ! +        | pendingActive pendingActive | first middle alone
hold         | last   | unexpected  | held      | held completed      | + + ! +        | pendingActive pendingActive | first middle alone
hold         | last   | partial     | held      | held completed      | + + ~ +        | pendingActive pendingActive | first middle ~last alone
retry, works | first  | refused     | completed | completed completed | !+ + + +       | active active               | first middle last alone
retry, works | first  | rejected    | completed | completed completed | r+ + + +       | active active               | first middle last alone
retry, works | first  | cancelled   | completed | completed completed | x+ + + +       | active active               | first middle last alone
retry, works | first  | timedOut    | completed | completed completed | !+ + + +       | active active               | first middle last alone
retry, works | first  | unreachable | completed | completed completed | !+ + + +       | active active               | first middle last alone
retry, works | first  | unexpected  | completed | completed completed | !+ + + +       | active active               | first middle last alone
retry, works | first  | partial     | completed | completed completed | ~+ + + +       | active active               | first middle last alone
retry, works | middle | refused     | completed | completed completed | + !+ + +       | active active               | first middle last alone
retry, works | middle | rejected    | completed | completed completed | + r+ + +       | active active               | first middle last alone
retry, works | middle | cancelled   | completed | completed completed | + x+ + +       | active active               | first middle last alone
retry, works | middle | timedOut    | completed | completed completed | + !+ + +       | active active               | first middle last alone
retry, works | middle | unreachable | completed | completed completed | + !+ + +       | active active               | first middle last alone
retry, works | middle | unexpected  | completed | completed completed | + !+ + +       | active active               | first middle last alone
retry, works | middle | partial     | completed | completed completed | + ~+ + +       | active active               | first middle last alone
retry, works | last   | refused     | completed | completed completed | + + !+ +       | active active               | first middle last alone
retry, works | last   | rejected    | completed | completed completed | + + r+ +       | active active               | first middle last alone
retry, works | last   | cancelled   | completed | completed completed | + + x+ +       | active active               | first middle last alone
retry, works | last   | timedOut    | completed | completed completed | + + !+ +       | active active               | first middle last alone
retry, works | last   | unreachable | completed | completed completed | + + !+ +       | active active               | first middle last alone
retry, works | last   | unexpected  | completed | completed completed | + + !+ +       | active active               | first middle last alone
retry, works | last   | partial     | completed | completed completed | + + ~+ +       | active active               | first middle last alone
retry, fails | first  | refused     | partial   | failed completed    | !!! . . +      | aborted active              | alone
retry, fails | first  | rejected    | partial   | failed completed    | rrr . . +      | aborted active              | alone
retry, fails | first  | cancelled   | partial   | failed completed    | xxx . . +      | aborted active              | alone
retry, fails | first  | timedOut    | partial   | failed completed    | !!! . . +      | aborted active              | alone
retry, fails | first  | unreachable | partial   | failed completed    | !!! . . +      | aborted active              | alone
retry, fails | first  | unexpected  | partial   | failed completed    | !!! . . +      | aborted active              | alone
retry, fails | first  | partial     | partial   | failed completed    | ~~~- . . +     | aborted active              | alone
retry, fails | middle | refused     | partial   | failed completed    | +- !!! . +     | aborted active              | alone
retry, fails | middle | rejected    | partial   | failed completed    | +- rrr . +     | aborted active              | alone
retry, fails | middle | cancelled   | partial   | failed completed    | +- xxx . +     | aborted active              | alone
retry, fails | middle | timedOut    | partial   | failed completed    | +- !!! . +     | aborted active              | alone
retry, fails | middle | unreachable | partial   | failed completed    | +- !!! . +     | aborted active              | alone
retry, fails | middle | unexpected  | partial   | failed completed    | +- !!! . +     | aborted active              | alone
retry, fails | middle | partial     | partial   | failed completed    | +- ~~~- . +    | aborted active              | alone
retry, fails | last   | refused     | partial   | failed completed    | +- +- !!! +    | aborted active              | alone
retry, fails | last   | rejected    | partial   | failed completed    | +- +- rrr +    | aborted active              | alone
retry, fails | last   | cancelled   | partial   | failed completed    | +- +- xxx +    | aborted active              | alone
retry, fails | last   | timedOut    | partial   | failed completed    | +- +- !!! +    | aborted active              | alone
retry, fails | last   | unreachable | partial   | failed completed    | +- +- !!! +    | aborted active              | alone
retry, fails | last   | unexpected  | partial   | failed completed    | +- +- !!! +    | aborted active              | alone
retry, fails | last   | partial     | partial   | failed completed    | +- +- ~~~- +   | aborted active              | alone
`;

/** The steps of each policy. `once`: what goes wrong would work the next time. */
const policies: Readonly<Record<string, { steps: readonly RecoveryStep[]; once?: true }>> = {
  compensate: { steps: [{ do: 'compensate' }] },
  rollBack: { steps: [{ do: 'rollBack' }] },
  markPartial: { steps: [{ do: 'markPartial' }, { do: 'compensate' }] },
  keep: { steps: [{ do: 'keep' }, { do: 'rollBack' }] },
  hold: { steps: [{ do: 'hold' }] },
  'retry, works': { steps: [{ do: 'retry', attempts: 2, wait: '100ms' }, { do: 'compensate' }], once: true },
  'retry, fails': { steps: [{ do: 'retry', attempts: 2, wait: '100ms' }, { do: 'compensate' }] },
};

const oneOf = <One extends string>(known: readonly One[], name: string): One => {
  const found = known.find((one) => one === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};
const cases = matrix
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [
      policy = '',
      fails = '',
      errorClass = '',
      order = '',
      items = '',
      serviceOrders = '',
      products = '',
      network = '',
    ] = line.split('|').map((cell) => cell.trim());
    const trial: Trial = {
      policy,
      fails: oneOf(places, fails),
      errorClass: oneOf(errorClasses, errorClass),
      once: policies[policy]?.once ?? false,
    };
    return { trial, expected: { errorClass, order, items, serviceOrders, products, network } };
  });

let testbed: Testbed;
let system: System;
let outside: Outside;
let trials: Trials;
beforeAll(async () => {
  const all = cases.map(({ trial }) => trial);
  [testbed, outside] = await Promise.all([createTestbed(), startOutside(all, await freePort())]);
  system = await startSystem(testbed, { OUTSIDE_SERVICE_ORDERING: outside.endpoints });
  outside.leadTo(system.request);
  trials = await begin(system, all, new Map(Object.entries(policies).map(([name, { steps }]) => [name, steps])));
}, 120_000);
afterAll(async () => {
  await trials?.close();
  await system?.close();
  await Promise.all([outside?.close(), testbed?.close()]);
});

describe('recovery on the whole fleet', () => {
  test('every component, error class and policy is tried with every other', () => {
    const tried = new Set(cases.map(({ trial }) => nameOf(trial)));
    expect(tried.size).toBe(Object.keys(policies).length * places.length * errorClasses.length);
  });

  test.each(cases)(
    '$trial.policy where $trial.fails is $trial.errorClass',
    async ({ trial, expected }) => {
      expect(await trials.outcome(trial, expected)).toEqual(expected);
    },
    120_000,
  );

  test('nothing of it all was done twice on the network, and no message was given up', async () => {
    expect((await system.network.summary()).totals).toMatchObject({ excess: 0 });
    const dead =
      await system.sql`select type from platform.journal where outcome in ('parked', 'deadLettered') limit 1`;
    expect(dead).toEqual([]);
  });
});
