import type { Fault } from '../network-control.ts';
import { kill } from './kill.ts';
import type { Scenario } from './scenario.ts';

/** So often, and so many times in all, on each platform. A breaker opens at half of the calls: this stays below. */
const often = { manager: '*', operation: 'calls' } as const;
const unknowns: readonly (Fault & { readonly id: string })[] = [
  { ...often, id: 'lost-answer', kind: 'lost-answer', probability: 0.05, count: 40 },
  { ...often, id: 'reset', kind: 'reset', probability: 0.04, count: 40 },
  { ...often, id: 'error', kind: 'error', probability: 0.03, count: 30 },
  { ...often, id: 'error-applied', kind: 'error', probability: 0.03, count: 30, params: { applied: true } },
  { ...often, id: 'late-apply', kind: 'late-apply', probability: 0.04, count: 40, params: { ms: 1_200 } },
  { ...often, id: 'hang', kind: 'hang', probability: 0.02, count: 15, params: { ms: 20_000 } },
];

/** Nobody knows what became of many calls, at the manager that does everything twice when called twice too; and roles die. */
export const unknownOutcomes: Scenario = {
  name: 'unknowns',
  title: 'answers are lost, late or wrong while roles die',
  paceMs: 500,
  async play(drill) {
    const { fleet, simulator, network } = drill.stage;
    await network.add(unknowns);
    await drill.blow('activator-2 is killed', () => kill(fleet.of('activator')[1]));
    await drill.blow('service-inventory-2 is killed', () => kill(fleet.of('service-inventory')[1]));
    await drill.blow('the simulator is killed', () => kill(simulator));
    await drill.blow('both service orderings are killed', () => kill(...fleet.of('service-ordering')));
    await drill.blow('both activators are killed', () => kill(...fleet.of('activator')));
    for (const { id } of unknowns) await network.remove(id);
  },
};
