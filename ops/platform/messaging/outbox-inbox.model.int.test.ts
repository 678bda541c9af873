import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command, send } from '../../../contracts/messages/message.ts';
import type { Delivery } from '../broker/subscription.ts';
import { type Database, connectDatabase } from '../database.ts';
import { type Publication, publicationOf } from './envelope.ts';
import { insertMessages, keysOf, leaseDue, markHandedOver } from './message.store.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import { runBatch } from './batch.ts';
import type { BatchSettings } from './deciding.ts';
import { type Aggregate, done, on } from './handler.ts';
import { readDelivery } from './item.ts';

/** A message that causes two more, until nothing is left. */
const split = command('test.split.v1', {
  body: z.object({ name: z.string(), left: z.int().nonnegative() }),
  to: 'test',
  whenGivenUp: 'warn',
});
interface Node {
  readonly name: string;
  readonly times: number;
}
/** What the database says of the statement that ends a batch before its commit. */
const crashCode = '22012';

let testbed: Testbed;
let sql: Database;
let crashes = false;
beforeAll(async () => {
  testbed = await createTestbed();
  sql = connectDatabase(testbed.databaseUrl, { connections: 3, role: 'model' });
  await sql`create table node (name text primary key, times integer not null)`;
});
afterAll(async () => {
  await sql?.end();
  await testbed?.close();
});

const nodes: Aggregate<Node> = {
  name: 'node',
  key: ({ name }) => name,
  async load(tx, names) {
    const rows = await tx<
      Node[]
    >`select name, times from node where name = any(${names as string[]}) order by name for update`;
    return new Map(rows.map((row) => [row.name, row]));
  },
  save(tx, states) {
    const saved = states.map(
      ({ name, times }) =>
        tx`insert into node values (${name}, ${times}) on conflict (name) do update set times = excluded.times`,
    );
    return crashes ? [...saved, tx`select 1 / 0 as crash`] : saved;
  },
};
const handler = on(split, {
  of: nodes,
  key: ({ name }) => name,
  decide: (known, { body: { name, left } }) =>
    done({
      save: [{ name, times: (known?.times ?? 0) + 1 }],
      send: left === 0 ? [] : ['a', 'b'].map((branch) => send(split, { name: `${name}.${branch}`, left: left - 1 })),
    }),
});
const settings: BatchSettings = {
  queue: 'test',
  worker: 'model',
  retry: { attempts: 3, baseMs: 1, capMs: 1 },
  random: () => 0.5,
  log: pino({ level: 'silent' }),
};

/** The broker as a model: what was published and not acknowledged, in no order. */
type Queue = Publication[];

const deliveryOf = ({ id, type, envelope, body, exchange, routingKey }: Publication): Delivery => ({
  messageId: id,
  type,
  headers: { patchbay: JSON.stringify(envelope) },
  exchange,
  routingKey,
  body: Buffer.from(body),
  returns: 0,
  session: {},
  tag: 1,
});

/** Where a process dies: it may, at each of the moments at which something has been done and the next thing has not. */
const moments = [
  'never',
  'before the commit',
  'before publishing',
  'before the confirm is recorded',
  'before the ack',
] as const;
const aMove = fc.record({
  what: fc.constantFrom('handle', 'handle', 'sweep', 'double' as const),
  pick: fc.nat({ max: 1_000 }),
  size: fc.integer({ min: 1, max: 4 }),
  dies: fc.constantFrom(...moments),
});
type Move = typeof aMove extends fc.Arbitrary<infer One> ? One : never;

async function publish(queue: Queue, publications: readonly Publication[], dies: Move['dies']): Promise<void> {
  if (dies === 'before publishing') return;
  queue.push(...publications);
  if (dies === 'before the confirm is recorded') return;
  await markHandedOver(sql, publications.flatMap(keysOf));
}

async function play(queue: Queue, { what, pick, size, dies }: Move): Promise<void> {
  if (what === 'double') {
    const one = queue[pick % Math.max(1, queue.length)];
    if (one !== undefined) queue.push(one);
  } else if (what === 'sweep') {
    // What a dead process left is due at once: the ten seconds that are its own are not waited for here.
    await sql`update platform.message set due_at = now() where due_at is not null`;
    await publish(queue, (await leaseDue(sql, size)).publications, dies);
  } else {
    const start = pick % Math.max(1, queue.length);
    const taken = queue.slice(start, start + size);
    const work = taken.map((one) => readDelivery(deliveryOf(one), new Map([[split.name, handler]])));
    if (work.length === 0) return;
    crashes = dies === 'before the commit';
    try {
      const { publications } = await runBatch(sql, work, settings);
      await publish(queue, publications, dies);
      if (dies !== 'before the ack') for (const one of taken) queue.splice(queue.indexOf(one), 1);
    } catch (error) {
      if ((error as { code?: string }).code !== crashCode) throw error;
    } finally {
      crashes = false;
    }
  }
}

test('law: wherever processes die, and however often messages come, each message has its effect once and none is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(aMove, { maxLength: 40 }), async (left, moves) => {
      await sql`truncate node, platform.inbox, platform.message`;
      const queue: Queue = [];
      await insertMessages(sql, [publicationOf(send(split, { name: 'root', left }), { correlationId: 'model' })]);
      for (const move of moves) await play(queue, move);
      // Nobody dies any more: whatever was left over is swept and handled.
      for (let round = 0; round < 100; round += 1) {
        await play(queue, { what: 'sweep', pick: 0, size: 500, dies: 'never' });
        if (queue.length === 0) break;
        await play(queue, { what: 'handle', pick: 0, size: 4, dies: 'never' });
      }
      const rows = await sql<Node[]>`select name, times from node`;
      const wanted = 2 ** (left + 1) - 1;
      expect([rows.length, rows.filter(({ times }) => times !== 1)]).toEqual([wanted, []]);
      const [kept] = await sql<{ n: number }[]>`select count(*)::int as n from platform.message`;
      expect([kept?.n, queue.length]).toEqual([0, 0]);
    }),
    { numRuns: 40 },
  );
}, 120_000);
