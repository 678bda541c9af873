import { setTimeout as sleep } from 'node:timers/promises';
import { countLogged } from '../logged.ts';
import { countLeasesOver } from '../witness.store.ts';
import { standStill } from './stand-still.ts';
import type { Scenario } from './scenario.ts';

/** Longer than every lease, the broker's patience with heartbeats, and a statement's time. */
const stillMs = 40_000;
const apartMs = 5_000;

/** One process of each role in turn stands still, comes back, and believes that what it held is still its own. */
export const standstills: Scenario = {
  name: 'standstill',
  title: `one process of each role stands still for ${stillMs / 1000} s`,
  paceMs: 500,
  async play(drill) {
    const { fleet, folders, sql } = drill.stage;
    const given = countLogged(folders.logs, 'rabbitmq', /missed heartbeats from client/g);
    const leasesBefore = await countLeasesOver(sql);
    // The activator while its calls are many: those behind it stop what leads to them.
    const one = fleet.processes.filter(({ name }) => name.endsWith('-1')).toReversed();
    await Promise.all(
      one.map(async (process, n) => {
        await sleep(n * apartMs);
        await drill.blow(`${process.name} stands still`, () => standStill(process, stillMs));
      }),
    );
    const [lost, leases] = [given(), (await countLeasesOver(sql)) - leasesBefore];
    drill.note(`the broker gave up ${lost} connections; the leases of ${leases} activations ran out`);
    if (lost === 0 || leases === 0) throw new Error('Nothing was taken from who stood still: this proves nothing.');
    await drill.flowing();
  },
};
