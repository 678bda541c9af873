import { setTimeout as sleep } from 'node:timers/promises';
import type { Topology } from '../../../../contracts/topology.ts';
import { type DeadPlatform, standInDead } from '../dead-platform.ts';
import type { Drill } from '../drill.ts';
import { countConsumers } from '../queues.ts';
import { type Attempts, readAttempts, readBreakers } from '../witness.store.ts';
import type { Scenario } from './scenario.ts';

const hangMs = 12_000;
/** Nobody listens; then somebody does and answers nothing. Together a minute. */
const refusedMs = 10_000;
const silentMs = 50_000;
/** Probes are 1, 2, 4, 8, 15, 15 s apart, by one process of the fleet: so many a minute at most. */
const mostProbes = 10;

/** All platforms hang, then all are down for a minute: their orders wait, nobody is blamed, one process looks after them. */
export const platformOutages: Scenario = {
  name: 'platforms',
  title: 'platforms hang, then are down for a minute',
  paceMs: 500,
  async play(drill) {
    const { network, simulator, sql, simulatorPort } = drill.stage;
    await drill.blow(`every platform hangs for ${hangMs / 1000} s`, async () => {
      await network.add([{ id: 'hang', manager: '*', operation: '*', kind: 'hang', params: { ms: hangMs } }]);
      await sleep(hangMs);
      await network.remove('hang');
    });
    await drill.flowing();
    await untilBreakers(drill, (states) => states.length === 0, 60_000, 'closed');
    await drill.blow(`every platform is down for ${(refusedMs + silentMs) / 1000} s`, async () => {
      const before = await readAttempts(sql);
      await simulator.stop();
      await sleep(refusedMs);
      const dead = await standInDead(simulatorPort);
      try {
        await sleep(silentMs / 2);
        await consumptionPaused(drill);
        await sleep(silentMs / 2);
      } finally {
        await dead.close();
      }
      await simulator.start();
      await simulator.whenReady();
      await heldOffRight(drill, dead, before);
      await untilBreakers(drill, (states) => states.includes('ramping'), 30_000, 'ramping up');
    });
  },
};

/** Consumption of an activator whose platforms are all open is paused: its work queue has no consumer. */
async function consumptionPaused({ stage: { services, topology } }: Drill): Promise<void> {
  const work = workQueues(topology);
  const consumers = await countConsumers(services.rabbitmq);
  const going = work.filter((queue) => (consumers.get(queue) ?? 0) > 0);
  if (going.length > 0) throw new Error(`${going.join(', ')} is still consumed although its platforms are down.`);
}

const workQueues = ({ queues }: Topology): string[] =>
  queues.map(({ name }) => name).filter((name) => /^activator\.(broadband|ip-addressing|managed-router)$/.test(name));

async function heldOffRight({ stage: { sql }, note }: Drill, { asked }: DeadPlatform, before: Attempts): Promise<void> {
  for (const [platform, { probes, atOnce, calls }] of asked) {
    note(`${platform}: ${probes} probes, at most ${atOnce} at once, ${calls} calls`);
    if (atOnce > 1) throw new Error(`${platform} was probed by ${atOnce} processes at once.`);
    if (probes > mostProbes) throw new Error(`${platform} was probed ${probes} times in ${silentMs / 1000} s.`);
    if (calls > 0) throw new Error(`${platform} was called ${calls} times although it was held off.`);
  }
  if (asked.size === 0) throw new Error('No platform was probed while it was down.');
  const after = await readAttempts(sql);
  // A call that is cut off when the network goes down is an attempt: it may have taken effect.
  const counted = after.failures - before.failures;
  note(`attempts counted during the outage: ${counted}; calls that it cut off: ${before.calling} at most`);
  if (after.stalled > before.stalled) throw new Error(`${after.stalled - before.stalled} steps stalled.`);
  if (counted > before.calling) throw new Error('Attempts were burned by the outage.');
}

async function untilBreakers(
  { stage: { sql } }: Drill,
  wanted: (states: readonly string[]) => boolean,
  withinMs: number,
  what: string,
): Promise<void> {
  for (const deadline = Date.now() + withinMs; ; await sleep(100)) {
    const states = await readBreakers(sql);
    if (wanted(Object.values(states))) return;
    if (Date.now() > deadline)
      throw new Error(`The breakers are not ${what} after ${withinMs / 1000} s: ${JSON.stringify(states)}`);
  }
}
