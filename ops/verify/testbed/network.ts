import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manager } from '../../simulator/manager.ts';
import { callerOf } from '../../simulator/network.fixture.ts';
import { startSimulator } from '../../simulator/simulator.ts';

/**
 * A simulated network of a test's own, with the verbs to look behind it and to break it.
 *
 * @param managers its platforms; every one there is unless given
 */
export async function createNetwork(managers?: Readonly<Record<string, Manager>>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'network-'));
  const simulator = await startSimulator({
    ...{ port: 0, dataDir, delivering: { afterMs: 20 } },
    ...(managers === undefined ? {} : { managers }),
  });
  const caller = callerOf(simulator.url);
  return {
    ...caller,
    url: simulator.url,
    /** Forgets everything: what is held, what was called, what breaks. */
    reset: async () => void (await caller.ask('POST', '/_control/reset')),
    async close() {
      await simulator.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
