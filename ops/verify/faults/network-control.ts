import { z } from 'zod';
import type { PaceSetting } from '../../simulator/deliveries.store.ts';
import type { FaultRule } from '../../simulator/faults.ts';

const summary = z.object({
  references: z.array(
    z.object({
      reference: z.string(),
      manager: z.string(),
      operation: z.string(),
      serviceRef: z.string().nullable(),
      calls: z.int(),
      effects: z.int(),
      unknowns: z.int(),
      refusals: z.int(),
      excess: z.int(),
    }),
  ),
  totals: z.object({
    references: z.int(),
    calls: z.int(),
    effects: z.int(),
    unknowns: z.int(),
    refusals: z.int(),
    excess: z.int(),
    repeated: z.int(),
  }),
});
export type LedgerSummary = z.output<typeof summary>;

const holdings = z.object({
  managers: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))),
});
export type Holdings = z.output<typeof holdings>['managers'];

const status = z.object({ status: z.object({ pendingLate: z.int() }) });

const deliveries = z.object({
  deliveries: z.array(
    z.object({
      reference: z.string(),
      serviceRef: z.string(),
      state: z.enum(['open', 'done', 'refused', 'calledOff']),
      calls: z.int(),
      answered: z.int(),
    }),
  ),
});
export type Deliveries = z.output<typeof deliveries>['deliveries'];

/** A fault rule as one writes it: what has a default may be left out. */
export type Fault = Pick<FaultRule, 'manager' | 'operation' | 'kind'> &
  Partial<Pick<FaultRule, 'id' | 'probability' | 'count' | 'seed' | 'match'>> & { readonly params?: object };

/** The other side of the simulated network: what really happened there, and what shall go wrong. */
export interface NetworkControl {
  summary(): Promise<LedgerSummary>;
  holdings(): Promise<Holdings>;
  /** Calls that were cut off and are still to take effect. */
  pendingLate(): Promise<number>;
  add(rules: readonly Fault[]): Promise<void>;
  remove(id: string): Promise<void>;
  /** How outside operators deal with what is ordered from now on; what is left out is as usual. */
  pace(setting: Partial<PaceSetting>): Promise<void>;
  /** What outside operators took on. */
  deliveries(): Promise<Deliveries>;
  /** Has all of it that is open delivered now. */
  deliver(): Promise<void>;
}

export function networkControl(url: string): NetworkControl {
  async function ask(path: string, method = 'GET', body?: unknown): Promise<unknown> {
    const content =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const answer = await fetch(`${url}/_control${path}`, { method, ...content });
    if (!answer.ok && answer.status !== 404)
      throw new Error(`${method} ${path} on the simulator: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }
  return {
    summary: async () => summary.parse(await ask('/ledger/summary')),
    holdings: async () => holdings.parse(await ask('/holdings')).managers,
    pendingLate: async () => status.parse(await ask('')).status.pendingLate,
    add: async (rules) => void (await ask('/faults', 'POST', { rules })),
    remove: async (id) => void (await ask(`/faults/${id}`, 'DELETE')),
    pace: async (setting) => void (await ask('/pace', 'PUT', setting)),
    deliveries: async () => deliveries.parse(await ask('/deliveries')).deliveries,
    deliver: async () => void (await ask('/deliver', 'POST')),
  };
}
