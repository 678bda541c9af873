import { describe, expect, test } from 'vitest';
import type { Activator } from '../../../workers/activation/activator.ts';
import type { Manager } from '../../simulator/manager.ts';
import { createBench } from './bench.ts';
import { checks } from './checks/index.ts';
import type { Sample } from './sample.ts';

/** A check takes a second or two; a busy machine is no reason to fail. */
const patienceMs = 60_000;

/**
 * The conformance test of an activator, for the activator's own test file: every check becomes a test, and one that
 * fails says in plain sentences what the activator gets wrong.
 *
 * ```ts
 * activatorConformance(broadband, { want: { downMbps: 1_000 }, change: { downMbps: 2_000 } });
 * ```
 *
 * The activator's declared steps run against the simulated network over real HTTP, through the activator's own
 * platform, driven by the runtime's own decisions and executor; timeouts, duplicates, lost and late answers, partial
 * applies, refusals and out-of-order steps are thrown at them. State is in memory and the clock jumps over waits:
 * database, broker, breaker and what becomes of a killed process are not part of it. The runtime's tests and
 * `npm run test:faults` are about those.
 *
 * @param sample an order the activator can carry out, and a change of it
 * @param managers the simulated platforms, where they are not those of the house and of the activators' folders
 */
export function activatorConformance(
  activator: Activator,
  sample: Sample,
  managers?: Readonly<Record<string, Manager>>,
): void {
  describe.concurrent(`the ${activator.serviceType} activator`, () => {
    test.for(checks)('$name', { timeout: patienceMs }, async ({ run }) => {
      const bench = await createBench(activator, sample, managers);
      try {
        expect((await run(bench)).join('\n')).toBe('');
      } finally {
        await bench.close();
      }
    });
  });
}
