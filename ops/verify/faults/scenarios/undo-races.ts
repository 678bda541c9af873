import { takenBack } from '../order-mix.ts';
import type { Fault } from '../network-control.ts';
import { kill } from './kill.ts';
import type { Scenario } from './scenario.ts';

const often = { manager: '*', operation: 'calls' } as const;
/** Shorter than the settle time every activator gives its platform, which is the longest it waits for a late effect. */
const races: readonly (Fault & { readonly id: string })[] = [
  { ...often, id: 'race-late', kind: 'late-apply', probability: 0.3, count: 150, params: { ms: 1_600 } },
  { ...often, id: 'race-lost', kind: 'lost-answer', probability: 0.1, count: 60 },
];

/** Orders that must be taken back while their calls still land, and while the calls that take back land late too. */
export const undoRaces: Scenario = {
  name: 'undo',
  title: 'an undo races an apply that lands late',
  paceMs: 300,
  mix: takenBack,
  async play(drill) {
    const { fleet, network } = drill.stage;
    await network.add(races);
    await drill.blow('calls land late while they are taken back', () => undefined);
    await drill.blow('activator-1 is killed', () => kill(fleet.of('activator')[0]));
    await drill.blow('both activators are killed', () => kill(...fleet.of('activator')));
    for (const { id } of races) await network.remove(id);
  },
};
