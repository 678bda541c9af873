import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.ts';
import { emptyPool, orderMix } from '../order-mix.ts';
import { countThere, readUnpublished } from '../progress.store.ts';
import type { Scenario } from './scenario.ts';

/** Orders that are accepted while nothing that is published leaves the process. */
const accepted = 20;
/** A fresh row is due ten seconds after its commit. */
const handledWithinMs = 15_000;

/** `kill -9` of the gateways between the commit of a command and its publishing: only the row knows of it. */
export const unpublishedCommands: Scenario = {
  name: 'unpublished',
  title: 'gateways die between the commit of a command and its publishing, busy and idle',
  paceMs: 500,
  async play(drill) {
    await drill.blow('both gateways are killed before they can publish', () => dieUnpublished(drill, 'busy'));
    await drill.pace(0);
    const restless = await drill.quiet();
    if (restless !== undefined) throw new Error(restless);
    await dieUnpublished(drill, 'idle');
  },
};

async function dieUnpublished({ stage, note, order }: Drill, load: string): Promise<void> {
  const { fleet, sql, ways } = stage;
  const gateways = fleet.of('gateway');
  const silent = ways.broker.silence();
  let keys: readonly string[];
  try {
    await order(orderMix(`unpublished-${load}`, accepted, emptyPool));
    keys = await readUnpublished(sql);
    if (keys.length < accepted) throw new Error(`Only ${keys.length} commands were unpublished: this proves nothing.`);
    for (const gateway of gateways) gateway.kill('SIGKILL');
  } finally {
    silent.end();
  }
  const since = performance.now();
  while ((await countThere(sql, keys)) > 0) {
    if (performance.now() - since > handledWithinMs)
      throw new Error(`After ${handledWithinMs / 1000} s not all commands were handled.`);
    await sleep(100);
  }
  note(
    `${load}: ${keys.length} unpublished commands were handled ${Math.round((performance.now() - since) / 1000)} s later`,
  );
  await Promise.all(gateways.map((gateway) => gateway.whenReady()));
}
