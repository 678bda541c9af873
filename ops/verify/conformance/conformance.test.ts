import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Activator, StepInput } from '../../../workers/activation/activator.ts';
import { pending } from '../../../workers/calls/platform.ts';
import { createBench } from './bench.ts';
import { type Want, box, boxActivator, clumsy, managers, sample } from './box.fixture.ts';
import { checks } from './checks/index.ts';
import { activatorConformance } from './index.ts';

type Net = ReturnType<typeof box.connect>;
type Input = StepInput<Want>;

activatorConformance(boxActivator(), sample, managers);
activatorConformance({ ...boxActivator({ on: clumsy }), serviceType: 'clumsy box' }, sample, managers);

/** A busy machine is no reason to fail. */
const patiently = { timeout: 60_000 };
let tick = 0;

/** Taken on, and done only when it is asked for again. */
const outside = {
  apply: async (_: Input, net: Net) => {
    await net.take();
    return pending;
  },
  external: {
    deadline: '1m',
    pollEvery: '1s',
    answer: z.looseObject({ slot: z.string() }),
    read: (_: Input, net: Net) => net.take(),
  },
};

describe.concurrent('nothing is said against', () => {
  const telling = ['is added, modified', 'is safe to call again', 'comes out the same when an answer', 'is taken back'];
  test.for<[string, Activator]>([
    ['a step that waits for an outside system', boxActivator({ take: outside })],
    ['a step the service can do without', boxActivator({ set: { optional: true } })],
    ['an activator that ends at a step from which it is not taken back', { ...boxActivator(), pointOfNoReturn: 'set' }],
  ])('%s', patiently, async ([, activator]) => {
    const all = await Promise.all(telling.map((check) => complaints(activator, check)));
    expect(all.flat()).toEqual([]);
  });
});

type Mistake = readonly [mistake: string, check: string, sentence: RegExp, activator: Activator];
const mistakes: readonly Mistake[] = [
  [
    'a schema that refuses its own sample',
    'is added, modified',
    /^.*The characteristics schema refuses the sample: rate: /,
    boxActivator({ characteristics: z.object({ rate: z.string() }) }),
  ],
  [
    'a schema that refuses what the activator itself put in the inventory',
    'is added, modified',
    /The characteristics schema refuses what the service is by then \(.*slot.*\), so that it cannot be changed any more/,
    boxActivator({ characteristics: z.strictObject({ rate: z.number(), label: z.string() }) }),
  ],
  [
    'a step that depends on more than it names',
    'names in `uses`',
    /^Step set: reads "label" but does not name it in uses, so that a modify of it leaves the step out\.$/,
    boxActivator({ set: { uses: ['rate'] } }),
  ],
  [
    'a change that no step hears of',
    'names in `uses`',
    /^No step names "rate" in uses: a modify of it calls nobody\.$/,
    boxActivator({ set: { uses: ['label'] } }),
  ],
  [
    'an apply that asks for something else each time',
    'asks the same of',
    /^Step set: apply asks set .* and, given the same once more, set .*: a repeat would do something else\.$/,
    boxActivator({
      set: {
        apply: ({ want }: Input, net: Net) => net.set({ rate: want.rate, label: want.label, note: (tick += 1) }),
      },
    }),
  ],
  [
    'an undo that leaves something behind',
    'undoes with each step',
    /^Step set: undo leaves something behind: the network held .* before apply, .* and holds .*"rate":100/,
    boxActivator({ set: { undo: (_: Input, net: Net) => net.go() } }),
  ],
  [
    'an undo that minds that nothing is there',
    'undoes a step of which',
    /^Step take: undo of a service that was never added is refused \(no-slot: there is none\); what is gone is undone/,
    boxActivator({ take: { undo: (_: Input, net: Net) => net.expel() } }),
  ],
  [
    'a lands that cannot read what a read-back finds',
    'is safe to call again',
    /Step take: lands throws TypeError: .* on the result .*\. That is what a read-back finds\.$/,
    boxActivator({
      take: {
        apply: async (_: Input, net: Net) => ({ place: (await net.take()).slot.split('-') }),
        lands: ({ place }: { place: string[] }) => ({ characteristics: { slot: place.join('-') } }),
      },
    }),
  ],
  [
    'a lands that makes something else of a read-back',
    'is safe to call again',
    /^Step take: lands makes .*"slot":"none".* of what a read-back finds, but .*"slot":"SLOT-1".* of the answer/,
    boxActivator({
      take: {
        apply: async (_: Input, net: Net) => ({ name: (await net.take()).slot.toUpperCase() }),
        lands: ({ name = 'none' }: { name?: string }) => ({ characteristics: { slot: name } }),
      },
    }),
  ],
  [
    'a lands that gives the inventory what is not JSON',
    'is added, modified',
    /^.*Step take: lands gives "slot" a value that is not JSON/,
    boxActivator({ take: { lands: () => ({ characteristics: { slot: undefined } }) } }),
  ],
  [
    'a platform that does not pass the reference on',
    'is safe to call again',
    /^Step take: what apply did is not found by its reference, so that an answer that gets lost would do it twice\.$/,
    boxActivator({
      on: { ...box, connect: (context) => box.connect({ ...context, reference: `mine-${(tick += 1)}` }) },
    }),
  ],
  [
    'a platform whose read-back never finds anything',
    'comes out the same when an answer gets lost',
    /^Step take: when an answer gets lost, take is done 2 times on clumsy\.$/,
    boxActivator({ on: { ...clumsy, readBack: async () => ({ applied: false }) } }),
  ],
  [
    'a step that does two things under one reference',
    'is added, modified',
    /^Step set: apply makes 2 calls \(take, set\) under one reference, which can read back only one/,
    boxActivator({
      set: {
        apply: async ({ want: { rate, label } }: Input, net: Net) => {
          await net.take();
          return net.set({ rate, label });
        },
      },
    }),
  ],
  [
    'a step that crashes when it is called before what it needs',
    'is refused or harmless',
    /^Called before the steps it needs: Step set: apply throws TypeError: .* Ask the platform and let it refuse\.$/,
    boxActivator({
      set: {
        apply: ({ want: { rate, label }, facts }: Input, net: Net) =>
          net.set({ rate, label: (facts['slot'] as string).length > 0 ? label : '' }),
      },
    }),
  ],
  [
    'a step that wipes out what later steps made',
    'keeps what later steps',
    /^Step take: applied again with nothing changed, it changes what the service holds: .*"rate":100.* became /,
    boxActivator({ take: { apply: (_: Input, net: Net) => net.empty() } }),
  ],
  [
    'a suspension that suspends nothing',
    'can be suspended',
    /^Suspending the service changes nothing on the network\.$/,
    boxActivator({ set: { suspend: (_: Input, net: Net) => net.go() } }),
  ],
  [
    'a resumption that resumes nothing',
    'can be suspended',
    /^Resuming does not bring back what was there before: .* became .*"paused":true/,
    boxActivator({ set: { resume: (_: Input, net: Net) => net.pause() } }),
  ],
  [
    'an apply that takes a failed call for a done one',
    'comes out the same when a call never arrives',
    /^When a call never arrives, the service holds .* after an add, instead of .*"rate":100/,
    boxActivator({ set: { apply: swallowed } }),
  ],
  [
    'an apply that takes a half-done call for a done one',
    'is whole in the end, and leaves nothing behind, when a platform does half of a call and answers an error',
    /^When a platform does half of a call and answers an error, the service ends with .* instead of .*"label":"a"/,
    boxActivator({ set: { apply: swallowed } }),
  ],
  [
    'a modify that cannot be taken back',
    'is taken back',
    /^When step other of a modify is refused, the service does not get back what it was: .*"rate":100.* became .*"rate":200/,
    neverLess(),
  ],
  [
    'a delete that leaves something behind',
    'is added, modified',
    /^After a delete the network still holds .* for the service\.$/,
    boxActivator({ take: { undo: (_: Input, net: Net) => net.unset() } }),
  ],
  [
    'an apply that takes a half-done call for a done one when nobody answers',
    'is whole in the end, and leaves nothing behind, when a platform does half of a call and does not answer',
    /^When a platform does half of a call and does not answer, the service ends with .* instead of .*"label":"a"/,
    boxActivator({ set: { apply: swallowed } }),
  ],
  [
    'a delete that leaves what was half done',
    'leaves nothing behind when a platform does half',
    /^After a platform did half of a call and said it did it all, a delete leaves .* behind\.$/,
    boxActivator({ take: { undo: (_: Input, net: Net) => net.unset() } }),
  ],
  [
    'a platform that does not tell what it holds',
    'is added, modified',
    /^What cabinet is observed to hold \(\{\}\) is not what it holds \(.*"slot"/,
    boxActivator({ on: { ...box, observe: async () => ({}) } }),
  ],
  ...['a call times out', 'a platform fails before it does anything', 'a platform turns a call away under load'].map(
    (mishap): Mistake => [
      `an apply that takes a call for a done one when ${mishap}`,
      `comes out the same when ${mishap}`,
      new RegExp(`^When ${mishap}, the service holds .* after an add, instead of .*"rate":100`),
      boxActivator({ set: { apply: swallowed } }),
    ],
  ),
  ...[
    'a call takes effect late',
    'a platform fails after it did everything',
    'an answer is cut off in the middle',
    'an answer is about something else',
  ].map((mishap): Mistake => [
    `a platform whose read-back never finds anything when ${mishap}`,
    `comes out the same when ${mishap}`,
    new RegExp(`^Step take: when ${mishap}, take is done 2 times on clumsy\\.$`),
    boxActivator({ on: { ...clumsy, readBack: async () => ({ applied: false }) } }),
  ]),
];

describe.concurrent('the kit says what is wrong with', () => {
  test.for(mistakes)('%s', patiently, async ([, check, sentence, activator]) => {
    expect(await complaints(activator, check)).toContainEqual(expect.stringMatching(sentence));
  });

  test('an activator whose platform nobody simulates', async () => {
    const nowhere = boxActivator({ on: { ...box, name: 'nowhere' } });
    await expect(createBench(nowhere, sample, managers)).rejects.toThrow(
      /has no platform "nowhere": declare it in the activator's folder, in simulated\.ts/,
    );
  });
});

test('every check has caught a mistake, so none can pass by never being tried', () => {
  const untried = checks.filter(({ name }) => !mistakes.some(([, check]) => name.startsWith(check)));
  expect(untried.map(({ name }) => name)).toEqual([]);
});

/** What one check has to say about an activator. */
async function complaints(activator: Activator, name: string): Promise<readonly string[]> {
  const check = checks.find((one) => one.name.startsWith(name));
  if (check === undefined) throw new Error(`there is no check that ${name}`);
  const bench = await createBench(activator, sample, managers);
  try {
    return await check.run(bench);
  } finally {
    await bench.close();
  }
}

/** Answers for the platform when it does not. */
function swallowed({ want: { rate, label } }: Input, net: Net) {
  return net.set({ rate, label }).catch(() => ({ rate, label }));
}

/** A rate that only ever rises, in front of a step that can be refused. */
function neverLess(): Activator {
  const rising = boxActivator({
    set: {
      apply: ({ want: { rate, label }, facts }: Input, net: Net) =>
        net.set({ rate: Math.max(rate, Number(facts['rate'] ?? 0)), label }),
    },
  });
  const [, set] = rising.steps;
  const other = set === undefined ? [] : [{ ...set, name: 'other' }];
  return { ...rising, steps: [...rising.steps, ...other] };
}
