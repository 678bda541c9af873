import { join } from 'node:path';
import { createTestbed } from '../../testbed/testbed.ts';
import type { ChainResult } from '../floors/chain-run.ts';
import { CHAIN_BATCHED, chainFigure, runChain } from '../floors.ts';
import { median, paired } from '../paired.ts';
import { runProgram } from '../program.ts';
import type { Figure, Measure } from './measure.ts';

/** A round is some two to three seconds of work on either side, after a warm-up of its own. */
const ORDERS = 5_000;

/** The floors' chain on the engine: the same messages, guarantees, duplicates and verification, written as handlers. */
export const engine: Measure = {
  name: 'engine',
  async run(context): Promise<Figure[]> {
    const orders = context.quick ? Math.ceil(ORDERS / 3) : ORDERS;
    const { of, to, ratio } = await paired(
      context.quick ? 3 : 7,
      { of: () => onTheEngine(orders), to: () => runChain('chain-batched', orders, context.services) },
      ({ messagesPerSecond }) => messagesPerSecond,
    );
    return [
      chainFigure(`${CHAIN_BATCHED}, beside the engine`, middle(to)),
      {
        ...chainFigure('chain on the engine', middle(of)),
        ...{ floor: CHAIN_BATCHED, ratio, target: { of: 'ratio', atLeast: 0.6 } },
      },
    ];
  },
};

async function onTheEngine(orders: number): Promise<ChainResult> {
  const testbed = await createTestbed();
  try {
    return (await runProgram(
      join(import.meta.dirname, '../engine/run.ts'),
      { orders, warmup: Math.ceil(orders / 4) },
      { DATABASE_URL: testbed.databaseUrl, AMQP_URL: testbed.amqpUrl },
    )) as ChainResult;
  } finally {
    await testbed.close();
  }
}

const middle = (rounds: readonly ChainResult[]) => ({
  messagesPerSecond: median(rounds.map((round) => round.messagesPerSecond)),
  ordersPerSecond: median(rounds.map((round) => round.ordersPerSecond)),
});
