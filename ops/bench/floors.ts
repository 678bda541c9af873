import { join } from 'node:path';
import type { ChainResult } from './floors/chain-run.ts';
import { acceptLoad, BARE_HTTP, latencies } from './measures/accept.ts';
import { against, type Context, type Figure, type Measure } from './measures/measure.ts';
import { runProgram, startProgram } from './program.ts';

export const CHAIN_SINGLE = 'chain, one transaction per message';
export const CHAIN_BATCHED = 'chain, batched transactions';
/** Orders of a batched run: some five seconds of work. */
export const CHAIN_ORDERS = 10_000;

/**
 * DESIGN's "Written for one, run for many" rests on batching being worth it. Where it is not, the machine or the floors
 * have changed, and every ratio to them with it.
 */
export const BATCHED_OVER_SINGLE_AT_LEAST = 3;

const program = (name: string) => join(import.meta.dirname, 'floors', `${name}.ts`);

/** What the same machine can do at best: fixed programs that use nothing of ours, run before what is held against them. */
export const floors: readonly Measure[] = [
  {
    name: 'bare-http',
    async run({ quick }) {
      const server = startProgram(program('bare-http'), {});
      try {
        const { port } = (await server.nextLine()) as { port: number };
        const result = await acceptLoad(`http://127.0.0.1:${port}`, quick);
        return [{ name: BARE_HTTP, value: result.rate, unit: 'requests/s', detail: latencies(result) }];
      } finally {
        await server.stop();
      }
    },
  },
  {
    name: 'chain-single',
    run: async (context) => [chainFigure(CHAIN_SINGLE, await chain('chain-single', 2_500, context))],
  },
  {
    name: 'chain-batched',
    async run(context) {
      const figure = chainFigure(CHAIN_BATCHED, await chain('chain-batched', CHAIN_ORDERS, context));
      return [{ ...figure, ...against(context.figures, CHAIN_SINGLE, figure.value) }];
    },
  },
];

function chain(name: string, orders: number, { services, quick }: Context): Promise<ChainResult> {
  const count = quick ? Math.ceil(orders / 3) : orders;
  const env = { DATABASE_URL: services.databaseUrl, AMQP_URL: services.amqpUrl };
  return runProgram(program(name), { orders: count, warmup: Math.ceil(count / 8) }, env) as Promise<ChainResult>;
}

function chainFigure(name: string, { ordersPerSecond, messagesPerSecond }: ChainResult): Figure {
  return { name, value: messagesPerSecond, unit: 'messages/s', detail: `${ordersPerSecond.toFixed(0)} orders/s` };
}
