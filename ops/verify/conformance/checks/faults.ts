import { isDeepStrictEqual } from 'node:util';
import type { Bench, Strike } from '../bench.ts';
import { isNothing, json } from '../held.ts';
import { pace } from '../runtime.ts';
import { type Check, unlanded } from './check.ts';
import { wholeLife } from './life.ts';

/** What happens to the first call of every operation, in words that end a sentence. */
const mishaps: readonly (Strike & { readonly words: string; readonly hurried?: boolean })[] = [
  { words: 'an answer gets lost', kind: 'lost-answer' },
  { words: 'a call never arrives', kind: 'reset' },
  { words: 'a call takes effect late', kind: 'late-apply', params: { ms: pace.lateMs } },
  { words: 'a call times out', kind: 'hang', hurried: true },
  { words: 'a platform fails before it does anything', kind: 'error', params: { status: 503 } },
  { words: 'a platform fails after it did everything', kind: 'error', params: { status: 500, applied: true } },
  { words: 'a platform turns a call away under load', kind: 'throttle', params: { retryAfterSeconds: 0 } },
  { words: 'an answer is cut off in the middle', kind: 'wrong-answer', params: { form: 'malformed' } },
  { words: 'an answer is about something else', kind: 'wrong-answer', params: { form: 'mismatch' } },
];

const surviving = ({ words, hurried = false, ...strike }: (typeof mishaps)[number]): Check => ({
  name: `comes out the same when ${words}`,
  async run(bench) {
    const calm = await heldThroughLife(bench, undefined, false);
    const struck = await heldThroughLife(bench, strike, hurried);
    if (typeof calm === 'string') return [];
    if (typeof struck === 'string') return [`When ${words}: ${struck}`];
    const other = calm.findIndex((held, at) => !isDeepStrictEqual(bench.like(held), bench.like(struck[at] ?? {})));
    const repeated = (await bench.ledger()).filter(({ effects }) => effects > 1);
    return [
      ...(other < 0
        ? []
        : [
            `When ${words}, the service holds ${json(struck[other])} after ${wholeLife[other]?.[0]}, instead of ${json(calm[other])}.`,
          ]),
      ...repeated.map(({ reference, operation, manager, effects }) => {
        const step = bench.calls.find((one) => one.reference === reference)?.step;
        return `Step ${step ?? operation}: when ${words}, ${operation} is done ${effects} times on ${manager}.`;
      }),
    ];
  },
});

/** What is held after each change of a life, or why it came to an end. */
async function heldThroughLife(bench: Bench, strike: Strike | undefined, hurried: boolean) {
  const service = await bench.fresh(hurried);
  if (strike !== undefined) await bench.strike(strike);
  const held = [];
  for (const [what, change] of wholeLife) {
    const [wrong] = unlanded(`${what} does not go through`, await change(service, bench));
    if (wrong !== undefined) return wrong;
    await bench.quiet();
    held.push(await bench.held());
  }
  return held;
}

const halves = [
  { words: 'and answers an error', params: { answer: 'error' } },
  { words: 'and does not answer', params: { answer: 'none' } },
] as const;

const half = ({ words, params }: (typeof halves)[number]): Check => ({
  name: `is whole in the end, and leaves nothing behind, when a platform does half of a call ${words}`,
  async run(bench) {
    const calm = await bench.fresh();
    await calm.add();
    const whole = await bench.heldByIdempotent();
    const service = await bench.fresh();
    await bench.strike({ kind: 'partial', params });
    const added = await service.add();
    const isHonest = bench.activator.steps.every(({ on }) => bench.isIdempotent(on.name));
    // A platform that takes its half for done lets a later step be refused: the add is then taken back.
    if (added.kind === 'broken' || (added.kind === 'refused' && isHonest))
      return unlanded(`When a platform does half of a call ${words}, an add`, added);
    // What such a platform holds is as its read-back says: that it is half is for reconciliation to find.
    if (!isHonest) await bench.strike();
    const held = added.kind === 'landed' ? await bench.heldByIdempotent() : whole;
    const gone = added.kind === 'landed' ? await service.remove() : added;
    const left = await bench.held();
    return [
      ...(gone.kind === 'broken' ? [`When a platform does half of a call ${words}, a delete: ${gone.complaint}`] : []),
      ...(isDeepStrictEqual(bench.like(whole), bench.like(held))
        ? []
        : [
            `When a platform does half of a call ${words}, the service ends with ${json(held)} instead of ${json(whole)}.`,
          ]),
      ...(isNothing(left)
        ? []
        : [`When a platform does half of a call ${words}, a delete leaves ${json(left)} behind.`]),
    ];
  },
});

const silentHalf: Check = {
  name: 'leaves nothing behind when a platform does half of a call and says it did it all',
  async run(bench) {
    const service = await bench.fresh();
    await bench.strike({ kind: 'partial' });
    // A later step may well be refused then, and the add taken back; what matters is that it can be cleaned up.
    const added = await service.add();
    await bench.strike();
    const ended = added.kind === 'landed' ? await service.remove() : added;
    const left = await bench.held();
    const words = 'After a platform did half of a call and said it did it all';
    return [
      ...(added.kind === 'refused' ? [] : unlanded(`${words}, a delete`, ended)),
      ...(isNothing(left) ? [] : [`${words}, a delete leaves ${json(left)} behind.`]),
    ];
  },
};

const refusal: Check = {
  name: 'is taken back when a step is refused: an add without a trace, a modify to what was before',
  async run(bench) {
    const wrong: string[] = [];
    const service = await bench.fresh();
    await service.add();
    const adding = [...bench.calls];
    await service.modify(bench.sample.change);
    const modifying = bench.calls.slice(adding.length);
    for (const call of adding) {
      const refused = await bench.fresh();
      await bench.refuse(call);
      const ending = await refused.add();
      if (ending.kind === 'landed') continue;
      if (ending.kind === 'broken')
        wrong.push(`When step ${call.step} is refused, it is not taken back: ${ending.complaint}`);
      const left = await bench.held();
      if (!isNothing(left)) wrong.push(`When step ${call.step} of an add is refused, ${json(left)} is left behind.`);
    }
    for (const call of modifying) {
      const refused = await bench.fresh();
      await refused.add();
      const before = await bench.held();
      await bench.refuse(call);
      const ending = await refused.modify(bench.sample.change);
      if (ending.kind === 'landed') continue;
      if (ending.kind === 'broken')
        wrong.push(`When step ${call.step} of a modify is refused, it is not taken back: ${ending.complaint}`);
      const after = await bench.held();
      if (!isDeepStrictEqual(bench.like(before), bench.like(after)))
        wrong.push(
          `When step ${call.step} of a modify is refused, the service does not get back what it was: ${json(before)} became ${json(after)}.`,
        );
    }
    return wrong;
  },
};

export const faultChecks: readonly Check[] = [...mishaps.map(surviving), ...halves.map(half), silentHalf, refusal];
