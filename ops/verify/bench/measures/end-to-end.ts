import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceOrderPath, threeItemOrder } from '../order-body.ts';
import { percentile } from '../percentile.ts';
import { everyRole, startSystem } from '../system.ts';
import type { Figure, Measure } from './measure.ts';

/** Orders before the measured ones: the first ones also compile code, plan statements and open pools. What idles has run before. */
const WARM_UP = 100;
/** What asking adds to the time at most. More often, and what is measured is slowed by the asking: 2 ms keep a core half busy. */
const POLL_EVERY_MS = 5;
const ORDER_MAY_TAKE_MS = 30_000;
const ended = new Set(['completed', 'failed', 'partial', 'rejected', 'cancelled', 'held']);

/** From POST to the moment a GET says `completed`, one order at a time on an otherwise idle system. */
export const endToEnd: Measure = {
  name: 'end-to-end',
  async run({ services, quick }): Promise<Figure[]> {
    const orders = quick ? 15 : 60;
    const system = await startSystem(services, everyRole);
    try {
      for (let n = 0; n < WARM_UP; n += 1) await orderOnce(system.gateway, `bench-warm-up-${n}`);
      const times: number[] = [];
      for (let n = 0; n < orders; n += 1) times.push(await orderOnce(system.gateway, `bench-${n}`));
      const detail = `p99 ${percentile(times, 0.99).toFixed(0)} ms of ${orders} orders`;
      return [
        {
          name: 'three-item order end to end, idle system, median',
          value: percentile(times, 0.5),
          unit: 'ms',
          target: { of: 'value', atMost: 100 },
          detail,
        },
      ];
    } finally {
      await system.stop();
    }
  },
};

async function orderOnce(gateway: string, externalId: string): Promise<number> {
  const began = performance.now();
  const answer = await fetch(`${gateway}${serviceOrderPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: threeItemOrder(externalId),
  });
  if (answer.status !== 201) throw new Error(`the order was answered ${answer.status}: ${await answer.text()}`);
  const { id } = (await answer.json()) as { id: string };
  for (;;) {
    const read = await fetch(`${gateway}${serviceOrderPath}/${id}?fields=state`);
    const { state = '' } = (await read.json()) as { state?: string };
    const took = performance.now() - began;
    if (state === 'completed') return took;
    if (ended.has(state)) throw new Error(`order ${id} ended ${state}`);
    if (took > ORDER_MAY_TAKE_MS) throw new Error(`order ${id} is still ${state} after ${ORDER_MAY_TAKE_MS / 1000} s`);
    await sleep(POLL_EVERY_MS);
  }
}
