import { describe, expect, test } from 'vitest';
import { type ErrorClass, type RecoveryStep, errorClasses } from '../../../contracts/messages/decomposition.ts';
import { retry } from '../orders.fixture.ts';
import { played } from './recovery.fixture.ts';

/**
 * What becomes of an order when one of its service orders goes wrong: {which component} x {error class} x {policy} x {first,
 * middle, last}. Item 1 is a trio, first under middle under last, which is optional; item 2 is done by alone.
 *
 * `hard` stands for every error class but `partial`, each of them a case of its own; `!` for the state such a service order
 * ends in. Deliveries are those of first, middle, last and alone. On the network `~` marks what is there in part. The last
 * column counts the service orders that were placed.
 */
const matrix = `
policy       | fails  | class   | order              | items               | deliveries                              | products                    | network                  | orders
compensate   | first  | hard    | partiallyCompleted | failed completed    | ! cancelled cancelled completed         | aborted active              | alone                    | 2
compensate   | first  | partial | partiallyCompleted | failed completed    | undone cancelled cancelled completed    | aborted active              | alone                    | 3
compensate   | middle | hard    | partiallyCompleted | failed completed    | undone ! cancelled completed            | aborted active              | alone                    | 4
compensate   | middle | partial | partiallyCompleted | failed completed    | undone undone cancelled completed       | aborted active              | alone                    | 5
compensate   | last   | hard    | partiallyCompleted | failed completed    | undone undone ! completed               | aborted active              | alone                    | 6
compensate   | last   | partial | partiallyCompleted | failed completed    | undone undone undone completed          | aborted active              | alone                    | 7
rollBack     | first  | hard    | failed             | failed failed       | ! cancelled cancelled undone            | aborted aborted             |                          | 3
rollBack     | first  | partial | failed             | failed failed       | undone cancelled cancelled undone       | aborted aborted             |                          | 4
rollBack     | middle | hard    | failed             | failed failed       | undone ! cancelled undone               | aborted aborted             |                          | 5
rollBack     | middle | partial | failed             | failed failed       | undone undone cancelled undone          | aborted aborted             |                          | 6
rollBack     | last   | hard    | failed             | failed failed       | undone undone ! undone                  | aborted aborted             |                          | 7
rollBack     | last   | partial | failed             | failed failed       | undone undone undone undone             | aborted aborted             |                          | 8
markPartial  | first  | hard    | partiallyCompleted | failed completed    | ! cancelled cancelled completed         | aborted active              | alone                    | 2
markPartial  | first  | partial | partiallyCompleted | failed completed    | undone cancelled cancelled completed    | aborted active              | alone                    | 3
markPartial  | middle | hard    | partiallyCompleted | failed completed    | undone ! cancelled completed            | aborted active              | alone                    | 4
markPartial  | middle | partial | partiallyCompleted | failed completed    | undone undone cancelled completed       | aborted active              | alone                    | 5
markPartial  | last   | hard    | partiallyCompleted | completed completed | completed completed skipped completed   | pendingActive active        | first middle alone       | 4
markPartial  | last   | partial | partiallyCompleted | completed completed | completed completed undone completed    | pendingActive active        | first middle alone       | 5
keep         | first  | hard    | failed             | failed failed       | ! cancelled cancelled undone            | aborted aborted             |                          | 3
keep         | first  | partial | partiallyCompleted | completed completed | partial completed completed completed   | pendingActive active        | ~first middle last alone | 4
keep         | middle | hard    | failed             | failed failed       | undone ! cancelled undone               | aborted aborted             |                          | 5
keep         | middle | partial | partiallyCompleted | completed completed | completed partial completed completed   | pendingActive active        | first ~middle last alone | 4
keep         | last   | hard    | failed             | failed failed       | undone undone ! undone                  | aborted aborted             |                          | 7
keep         | last   | partial | partiallyCompleted | completed completed | completed completed partial completed   | pendingActive active        | first middle ~last alone | 4
hold         | first  | hard    | held               | held completed      | held planned planned completed          | pendingActive pendingActive | alone                    | 2
hold         | first  | partial | held               | held completed      | held planned planned completed          | pendingActive pendingActive | ~first alone             | 2
hold         | middle | hard    | held               | held completed      | completed held planned completed        | pendingActive pendingActive | first alone              | 3
hold         | middle | partial | held               | held completed      | completed held planned completed        | pendingActive pendingActive | first ~middle alone      | 3
hold         | last   | hard    | held               | held completed      | completed completed held completed      | pendingActive pendingActive | first middle alone       | 4
hold         | last   | partial | held               | held completed      | completed completed held completed      | pendingActive pendingActive | first middle ~last alone | 4
retry, works | first  | hard    | completed          | completed completed | completed completed completed completed | active active               | first middle last alone  | 5
retry, works | first  | partial | completed          | completed completed | completed completed completed completed | active active               | first middle last alone  | 5
retry, works | middle | hard    | completed          | completed completed | completed completed completed completed | active active               | first middle last alone  | 5
retry, works | middle | partial | completed          | completed completed | completed completed completed completed | active active               | first middle last alone  | 5
retry, works | last   | hard    | completed          | completed completed | completed completed completed completed | active active               | first middle last alone  | 5
retry, works | last   | partial | completed          | completed completed | completed completed completed completed | active active               | first middle last alone  | 5
retry, fails | first  | hard    | partiallyCompleted | failed completed    | ! cancelled cancelled completed         | aborted active              | alone                    | 4
retry, fails | first  | partial | partiallyCompleted | failed completed    | undone cancelled cancelled completed    | aborted active              | alone                    | 5
retry, fails | middle | hard    | partiallyCompleted | failed completed    | undone ! cancelled completed            | aborted active              | alone                    | 6
retry, fails | middle | partial | partiallyCompleted | failed completed    | undone undone cancelled completed       | aborted active              | alone                    | 7
retry, fails | last   | hard    | partiallyCompleted | failed completed    | undone undone ! completed               | aborted active              | alone                    | 8
retry, fails | last   | partial | partiallyCompleted | failed completed    | undone undone undone completed          | aborted active              | alone                    | 9
`;

/** The steps of each policy, and how often the service order goes wrong before it works. */
const policies: Readonly<Record<string, { policy: readonly RecoveryStep[]; times: number }>> = {
  compensate: { policy: [{ do: 'compensate' }], times: 9 },
  rollBack: { policy: [{ do: 'rollBack' }], times: 9 },
  markPartial: { policy: [{ do: 'markPartial' }, { do: 'compensate' }], times: 9 },
  keep: { policy: [{ do: 'keep' }, { do: 'rollBack' }], times: 9 },
  hold: { policy: [{ do: 'hold' }], times: 9 },
  'retry, works': { policy: [retry(2), { do: 'compensate' }], times: 1 },
  'retry, fails': { policy: [retry(2), { do: 'compensate' }], times: 9 },
};

const endsAs = (errorClass: ErrorClass): string =>
  errorClass === 'rejected' || errorClass === 'cancelled' ? errorClass : 'failed';

const cases = matrix
  .trim()
  .split('\n')
  .slice(1)
  .flatMap((line) => {
    const [policy = '', fails = '', kind, order, items, deliveries = '', products, network, orders] = line
      .split('|')
      .map((cell) => cell.trim());
    const classes = errorClasses.filter((one) => (kind === 'partial') === (one === 'partial'));
    return classes.map((errorClass) => ({
      policy,
      fails,
      errorClass,
      expected: {
        order,
        items,
        deliveries: deliveries.replace('!', endsAs(errorClass)),
        products,
        network,
        serviceOrders: Number(orders),
      },
    }));
  });

describe('recovery', () => {
  test.each(cases)('$policy where $fails is $errorClass', ({ policy, fails, errorClass, expected }) => {
    const course = policies[policy];
    if (course === undefined) throw new Error(`there is no policy ${policy}`);
    expect(played({ fails, errorClass, ...course })).toEqual(expected);
  });

  test('every component, error class and policy is tried with every other', () => {
    const tried = new Set(cases.map(({ policy, fails, errorClass }) => `${policy} ${fails} ${errorClass}`));
    expect(tried.size).toBe(Object.keys(policies).length * 3 * errorClasses.length);
  });
});
