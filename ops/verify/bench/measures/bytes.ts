import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, connectDatabase } from '../../../platform/database.ts';
import { type TableSize, indexSizes, tableSizes, walByTable, walWritten } from '../bytes.store.ts';
import { productOrderPath, serviceOrderPath, threeItemOrder, threeServiceProductOrder } from '../order-body.ts';
import { countTraffic, orderProgress } from '../progress.store.ts';
import { type System, everyRole, startSystem } from '../system.ts';
import type { BenchServices } from '../services.ts';
import type { Figure, Measure } from './measure.ts';

/** Rounds before the counted ones: what queue-like tables and dead rows take, they take once, and use again. */
const ROUNDS_BEFORE = 1;
const ROUNDS = 4;
/** Orders that are accepted and not completed at most: a steady fleet, no backlog. */
const UNDER_WAY = 64;
/** Of these the log is read record by record, which takes longer than writing it. */
const LOGGED = 200;
const MAY_TAKE_MS = 900_000;
const STILL_FOR_MS = 1_000;
const LEAST_BYTES = 50;

type Orders = {
  readonly resource: 'serviceOrder' | 'productOrder';
  readonly path: string;
  readonly body: (externalId: string) => string;
  readonly called: string;
  readonly target?: number;
};

const serviceOrders: Orders = {
  resource: 'serviceOrder',
  path: serviceOrderPath,
  body: threeItemOrder,
  called: 'three-item order',
  target: 30,
};
const productOrders: Orders = {
  resource: 'productOrder',
  path: productOrderPath,
  body: threeServiceProductOrder,
  called: 'product order of three services',
};

/** What an order leaves on disk and writes to the log, by table: what a year of orders takes. */
export const bytes: Measure = {
  name: 'bytes',
  async run({ services, quick, tell }): Promise<Figure[]> {
    return [
      ...(await measureOrders(services, serviceOrders, quick ? 150 : 500, tell)),
      ...(await measureOrders(services, productOrders, quick ? 50 : 200, tell)),
    ];
  },
};

async function measureOrders(
  services: BenchServices,
  orders: Orders,
  perRound: number,
  tell: (line: string) => void,
): Promise<Figure[]> {
  const count = ROUNDS * perRound;
  const system = await startSystem(services, everyRole);
  const sql = connectDatabase(system.databaseUrl, { connections: 1, role: 'bench' });
  /** What autovacuum would do by the clock is done by the count, or the figure would be of the machine's speed. */
  const roundOf = async (called: string): Promise<void> => {
    await placeAll(system, sql, orders, perRound, called);
    await sql`vacuum`;
  };
  try {
    for (let round = 0; round < ROUNDS_BEFORE; round += 1) await roundOf('warm-up');
    const [tables, indexes, log] = [await tableSizes(sql), await indexSizes(sql), await walWritten(sql)];
    for (let round = 0; round < ROUNDS; round += 1) await roundOf(`round-${round}`);
    const logged = (await walWritten(sql)) - log;
    const grown = growth(tables, await tableSizes(sql));
    tell(`a ${orders.called}: bytes by table`);
    for (const one of grown) tell(`  ${line(one, count)}`);
    for (const [index, size] of await indexSizes(sql)) {
      const perOrder = (size - (indexes.get(index) ?? 0)) / count;
      if (perOrder >= LEAST_BYTES) tell(`    index ${index} ${perOrder.toFixed(0)}`);
    }
    await logByTable(system, sql, orders, tell);
    const total = grown.reduce((sum, one) => sum + sizeOf(one), 0) / count;
    const most = grown.slice(0, 6).map((one) => `${one.table} ${kilobytes(sizeOf(one) / count)}`);
    return [
      {
        name: `bytes of a ${orders.called}`,
        value: total / 1024,
        unit: 'KB',
        ...(orders.target === undefined ? {} : { target: { of: 'value', atMost: orders.target } }),
        detail: `of ${count} orders: ${most.join(', ')}`,
      },
      { name: `WAL of a ${orders.called}`, value: logged / count / 1024, unit: 'KB', detail: `over ${count} orders` },
    ];
  } finally {
    await sql.end({ timeout: 1 });
    await system.stop();
  }
}

const sizeOf = ({ heap, indexes, toast }: TableSize): number => heap + indexes + toast;

const kilobytes = (size: number): string => (size / 1024).toFixed(1);

/** What each table has become larger by, largest first. */
function growth(before: readonly TableSize[], after: readonly TableSize[]): TableSize[] {
  return after
    .map((now) => {
      const then = before.find(({ table }) => table === now.table);
      const more = (of: Exclude<keyof TableSize, 'table'>): number => now[of] - (then?.[of] ?? 0);
      return {
        table: now.table,
        heap: more('heap'),
        indexes: more('indexes'),
        toast: more('toast'),
        rows: more('rows'),
        dead: now.dead,
        updates: more('updates'),
        hot: more('hot'),
      };
    })
    .filter((one) => sizeOf(one) > 0)
    .toSorted((a, b) => sizeOf(b) - sizeOf(a));
}

const line = (one: TableSize, orders: number): string =>
  [
    one.table.padEnd(34),
    `${kilobytes(sizeOf(one) / orders)} KB:`,
    `heap ${kilobytes(one.heap / orders)}, indexes ${kilobytes(one.indexes / orders)}, toast ${kilobytes(one.toast / orders)};`,
    `${(one.rows / orders).toFixed(1)} rows, ${(one.updates / orders).toFixed(1)} updates (${(one.hot / orders).toFixed(1)} hot),`,
    `${one.dead} dead`,
  ].join(' ');

async function logByTable(system: System, sql: Database, orders: Orders, tell: (line: string) => void): Promise<void> {
  const from = await walWritten(sql);
  await placeAll(system, sql, orders, LOGGED, 'logged');
  const to = await walWritten(sql);
  const logged = await walByTable(sql, from, to);
  if (logged === undefined) return tell('  the log by table: the extension pg_walinspect is not there');
  const [changes, pages] = [
    logged.reduce((sum, one) => sum + one.changes, 0),
    logged.reduce((sum, one) => sum + one.pages, 0),
  ];
  tell(
    `a ${orders.called}: WAL ${kilobytes((to - from) / LOGGED)} KB, of it whole pages ${kilobytes(pages / LOGGED)}, headers and commits ${kilobytes((to - from - changes - pages) / LOGGED)}; changes by table`,
  );
  for (const one of logged)
    if (one.changes / LOGGED >= LEAST_BYTES) tell(`  ${one.table.padEnd(34)} ${kilobytes(one.changes / LOGGED)}`);
}

/** Places orders and waits until all are completed and nothing is handled any more. @throws when they take too long */
async function placeAll(system: System, sql: Database, orders: Orders, count: number, called: string): Promise<void> {
  const giveUpAt = performance.now() + MAY_TAKE_MS;
  const before = await orderProgress(sql, orders.resource);
  const progress = async (): Promise<number> => {
    if (performance.now() > giveUpAt) throw new Error(`${count} orders are not completed after ${MAY_TAKE_MS} ms`);
    return (await orderProgress(sql, orders.resource)).completed - before.completed;
  };
  for (let placed = 0; placed < count;) {
    const done = await progress();
    const next = Math.min(count, done + UNDER_WAY);
    await Promise.all(
      Array.from({ length: next - placed }, (_, n) =>
        place(`${system.gateway}${orders.path}`, orders.body(`bench-${called}-${placed + n}`)),
      ),
    );
    placed = Math.max(placed, next);
    await sleep(50);
  }
  let handled = -1;
  for (let since = performance.now(); performance.now() - since < STILL_FOR_MS;) {
    const done = await progress();
    const traffic = await countTraffic(sql);
    if (done < count || traffic.waiting > 0 || traffic.handled !== handled) since = performance.now();
    handled = traffic.handled;
    await sleep(200);
  }
}

async function place(url: string, body: string): Promise<void> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (answer.status !== 201) throw new Error(`the order was answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}
