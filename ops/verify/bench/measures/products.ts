import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, connectDatabase } from '../../../platform/database.ts';
import { productOrderPath, threeServiceProductOrder } from '../order-body.ts';
import { percentile } from '../percentile.ts';
import { type Traffic, countTraffic, orderProgress } from '../progress.store.ts';
import { type StatementCounter, countStatements } from '../statement-counter.ts';
import { everyRole, startSystem } from '../system.ts';
import type { Figure, Measure } from './measure.ts';

const WARM_UP = 40;
/** Who orders next when an order of theirs is accepted. */
const CUSTOMERS = 16;
const RATE_MAY_TAKE_MS = 120_000;
/** Longer than anything that looks again and again waits in between. */
const IDLE_MS = 12_000;
const STILL_FOR_MS = 600;

/** Product orders of three services, many at once, from the first POST to the last completion; and what one of them costs. */
export const products: Measure = {
  name: 'products',
  async run({ services, quick, tell }): Promise<Figure[]> {
    return [
      ...(await (async () => {
        const system = await startSystem(services, everyRole);
        const sql = connectDatabase(system.databaseUrl, { connections: 1, role: 'bench' });
        try {
          return [await rate(system.gateway, sql, quick ? 100 : 400)];
        } finally {
          await sql.end({ timeout: 1 });
          await system.stop();
        }
      })()),
      ...(await costs(quick ? 5 : 20)),
    ];

    async function costs(orders: number): Promise<Figure[]> {
      let counter: StatementCounter | undefined;
      const system = await startSystem(services, everyRole, async (url) => {
        counter = await countStatements(url);
        return counter;
      });
      const sql = connectDatabase(system.databaseUrl, { connections: 1, role: 'bench' });
      try {
        if (counter === undefined) throw new Error('nobody counts statements');
        for (let n = 0; n < WARM_UP; n += 1) await order(system.gateway, `bench-warm-up-${n}`);
        await still(sql);
        counter.learnIdling();
        await sleep(IDLE_MS);
        const costs: Cost[] = [];
        for (let n = 0; n < orders; n += 1) costs.push(await costOf(system.gateway, sql, counter, `bench-cost-${n}`));
        const { byType = {}, byText = {} } = costs.at(-1) ?? {};
        for (const [type, count] of most(byType)) tell(`  ${count} x ${type}`);
        for (const [text, count] of most(byText)) tell(`  ${count} x ${text.slice(0, 120)}`);
        return [
          figure('messages of a product order', costs, ({ handled }) => handled, 'messages handled', sentOf(costs)),
          figure('SQL statements of a product order', costs, ({ statements }) => statements, 'statements'),
          figure(
            'SQL round trips of a product order',
            costs,
            ({ roundTrips }) => roundTrips,
            'round trips',
            inTransactions(costs),
          ),
        ];
      } finally {
        await sql.end({ timeout: 1 });
        await system.stop();
      }
    }
  },
};

const most = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 30);

type Cost = Traffic & ReturnType<StatementCounter['counted']>;

/** The whole cost of one order on a system that does nothing else. */
async function costOf(gateway: string, sql: Database, counter: StatementCounter, externalId: string): Promise<Cost> {
  const before = await countTraffic(sql);
  counter.startCounting();
  await order(gateway, externalId);
  await still(sql);
  const after = await countTraffic(sql);
  const byType = Object.fromEntries(
    Object.entries(after.byType).flatMap(([type, count]) => {
      const more = count - (before.byType[type] ?? 0);
      return more === 0 ? [] : [[type, more]];
    }),
  );
  return { handled: after.handled - before.handled, sent: after.sent - before.sent, byType, ...counter.counted() };
}

async function rate(gateway: string, sql: Database, orders: number): Promise<Figure> {
  for (let n = 0; n < WARM_UP; n += 1) await order(gateway, `bench-warm-up-${n}`);
  await still(sql);
  const { completed: before } = await orderProgress(sql, 'productOrder');
  const began = performance.now();
  let next = 0;
  const customer = async (): Promise<void> => {
    for (let n = (next += 1); n <= orders; n = next += 1) await order(gateway, `bench-${n}`);
  };
  await Promise.all(Array.from({ length: CUSTOMERS }, customer));
  const accepted = (performance.now() - began) / 1000;
  for (;;) {
    const seconds = (performance.now() - began) / 1000;
    const done = (await orderProgress(sql, 'productOrder')).completed - before;
    if (done >= orders)
      return {
        name: 'product orders of three services end to end',
        value: orders / seconds,
        unit: 'orders/s',
        detail: `${orders} orders, all accepted after ${accepted.toFixed(1)} s, all completed after ${seconds.toFixed(1)} s`,
      };
    if (seconds * 1000 > RATE_MAY_TAKE_MS) throw new Error(`${done} of ${orders} product orders are completed`);
    await sleep(50);
  }
}

async function order(gateway: string, externalId: string): Promise<void> {
  const answer = await fetch(`${gateway}${productOrderPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: threeServiceProductOrder(externalId),
  });
  if (answer.status !== 201) throw new Error(`the order was answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** Resolves when every product order is completed and no message was handled for a while. */
async function still(sql: Database): Promise<void> {
  const deadline = performance.now() + RATE_MAY_TAKE_MS;
  let since = performance.now();
  let known = -1;
  while (performance.now() - since < STILL_FOR_MS) {
    const { accepted, completed } = await orderProgress(sql, 'productOrder');
    const { handled, waiting } = await countTraffic(sql);
    if (handled !== known || waiting > 0 || completed < accepted) since = performance.now();
    known = handled;
    if (performance.now() > deadline) throw new Error(`${completed} of ${accepted} product orders are completed`);
    await sleep(50);
  }
}

function figure(name: string, costs: readonly Cost[], of: (cost: Cost) => number, unit: string, more?: string): Figure {
  const counts = costs.map(of);
  const spread = `${Math.min(...counts)} to ${Math.max(...counts)} over ${counts.length} orders, one at a time`;
  return { name, value: percentile(counts, 0.5), unit, detail: more === undefined ? spread : `${spread}; ${more}` };
}

const sentOf = (costs: readonly Cost[]): string =>
  `${percentile(
    costs.map(({ sent }) => sent),
    0.5,
  )} sent, some to several`;
const inTransactions = (costs: readonly Cost[]): string =>
  `in ${percentile(
    costs.map(({ transactions }) => transactions),
    0.5,
  )} transactions and single statements`;
