import { isDeepStrictEqual } from 'node:util';
import type { Bench } from '../bench.ts';
import { isNothing, json } from '../held.ts';
import type { Service } from '../service.ts';
import { type Check, unlanded } from './check.ts';

/** Everything that happens to a service in its life, in order. */
export const wholeLife: readonly [string, (service: Service, bench: Bench) => ReturnType<Service['add']>][] = [
  ['an add', (service) => service.add()],
  ['a modify', (service, { sample }) => service.modify(sample.change)],
  ['a suspension', (service) => service.suspend()],
  ['a resumption', (service) => service.resume()],
  ['a delete', (service) => service.remove()],
];

const goodOrder: Check = {
  name: 'is added, modified, suspended, resumed and deleted on a network in good order, and leaves nothing behind',
  async run(bench) {
    const service = await bench.fresh();
    for (const [what, change] of wholeLife) {
      const wrong = unlanded(`In good order, ${what} does not go through`, await change(service, bench));
      if (wrong.length > 0) return [...wrong, ...crowded(bench)];
      if (what === 'an add') {
        const seen = await unseen(bench);
        if (seen.length > 0) return seen;
      }
    }
    const left = await bench.held();
    return [
      ...crowded(bench),
      ...(isNothing(left) ? [] : [`After a delete the network still holds ${json(left)} for the service.`]),
    ];
  },
};

/** What is held that the activator's platforms do not tell when they are asked what they hold. */
async function unseen(bench: Bench): Promise<string[]> {
  const held = await bench.held();
  if (isNothing(held)) return ['After an add the network holds nothing for the service.'];
  const told = await bench.observed();
  return Object.keys(told)
    .filter((platform) => !isDeepStrictEqual(told[platform], held[platform] ?? {}))
    .map(
      (platform) =>
        `What ${platform} is observed to hold (${json(told[platform])}) is not what it holds (${json(held[platform])}).`,
    );
}

/** A step that calls twice has one reference for two things: neither can be read back. */
function crowded({ activator, calls }: Bench): string[] {
  return activator.steps
    .filter(({ external }) => external === undefined)
    .flatMap(({ name }) => {
      const ofStep = calls.filter(({ step }) => step === name);
      const [first] = ofStep.filter(
        (one, at) => ofStep.findIndex(({ reference }) => reference === one.reference) !== at,
      );
      if (first === undefined) return [];
      const all = ofStep.filter(({ reference }) => reference === first.reference).map(({ operation }) => operation);
      return [
        `Step ${name}: ${first.direction} makes ${all.length} calls (${all.join(', ')}) under one reference, which can read back only one: make them steps of their own.`,
      ];
    });
}

const uses: Check = {
  name: 'names in `uses` every characteristic a step depends on',
  async run(bench) {
    const service = await bench.fresh();
    await service.add();
    await service.modify(bench.sample.change);
    const unnamed = bench.activator.steps.flatMap((step) =>
      step.uses === undefined
        ? []
        : [...(bench.reads.get(step.name) ?? [])]
            .filter((name) => !step.uses?.includes(name))
            .map(
              (name) =>
                `Step ${step.name}: reads "${name}" but does not name it in uses, so that a modify of it leaves the step out.`,
            ),
    );
    const idle = Object.keys(bench.sample.change)
      .filter((name) => bench.activator.steps.every((step) => step.uses !== undefined && !step.uses.includes(name)))
      .map((name) => `No step names "${name}" in uses: a modify of it calls nobody.`);
    return [...unnamed, ...idle];
  },
};

const sameAgain: Check = {
  name: 'asks the same of its platforms when it is given the same',
  async run(bench) {
    const lived = async () => {
      const service = await bench.fresh();
      for (const [, change] of wholeLife) await change(service, bench);
      return [...bench.calls];
    };
    const [once, again] = [await lived(), await lived()];
    const at = once.findIndex((one, index) => !isDeepStrictEqual(one, again[index]));
    const [one, other] = [once[at], again[at]];
    if (one === undefined) return [];
    return [
      `Step ${one.step}: ${one.direction} asks ${one.operation} ${json(one.parameters)} and, given the same once more, ${other?.operation ?? 'nothing'} ${json(other?.parameters ?? {})}: a repeat would do something else.`,
    ];
  },
};

const suspension: Check = {
  name: 'can be suspended and resumed, twice over, and deleted while suspended',
  async run(bench) {
    const declared = bench.activator.steps.filter(
      (step) => (step.suspend === undefined) !== (step.resume === undefined),
    );
    if (declared.length > 0)
      return declared.map(({ name }) => `Step ${name}: declares one of suspend and resume; it needs both.`);
    const service = await bench.fresh();
    await service.add();
    const running = await bench.held();
    const ups = unlanded('A service that runs', await service.resume());
    const downs = unlanded('A service that runs', await service.suspend());
    const suspended = await bench.held();
    const again = unlanded('A service that is suspended already', await service.suspend());
    const twice = await bench.held();
    const back = unlanded('A service that is suspended', await service.resume());
    const resumed = await bench.held();
    await service.suspend();
    const gone = unlanded('A delete of a suspended service', await service.remove());
    const left = await bench.held();
    return [
      ...[...ups, ...downs, ...again, ...back, ...gone],
      ...(isDeepStrictEqual(running, suspended) ? ['Suspending the service changes nothing on the network.'] : []),
      ...(isDeepStrictEqual(suspended, twice)
        ? []
        : [`Suspending it again changes what is held: ${json(suspended)} became ${json(twice)}.`]),
      ...(isDeepStrictEqual(running, resumed)
        ? []
        : [`Resuming does not bring back what was there before: ${json(running)} became ${json(resumed)}.`]),
      ...(isNothing(left) ? [] : [`A delete of the suspended service leaves ${json(left)} behind.`]),
    ];
  },
};

export const lifeChecks: readonly Check[] = [goodOrder, uses, sameAgain, suspension];
