import { isDeepStrictEqual } from 'node:util';
import type { Step } from '../../../../workers/activation/activator.ts';
import type { Bench } from '../bench.ts';
import { type Held, isNothing, json } from '../held.ts';
import type { Service } from '../service.ts';
import { type Turn, call, lands, look } from '../turn.ts';
import { type Check, unlanded } from './check.ts';

/** Applies every step in order by itself. Stops at the first that does not land; that is said by the whole life. */
async function applyAll(bench: Bench, service: Service): Promise<{ step: Step<unknown>; before: Held }[]> {
  const applied: { step: Step<unknown>; before: Held }[] = [];
  for (const step of bench.activator.steps) {
    const before = await bench.held();
    const ending = await service.step(step, 'apply');
    if (ending.kind !== 'landed') break;
    service.keep(ending.characteristics);
    applied.push({ step, before });
  }
  return applied;
}

const undoing: Check = {
  name: 'undoes with each step exactly what that step did',
  async run(bench) {
    const service = await bench.fresh();
    const wrong: string[] = [];
    for (const { step, before } of (await applyAll(bench, service)).toReversed()) {
      const applied = await bench.held();
      wrong.push(...unlanded('Taking a step back', await service.step(step, 'undo')));
      const undone = await bench.held();
      if (!isDeepStrictEqual(before, undone)) {
        wrong.push(
          `Step ${step.name}: undo leaves something behind: the network held ${json(before)} before apply, ${json(applied)} before undo, and holds ${json(undone)} after it.`,
        );
      }
    }
    return wrong;
  },
};

const nothingThere: Check = {
  name: 'undoes a step of which nothing is there',
  async run(bench) {
    const wrong: string[] = [];
    const undoAll = async (service: Service, when: string): Promise<void> => {
      for (const step of bench.activator.steps.toReversed()) {
        const ending = await service.step(step, 'undo');
        if (ending.kind === 'landed') continue;
        const how = ending.kind === 'refused' ? `is refused (${ending.code}: ${ending.reason})` : ending.complaint;
        wrong.push(
          `Step ${step.name}: undo ${when} ${how}; what is gone is undone, so it must come to nothing instead.`,
        );
      }
    };
    await undoAll(await bench.fresh(), 'of a service that was never added');
    const service = await bench.fresh();
    await applyAll(bench, service);
    for (const step of bench.activator.steps.toReversed()) await service.step(step, 'undo');
    await undoAll(service, 'a second time');
    const left = await bench.held();
    return isNothing(left) ? wrong : [...wrong, `Undoing twice leaves ${json(left)} behind.`];
  },
};

const repeated: Check = {
  name: 'is safe to call again under the same reference, or can be read back by it',
  async run(bench) {
    const service = await bench.fresh();
    const wrong: string[] = [];
    for (const step of bench.activator.steps) {
      const turn = service.turn(step, 'apply');
      const first = await called(turn);
      if (first === undefined) break;
      const held = await bench.held();
      wrong.push(...(await readBack(turn, first.result)));
      if (bench.isIdempotent(step.on.name)) {
        const again = await called(turn);
        const now = await bench.held();
        if (!isDeepStrictEqual(held, now))
          wrong.push(
            `Step ${step.name}: called again under the same reference, it changes what is held: ${json(held)} became ${json(now)}.`,
          );
        else if (again !== undefined && !isDeepStrictEqual(lands(turn, first.result), lands(turn, again.result)))
          wrong.push(`Step ${step.name}: lands makes other facts when the call is repeated under the same reference.`);
      }
      const landed = lands(turn, first.result);
      if (!('complaint' in landed)) service.keep(landed.characteristics ?? {});
    }
    return wrong;
  },
};

/** The result of one call; undefined when it does not come to one, which the whole life tells about. */
const called = async (turn: Turn): Promise<{ result: unknown } | undefined> =>
  call(turn).then(
    (result) => ({ result }),
    () => undefined,
  );

/** What an answer that got lost would be replaced by. */
async function readBack(turn: Turn, result: unknown): Promise<string[]> {
  const { name } = turn.step;
  const found = await look(turn).catch(() => undefined);
  if (found?.applied !== true) {
    return [
      `Step ${name}: what apply did is not found by its reference, so that an answer that gets lost would do it twice.`,
    ];
  }
  if (turn.step.external !== undefined) return [];
  const [answered, read] = [lands(turn, result), lands(turn, found.result)];
  if ('complaint' in read) return [`${read.complaint} That is what a read-back finds.`];
  return isDeepStrictEqual(answered, read)
    ? []
    : [
        `Step ${name}: lands makes ${json(read)} of what a read-back finds, but ${json(answered)} of the answer: the inventory would depend on which of them came.`,
      ];
}

const outOfOrder: Check = {
  name: 'is refused or harmless when its steps are called out of order',
  async run(bench) {
    const wrong: string[] = [];
    for (const step of bench.activator.steps.slice(1)) {
      const service = await bench.fresh();
      const early = await service.step(step, 'apply');
      if (early.kind === 'broken') {
        wrong.push(`Called before the steps it needs: ${early.complaint} Ask the platform and let it refuse.`);
        continue;
      }
      if (early.kind === 'landed') service.keep(early.characteristics);
      await service.step(step, 'undo');
      const left = await bench.held();
      if (!isNothing(left))
        wrong.push(`Step ${step.name}: called before the steps it needs, and undone, it leaves ${json(left)} behind.`);
    }
    const service = await bench.fresh();
    await applyAll(bench, service);
    for (const step of bench.activator.steps) await service.step(step, 'undo');
    const left = await bench.held();
    return isNothing(left) ? wrong : [...wrong, `Undoing the steps first to last leaves ${json(left)} behind.`];
  },
};

const reapplied: Check = {
  name: 'keeps what later steps made when an earlier one is applied again, as a modify or a repair does',
  async run(bench) {
    const service = await bench.fresh();
    const wrong: string[] = [];
    for (const { step } of await applyAll(bench, service)) {
      const before = await bench.held();
      const ending = await service.step(step, 'apply');
      if (ending.kind === 'landed') service.keep(ending.characteristics);
      const after = await bench.held();
      wrong.push(...unlanded('Applied again over what it made', ending));
      if (!isDeepStrictEqual(bench.like(before), bench.like(after)))
        wrong.push(
          `Step ${step.name}: applied again with nothing changed, it changes what the service holds: ${json(before)} became ${json(after)}.`,
        );
    }
    return wrong;
  },
};

export const stepChecks: readonly Check[] = [undoing, nothingThere, repeated, outOfOrder, reapplied];
