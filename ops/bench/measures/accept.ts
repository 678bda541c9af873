import { join } from 'node:path';
import type { LoadResult } from '../load.ts';
import { serviceOrderPath, threeItemOrder } from '../order-body.ts';
import { runProgram } from '../program.ts';
import { startSystem } from '../system.ts';
import { against, type Figure, type Measure } from './measure.ts';

export const BARE_HTTP = 'bare Hono and zod, nothing stored';
const CONNECTIONS = 64;

/** POSTs the order at 64 connections to `origin` and reports what came back. @throws when anything but 201 did */
export async function acceptLoad(origin: string, quick: boolean): Promise<LoadResult> {
  const options = {
    url: `${origin}${serviceOrderPath}`,
    body: threeItemOrder('bench-accept'),
    connections: CONNECTIONS,
    warmupSeconds: quick ? 1 : 2,
    seconds: quick ? 2 : 6,
  };
  const result = (await runProgram(join(import.meta.dirname, '../load.ts'), options)) as LoadResult;
  const others = Object.entries(result.statuses).filter(([status]) => status !== '201');
  if (others.length > 0 || result.failures > 0 || result.answers === 0) {
    throw new Error(
      `${origin} did not answer 201 to all: ${JSON.stringify({ ...result.statuses, failures: result.failures })}`,
    );
  }
  return result;
}

export const latencies = ({ p50, p99 }: LoadResult) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;

/** How many orders a second the gateway answers 201 to, stored and queued, while no worker runs. */
export const accept: Measure = {
  name: 'accept',
  async run({ services, figures, quick }): Promise<Figure[]> {
    const system = await startSystem(services, ['gateway']);
    try {
      const result = await acceptLoad(system.gateway, quick);
      const ratio = against(figures, BARE_HTTP, result.rate);
      return [
        {
          name: 'accepting TMF641 orders, workers stopped',
          value: result.rate,
          unit: 'orders/s',
          ...ratio,
          detail: latencies(result),
        },
      ];
    } finally {
      await system.stop();
    }
  },
};
