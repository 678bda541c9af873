import { setTimeout as sleep } from 'node:timers/promises';
import { holdRecording } from '../witness.store.ts';
import { kill } from './kill.ts';
import type { Scenario } from './scenario.ts';

/** Calls that took effect and whose outcome nobody has written down when their activators die. */
const unrecorded = 20;

/** `kill -9` between a platform call and its recording: the call is on the network, only reading back can know it. */
export const unrecordedCalls: Scenario = {
  name: 'unrecorded',
  title: 'activators die between a platform call and its recording',
  paceMs: 500,
  async play(drill) {
    const { sql, fleet, network } = drill.stage;
    for (const round of [1, 2]) {
      await drill.blow(`both activators are killed before they can record their calls (${round})`, async () => {
        const effects = async (): Promise<number> => (await network.summary()).totals.effects;
        await holdRecording(sql, async () => {
          const before = await effects();
          const deadline = Date.now() + 15_000;
          while ((await effects()) < before + unrecorded && Date.now() < deadline) await sleep(100);
          const made = (await effects()) - before;
          if (made === 0) throw new Error('No call took effect while nothing could be recorded: this proves nothing.');
          drill.note(`${made} calls took effect and were not recorded`);
          for (const activator of fleet.of('activator')) activator.kill('SIGKILL');
          // Their transactions end with them, before the way to record is free again.
          await sleep(300);
        });
        await Promise.all(fleet.of('activator').map((activator) => activator.whenReady()));
      });
      await drill.flowing();
    }
    await kill(fleet.of('activator')[0]);
  },
};
