import { join } from 'node:path';
import type { LoadResult } from '../load.ts';
import { serviceOrderPath, threeItemOrder } from '../order-body.ts';
import { median, paired } from '../paired.ts';
import { runProgram, startProgram } from '../program.ts';
import { startSystem } from '../system.ts';
import type { Figure, Measure } from './measure.ts';

export const BARE_HTTP = 'bare Hono and zod, nothing stored';
const CONNECTIONS = 64;

/** POSTs the order at 64 connections to `origin` and reports what came back. @throws when anything but 201 did */
export async function acceptLoad(
  origin: string,
  { warmupSeconds, seconds }: { warmupSeconds: number; seconds: number },
): Promise<LoadResult> {
  const options = {
    url: `${origin}${serviceOrderPath}`,
    body: threeItemOrder('bench-accept'),
    connections: CONNECTIONS,
    ...{ warmupSeconds, seconds },
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

/** Once, before anything counts: a fresh process compiles its hot paths and opens its connections. */
export const warmUp = (origin: string): Promise<LoadResult> => acceptLoad(origin, { warmupSeconds: 1, seconds: 2 });

/** One of several short rounds, most of which are used. */
export const ROUND = { warmupSeconds: 0.3, seconds: 1.5 };

export function acceptFigure(name: string, rounds: readonly LoadResult[]): Figure {
  const of = (pick: (round: LoadResult) => number) => median(rounds.map(pick));
  return {
    name,
    value: of(({ rate }) => rate),
    unit: 'orders/s',
    detail: `p50 ${of(({ p50 }) => p50).toFixed(1)} ms, p99 ${of(({ p99 }) => p99).toFixed(1)} ms`,
  };
}

/** The floor's program; its gateway-less origin and how to end it. */
export async function startBareHttp(): Promise<{ origin: string; stop: () => Promise<void> }> {
  const server = startProgram(join(import.meta.dirname, '../floors/bare-http.ts'), {});
  const { port } = (await server.nextLine()) as { port: number };
  return { origin: `http://127.0.0.1:${port}`, stop: server.stop };
}

/** How many orders a second the gateway answers 201 to, stored and queued, while no worker runs; beside a bare endpoint. */
export const accept: Measure = {
  name: 'accept',
  async run({ services, quick }): Promise<Figure[]> {
    const system = await startSystem(services, ['gateway']);
    const bare = await startBareHttp();
    try {
      await warmUp(bare.origin);
      await warmUp(system.gateway);
      const sides = { of: () => acceptLoad(system.gateway, ROUND), to: () => acceptLoad(bare.origin, ROUND) };
      const { of, to, ratio } = await paired(quick ? 3 : 9, sides, ({ rate }) => rate);
      return [
        { ...acceptFigure(BARE_HTTP, to), unit: 'requests/s' },
        {
          ...acceptFigure('accepting TMF641 orders, workers stopped', of),
          ...{ floor: BARE_HTTP, ratio, target: { of: 'ratio', atLeast: 0.25 } },
        },
      ];
    } finally {
      await bare.stop();
      await system.stop();
    }
  },
};
