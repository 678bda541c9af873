import { restart } from './restart.ts';
import type { Scenario } from './scenario.ts';

/** Half of the fleet speaks the messages of the last release; then one process after the other is upgraded, under load. */
export const rollingUpgrade: Scenario = {
  name: 'upgrade',
  title: 'a rolling upgrade: message versions N and N-1 side by side',
  paceMs: 300,
  async play(drill) {
    const { fleet, environment } = drill.stage;
    const old = fleet.processes.filter(({ name }) => name.endsWith('-1'));
    await drill.blow('one process of each role is of the last release', async () => {
      for (const { name } of old) environment.set(name, { MESSAGE_VERSIONS: 'previous' });
      await restart(...old);
    });
    await drill.flowing();
    for (const process of old) {
      environment.delete(process.name);
      await drill.blow(`${process.name} is upgraded`, () => restart(process));
    }
    await drill.flowing();
  },
};
