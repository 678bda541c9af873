import { crash } from './kill.ts';
import type { Scenario } from './scenario.ts';

/** PostgreSQL restarts: in order, and without a word ("immediate": no checkpoint, recovery at start). */
export const databaseRestarts: Scenario = {
  name: 'database',
  title: 'PostgreSQL restarts',
  paceMs: 700,
  async play(drill) {
    const { postgres } = drill.stage.services;
    await drill.blow('PostgreSQL restarts fast', () => postgres.restart());
    await drill.flowing();
    await drill.blow('PostgreSQL restarts immediately', async () => {
      await crash(postgres);
      await postgres.restart();
    });
  },
};
