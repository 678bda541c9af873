import { expect, test } from 'vitest';
import { z } from 'zod';
import { createLog } from '../../ops/platform/log.ts';
import { createBulkhead } from '../calls/bulkhead.ts';
import type { Activation, Outcome } from './activation.state.ts';
import { type Fact, after, begun, cancelling, landed, lived, outcome } from './activations.fixture.ts';
import { activator } from './activator.ts';
import { startStepCalls } from './step-calls.ts';
import type { Platform } from '../calls/platform.ts';

/** A platform on which everything is done at once. */
const willing: Platform<null> = {
  ...{ name: 'safe', timeoutMs: 1_000, settleMs: 0, concurrency: 4 },
  connect: () => null,
  readBack: async () => ({ applied: false }),
  observe: async () => ({}),
  probe: async () => undefined,
};
const nothing = async (): Promise<undefined> => undefined;
const step = { on: willing, apply: nothing, undo: nothing, suspend: nothing, resume: nothing };
const line = activator({
  serviceType: 'broadband',
  characteristics: z.looseObject({}),
  steps: (declare) => [declare('reserve', step), declare('allocate', step), declare('configure', step)],
});

/** The row as a transaction reads it. */
const read = (activation: Activation): Activation => ({ ...activation, readAt: activation.revision });
/** What a transaction leaves that decides these facts, one after the other, over what it read. */
function folded(activation: Activation | undefined, ...facts: readonly Fact[]): Activation {
  let state = activation;
  for (const fact of facts) state = fact(state, after(1)).save?.at(-1) ?? state;
  if (state === undefined) throw new Error('nothing was begun');
  return state;
}

/** The attempts that a process calls which committed these states. */
async function called(...states: readonly Activation[]): Promise<string[]> {
  const outcomes: Outcome[] = [];
  const breaker = {
    ...{ platform: willing.name, isOpen: () => false, admitted: () => 1 },
    ...{
      run: <Result>(call: () => Promise<Result>) => call(),
      heldOff: async () => false,
      stop: async () => undefined,
    },
  };
  const bulkhead = createBulkhead(
    () => 4,
    () => undefined,
  );
  const guarded = { platform: willing, url: 'http://safe', breaker, bulkhead };
  const executor = startStepCalls({
    activator: line,
    platforms: new Map(['safe', 'unsafe'].map((name) => [name, guarded])),
    ...{ callbackBase: 'http://here', log: createLog('test', 'silent') },
    happened: (one) => void outcomes.push(one),
  });
  executor.committed(states, performance.now());
  await executor.drained();
  return outcomes.map(({ position, attempt, result }) => `${position}/${attempt} ${result.kind}`);
}

test('what a commit opened is called, the first step and the one after a step that landed', async () => {
  expect(await called(folded(undefined, begun()))).toEqual(['0/1 landed']);
  expect(await called(folded(read(lived(begun()).activation), outcome(landed())))).toEqual(['1/1 landed']);
});

test('a call is not lost when more was decided over its activation in the transaction that opened it', async () => {
  const state = folded(read(lived(begun()).activation), outcome(landed()), cancelling('assess'), cancelling('proceed'));
  expect(state).toMatchObject({ revision: 4, position: 1 });
  expect(await called(state)).toEqual(['1/1 landed']);
  const before = lived(begun(), cancelling('assess')).activation;
  expect(await called(folded(read(before), outcome(landed()), cancelling('proceed'), begun()))).toEqual(['2/1 landed']);
});

test('a call that was opened before is its holder’s, whatever is decided over its activation meanwhile', async () => {
  expect(await called(folded(read(lived(begun()).activation), cancelling('assess')))).toEqual([]);
  const twice = folded(read(lived(begun(), outcome(landed())).activation), cancelling('assess'), cancelling('abandon'));
  expect(await called(twice)).toEqual([]);
});

test('what stands still is not called', async () => {
  const { activation } = lived(begun(), cancelling('assess'));
  expect(await called(folded(read(activation), outcome(landed())))).toEqual([]);
});
