import { setTimeout as sleep } from 'node:timers/promises';
import type { Activator } from '../../../workers/activation/activator.ts';
import type { LedgerSummary } from '../../simulator/ledger.ts';
import type { Manager } from '../../simulator/manager.ts';
import { createNetwork } from '../testbed/network.ts';
import type { Held } from './held.ts';
import { likeness, valuesIn } from './held.ts';
import type { Sample } from './sample.ts';
import { type Service, createService, serviceRef } from './service.ts';
import { type WitnessedCall, witnessed } from './witness.ts';

/** A fault as a check asks for it; it strikes the first call of each operation of the service's platforms. */
export interface Strike {
  readonly kind: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** One check's own simulated network, and the activator under test as somebody watches it. */
export interface Bench {
  readonly sample: Sample;
  readonly activator: Activator;
  readonly calls: readonly WitnessedCall[];
  readonly reads: ReadonlyMap<string, ReadonlySet<string>>;
  /** A new service on an empty network in good order; with `hurried`, an answer is not waited for long. */
  fresh(hurried?: boolean): Promise<Service>;
  /** Lets these faults, and no others, strike the first call of every operation. */
  strike(...strikes: readonly Strike[]): Promise<void>;
  /** Lets the platform refuse the call that is made under this reference. */
  refuse(call: Pick<WitnessedCall, 'platform' | 'operation' | 'reference'>): Promise<void>;
  /** What the service holds. */
  held(): Promise<Held>;
  /** What the activator's own platforms say they hold. */
  observed(): Promise<Held>;
  /** Only what the platforms hold that know a repetition by its reference. */
  heldByIdempotent(): Promise<Held>;
  isIdempotent(platform: string): boolean;
  /** What is held with what the network chose itself masked. */
  like(held: Held): unknown;
  ledger(): Promise<readonly LedgerSummary[]>;
  /** Resolves when no call is left that takes effect late. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param managers the simulated platforms; those of the house and of the activators' folders unless given
 * @throws Error when the simulated network has no platform of that name
 */
export async function createBench(
  subject: Activator,
  sample: Sample,
  managers?: Readonly<Record<string, Manager>>,
): Promise<Bench> {
  const network = await createNetwork(managers);
  const { activator, witness } = witnessed(subject);
  const platforms = [...new Set(activator.steps.map(({ on }) => on.name))];
  const { managers: simulated } = await network.overview();
  const missing = platforms.find((name) => !simulated.some((one) => one.name === name));
  if (missing !== undefined) {
    await network.close();
    throw new Error(
      `The simulated network has no platform "${missing}": declare it in the activator's folder, in simulated.ts.`,
    );
  }
  const isIdempotent = (platform: string): boolean => simulated.some((one) => one.name === platform && one.idempotent);
  const ordered = [...valuesIn(sample.want), ...valuesIn(sample.change)];
  const held = async (): Promise<Held> => {
    const { managers: all } = await network.get<{ managers: Record<string, Record<string, Held[string]>> }>(
      '/_control/holdings',
    );
    return Object.fromEntries(
      Object.entries(all).flatMap(([name, services]) =>
        services[serviceRef] === undefined ? [] : [[name, services[serviceRef]]],
      ),
    );
  };
  return {
    sample,
    activator,
    calls: witness.calls,
    reads: witness.reads,
    async fresh(hurried = false) {
      await network.reset();
      witness.calls.length = 0;
      witness.crashes.length = 0;
      return createService({ activator, witness, sample, networkUrl: network.url, hurried });
    },
    strike: (...strikes) =>
      network.faults(
        ...strikes.flatMap((strike) =>
          simulated
            .filter(({ name }) => platforms.includes(name))
            .flatMap(({ name, operations }) =>
              operations.map((operation) => ({ ...strike, manager: name, operation: operation.name, count: 1 })),
            ),
        ),
      ),
    refuse: ({ platform, operation, reference }) =>
      network.faults({ kind: 'refuse', manager: platform, operation, match: { reference } }),
    held,
    async observed() {
      const told = activator.steps.map(async ({ on }) => {
        const url = `${network.url}/${on.name}`;
        return [on.name, await on.observe({ url, serviceRef, signal: AbortSignal.timeout(5_000) })] as const;
      });
      return Object.fromEntries(await Promise.all(told));
    },
    heldByIdempotent: async () =>
      Object.fromEntries(Object.entries(await held()).filter(([platform]) => isIdempotent(platform))),
    isIdempotent,
    like: (all) => likeness(all, ordered),
    ledger: async () => (await network.summary()).references,
    async quiet() {
      while ((await network.overview()).status.pendingLate > 0) await sleep(10);
    },
    close: () => network.close(),
  };
}
