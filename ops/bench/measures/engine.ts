import { join } from 'node:path';
import { createTestbed } from '../../testing/testbed.ts';
import type { ChainResult } from '../floors/chain-run.ts';
import { CHAIN_BATCHED, CHAIN_ORDERS } from '../floors.ts';
import { runProgram } from '../program.ts';
import { against, type Figure, type Measure } from './measure.ts';

/** The floors' chain on the engine: the same messages, guarantees, duplicates and verification, written as handlers. */
export const engine: Measure = {
  name: 'engine',
  async run({ figures, quick }): Promise<Figure[]> {
    const orders = quick ? Math.ceil(CHAIN_ORDERS / 3) : CHAIN_ORDERS;
    const testbed = await createTestbed();
    try {
      const { messagesPerSecond, ordersPerSecond } = (await runProgram(
        join(import.meta.dirname, '../engine/run.ts'),
        { orders, warmup: Math.ceil(orders / 8) },
        { DATABASE_URL: testbed.databaseUrl, AMQP_URL: testbed.amqpUrl },
      )) as ChainResult;
      return [
        {
          name: 'chain on the engine',
          value: messagesPerSecond,
          unit: 'messages/s',
          ...against(figures, CHAIN_BATCHED, messagesPerSecond),
          detail: `${ordersPerSecond.toFixed(0)} orders/s`,
        },
      ];
    } finally {
      await testbed.close();
    }
  },
};
