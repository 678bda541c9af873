/** The network to the database falls silent: old connections say nothing more and are not closed, new ones work. */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { send } from '../../../contracts/messages/message.ts';
import { type Cuttable, cuttable } from '../../verify/testbed/cuttable.ts';
import { type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import { type Database, connectDatabase } from '../database.ts';
import { alarmsOf } from './alarms.ts';
import { publicationOf } from './envelope.ts';
import { type Aggregate, done } from './handler.ts';
import { insertMessages } from './message.store.ts';
import { startRelay } from './relay.ts';
import { add, createTally, tallies, tallyHandlers } from './tally.fixture.ts';
import { startWorker } from './worker.ts';

let bench: Workbench;
let way: Cuttable;
beforeAll(async () => {
  bench = await createWorkbench();
  await createTally(bench.sql);
  way = await cuttable(bench.databaseUrl, 5432);
});
afterAll(async () => {
  await way?.close();
  await bench?.close();
});
beforeEach(async () => {
  await bench.sql`truncate tally, platform.inbox, platform.message`;
  const channel = await bench.channel();
  await channel.purgeQueue(testQueue);
  await channel.close();
});

/** A pool over the way. A second for a statement, so that a silent connection is given up after six. */
function aPool(): Database {
  const sql = connectDatabase(way.url, { connections: 2, role: 'silent', statementMs: 1_000 });
  onTestFinished(() => sql.end({ timeout: 1 }));
  return sql;
}
const patient = { ...soon, timeout: 40_000 };
const tell = (id: string) => bench.publish(send(add, { id, mode: 'ok' }));
function work(): ReturnType<typeof startWorker> {
  const options = { queue: testQueue, worker: 'tally', handlers: tallyHandlers() };
  const worker = startWorker({ ...bench, sql: aPool() }, options);
  onTestFinished(() => worker.stop());
  return worker;
}

test('a lane handles what is delivered', async () => {
  work();
  await tell('before');
  await vi.waitFor(async () => expect(await tallies(bench.sql)).toEqual({ before: 1 }), soon);
  way.silence();
  await tell('while');
  await vi.waitFor(async () => expect(await tallies(bench.sql)).toEqual({ before: 1, while: 1 }), patient);
});

test('a relay sweeps what is due', async () => {
  const relay = startRelay(aPool(), bench.publisher, bench.log);
  onTestFinished(() => relay.stop());
  await vi.waitUntil(
    async () => (await bench.sql`select 1 from pg_stat_activity where application_name = 'patchbay silent'`).count > 0,
    soon,
  );
  // The bench's own would sweep it.
  await bench.relay.stop();
  way.silence();
  const message = publicationOf(send(add, { id: 'due', mode: 'ok' }), { correlationId: 'test' });
  await insertMessages(bench.sql, [message]);
  await bench.sql`update platform.message set due_at = now()`;
  await vi.waitFor(
    async () => expect((await bench.sql`select from platform.message where due_at is not null`).count).toBe(0),
    patient,
  );
});

test('alarms are looked for, and ring', async () => {
  await bench.sql`
    create table bell (id text primary key, due_at timestamptz, alarm_for timestamptz, alarm_until timestamptz)`;
  const of: Aggregate<{ id: string }> = {
    name: 'bell',
    key: ({ id }) => id,
    load: async (_, ids) => new Map(ids.map((id) => [id, { id }])),
    save: (tx, all) => all.map(({ id }) => tx`update bell set due_at = null where id = ${id}`),
  };
  const alarms = alarmsOf({
    ...{ of, rows: { table: 'public.bell' } },
    decide: (bell) => done({ save: bell === undefined ? [] : [bell] }),
  });
  const ring = (id: string) => bench.sql`insert into bell (id, due_at) values (${id}, now())`;
  const worker = startWorker({ ...bench, sql: aPool() }, { queue: testQueue, worker: 'bells', handlers: [], alarms });
  onTestFinished(() => worker.stop());
  await ring('before');
  // Rung and committed: a batch whose commit is not answered is decided again.
  const rung = async () => (await bench.sql`select id from bell where due_at is null order by id`).map(({ id }) => id);
  await vi.waitFor(async () => expect(await rung()).toEqual(['before']), soon);
  way.silence();
  await ring('while');
  await vi.waitFor(async () => expect(await rung()).toEqual(['before', 'while']), patient);
});
