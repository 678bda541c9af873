import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, connectDatabase } from '../../../platform/database.ts';
import { serviceOrderPath, threeItemOrder } from '../order-body.ts';
import type { System } from '../system.ts';
import { type Pattern, createIndex, dropIndexes, multiply, settle, withoutTimeout } from './seed.store.ts';

const SLICE = 10_000;
const LANES = 2;
const COMPLETED_WITHIN_MS = 60_000;

/**
 * Fills a system with `count` orders as the fleet leaves them: it fulfils one, then its workers end and the order is
 * multiplied, in every table that holds it.
 */
export async function seed(system: System, count: number, tell: (line: string) => void): Promise<void> {
  const pattern = await fulfilOne(system.gateway);
  await system.stopWorkers();
  const lanes = await Promise.all(Array.from({ length: LANES }, () => patient(system.databaseUrl)));
  try {
    const [sql] = lanes;
    if (sql === undefined) throw new TypeError('there is no lane');
    const indexes = await dropIndexes(sql);
    const slices = Array.from({ length: Math.ceil(count / SLICE) }, (_, slice) => slice * SLICE);
    await each(slices, lanes, (lane, from) =>
      multiply(lane, pattern, { from, to: Math.min(from + SLICE, count), of: count }),
    );
    tell(`  ${count.toLocaleString('en')} orders are there, indexing`);
    await each(indexes, lanes, createIndex);
    await settle(sql);
  } finally {
    await Promise.all(lanes.map((lane) => lane.end()));
  }
}

/** One connection whose statements may take as long as they need. */
async function patient(url: string): Promise<Database> {
  const sql = connectDatabase(url, { connections: 1, role: 'bench' });
  await withoutTimeout(sql);
  return sql;
}

async function fulfilOne(gateway: string): Promise<Pattern> {
  const answer = await fetch(`${gateway}${serviceOrderPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: threeItemOrder('sample-business-internet'),
  });
  const { id } = (await answer.json()) as { id: string };
  const giveUpAt = Date.now() + COMPLETED_WITHIN_MS;
  for (;;) {
    const order = (await (await fetch(`${gateway}${serviceOrderPath}/${id}`)).json()) as { state: string };
    if (order.state === 'completed') return { id, host: 'bakery.example.net' };
    if (Date.now() > giveUpAt) throw new Error(`the order to multiply is still ${order.state}`);
    await sleep(50);
  }
}

async function each<Item>(
  items: readonly Item[],
  lanes: readonly Database[],
  work: (lane: Database, item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const run = async (lane: Database) => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(lane, item);
  };
  await Promise.all(lanes.map(run));
}
