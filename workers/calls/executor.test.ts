import { type TestContext, expect, test, vi } from 'vitest';
import { createLog } from '../../ops/platform/log.ts';
import { createBulkhead } from './bulkhead.ts';
import { type Intent, type Trouble, createExecutor, leaseMarginMs } from './executor.ts';
import { LeaseOver, OutcomeUnknown, PlatformNotReached, PlatformRefusal } from './platform.ts';

type Result = { readonly kind: 'done' };
interface Row {
  readonly what: Intent<Result>['what'];
  readonly openedBy?: number;
  readonly readAt?: number;
  readonly throws?: Error;
}

/** An executor whose platform has one place, with what it called and what came of it. */
function anExecutor({ isOpen = false, heldOff = false, countsReads = false } = {}) {
  const called: string[] = [];
  const happened: (Result | Trouble)[] = [];
  const bulkhead = createBulkhead(
    () => 1,
    () => undefined,
  );
  const breaker = {
    ...{ platform: 'olt', isOpen: () => isOpen, admitted: () => 1, heldOff: async () => heldOff },
    ...{ run: <Answer>(call: () => Promise<Answer>) => call(), stop: async () => undefined },
  };
  const executor = createExecutor<Row, Result>({
    ...{ countsReads, log: createLog('test', 'silent') },
    happened: (_row, result) => void happened.push(result),
    intentOf: ({ what, openedBy = 1, readAt, throws }) => ({
      ...{ what, openedBy, readAt, guard: { breaker, bulkhead } },
      subject: {
        ...{ platform: 'olt', what, span: what, attributes: {}, about: {} },
        ...{ correlationId: 'test', traceparent: undefined },
      },
      async make() {
        called.push(what);
        if (throws !== undefined) throw throws;
        return { kind: 'done' };
      },
    }),
  });
  return { executor, called, happened, bulkhead };
}

/** Stands still for so long: the clock that leases are compared with goes on. */
function aStandingClock({ onTestFinished }: TestContext): (ms: number) => void {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => void vi.advanceTimersByTime(ms);
}

test.for(['call', 'read', 'poll'] as const)(
  'a %s is not made when the process stood still in the queue for a place until its lease ran out',
  async (what, context) => {
    const standStill = aStandingClock(context);
    const { executor, called, happened, bulkhead } = anExecutor();
    const leave = await bulkhead.enter(0);
    executor.committed([{ what }], performance.now());
    standStill(8_000);
    leave?.();
    await executor.drained();
    expect([called, happened]).toEqual([[], []]);
    // The place is free again.
    executor.committed([{ what }], performance.now());
    await executor.drained();
    expect([called, happened]).toEqual([[what], [{ kind: 'done' }]]);
  },
);

test('nor is it when its transaction took that long, and it is up to then', async (context) => {
  const standStill = aStandingClock(context);
  const { executor, called } = anExecutor();
  const begunAt = performance.now();
  standStill(leaseMarginMs - 1);
  executor.committed([{ what: 'call' }], begunAt);
  await executor.drained();
  standStill(1);
  executor.committed([{ what: 'read' }], begunAt);
  await executor.drained();
  expect(called).toEqual(['call']);
});

test('a call whose lease ran out on its way to the socket is left to the next holder', async () => {
  const { executor, called, happened } = anExecutor();
  executor.committed([{ what: 'call', throws: new LeaseOver('POST /ports') }], performance.now());
  await executor.drained();
  expect([called, happened]).toEqual([['call'], []]);
});

test('what was opened before the transaction is its holder’s', async () => {
  const { executor, called } = anExecutor();
  executor.committed([{ what: 'call', openedBy: 3, readAt: 3 }], performance.now());
  executor.committed([{ what: 'read', openedBy: 4, readAt: 3 }], performance.now());
  await executor.drained();
  expect(called).toEqual(['read']);
});

test('with its breaker open nothing is called and no attempt is burned', async () => {
  const held = anExecutor({ isOpen: true });
  held.executor.committed([{ what: 'call' }], performance.now());
  await held.executor.drained();
  expect([held.called, held.happened]).toEqual([
    [],
    [
      expect.objectContaining({
        kind: 'notReached',
        counted: false,
        failure: expect.objectContaining({ code: 'heldBack' }),
      }),
    ],
  ]);
});

const refusal = new PlatformRefusal('portTaken', 'The port is taken.');
const unknown = new OutcomeUnknown('no answer');
const notReached = new PlatformNotReached('too busy', 500);

test.for([
  // A no is a no, but to a read-back: that says nothing of the call.
  ['call', refusal, {}, { kind: 'refused', failure: { code: 'portTaken' } }],
  ['poll', refusal, {}, { kind: 'refused' }],
  ['read', refusal, {}, { kind: 'unreadable', counted: true }],
  ['call', unknown, {}, { kind: 'unknown', counted: true, failure: { code: 'outcomeUnknown' } }],
  ['call', notReached, {}, { kind: 'notReached', counted: true, retryAfterMs: 500 }],
  ['call', new TypeError('ours'), {}, { kind: 'unknown', counted: true, failure: { code: 'unexpected' } }],
  // An outage that opens the breaker is counted against no attempt.
  ['call', unknown, { heldOff: true }, { kind: 'unknown', counted: false }],
  ['call', notReached, { heldOff: true }, { kind: 'notReached', counted: false }],
  ['call', new TypeError('ours'), { heldOff: true }, { kind: 'unknown', counted: true }],
  ['read', unknown, {}, { kind: 'unreadable', counted: false }],
  ['poll', new TypeError('ours'), {}, { kind: 'unreadable', counted: true }],
  ['read', unknown, { countsReads: true }, { kind: 'unreadable', counted: true }],
  ['read', unknown, { countsReads: true, heldOff: true }, { kind: 'unreadable', counted: false }],
] as const)('a %s that ends in %o comes to %o', async ([what, throws, options, result]) => {
  const { executor, happened } = anExecutor(options);
  executor.committed([{ what, throws }], performance.now());
  await executor.drained();
  expect(happened).toMatchObject([result]);
});
