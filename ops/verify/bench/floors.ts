import { join } from 'node:path';
import type { ChainResult } from './floors/chain-run.ts';
import { acceptFigure, acceptLoad, BARE_HTTP, startBareHttp, warmUp } from './measures/accept.ts';
import { against, type Figure, type Measure } from './measures/measure.ts';
import { runProgram } from './program.ts';
import type { BenchServices } from './services.ts';

export const CHAIN_SINGLE = 'chain, one transaction per message';
export const CHAIN_BATCHED = 'chain, batched transactions';

/**
 * DESIGN's "Written for one, run for many" rests on batching being worth it. Where it is not, the machine or the floors
 * have changed, and every ratio to them with it.
 */
export const BATCHED_OVER_SINGLE_AT_LEAST = 3;

/** What the same machine can do at best: fixed programs that use nothing of ours. */
export const bareHttp: Measure = {
  name: 'bare-http',
  async run({ quick }): Promise<Figure[]> {
    const server = await startBareHttp();
    try {
      await warmUp(server.origin);
      const result = await acceptLoad(server.origin, { warmupSeconds: 0.3, seconds: quick ? 2 : 6 });
      return [{ ...acceptFigure(BARE_HTTP, [result]), unit: 'requests/s' }];
    } finally {
      await server.stop();
    }
  },
};

export const chains: Measure = {
  name: 'chains',
  async run({ services, quick }) {
    const single = chainFigure(CHAIN_SINGLE, await runChain('chain-single', quick ? 800 : 2_500, services));
    const batched = chainFigure(CHAIN_BATCHED, await runChain('chain-batched', quick ? 3_000 : 8_000, services));
    const ratio = against([single], CHAIN_SINGLE, batched.value);
    return [single, { ...batched, ...ratio, target: { of: 'ratio', atLeast: BATCHED_OVER_SINGLE_AT_LEAST } }];
  },
};

/** Runs a floor's chain in a process of its own. */
export function runChain(name: string, orders: number, services: BenchServices): Promise<ChainResult> {
  const env = { DATABASE_URL: services.databaseUrl, AMQP_URL: services.amqpUrl };
  const file = join(import.meta.dirname, 'floors', `${name}.ts`);
  return runProgram(file, { orders, warmup: Math.ceil(orders / 4) }, env) as Promise<ChainResult>;
}

export function chainFigure(
  name: string,
  { ordersPerSecond, messagesPerSecond }: Pick<ChainResult, 'ordersPerSecond' | 'messagesPerSecond'>,
): Figure {
  return { name, value: messagesPerSecond, unit: 'messages/s', detail: `${ordersPerSecond.toFixed(0)} orders/s` };
}
