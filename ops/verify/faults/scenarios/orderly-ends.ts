import type { RoleProcess } from '../../../run/fleet/supervisor.ts';
import { restart } from './restart.ts';
import type { Scenario } from './scenario.ts';

/** What a process may take to drain; then it is killed, which the verdict on how processes ended does not forgive. */
const drainMs = 30_000;

/** SIGTERM under load: one process of every role, the other one, then the whole fleet. Each drains, ends with 0, comes back. */
export const orderlyEnds: Scenario = {
  name: 'sigterm',
  title: 'every process is asked to end under load',
  paceMs: 500,
  async play(drill) {
    const { processes } = drill.stage.fleet;
    let longest = 0;
    const end = async (process: RoleProcess): Promise<void> => {
      const began = performance.now();
      await process.stop();
      const took = performance.now() - began;
      longest = Math.max(longest, took);
      if (took > drainMs) throw new Error(`${process.name} took ${Math.round(took / 1000)} s to end.`);
      await restart(process);
    };
    const groups = {
      'one process of each role': processes.filter(({ name }) => name.endsWith('-1')),
      'the other one of each': processes.filter(({ name }) => !name.endsWith('-1')),
      'the whole fleet': processes,
    };
    for (const [what, group] of Object.entries(groups)) {
      await drill.blow(`${what} is asked to end`, () => Promise.all(group.map(end)));
      await drill.flowing();
    }
    drill.note(`the longest drain took ${(longest / 1000).toFixed(1)} s`);
  },
};
