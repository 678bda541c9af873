/** The law of delivery against the real stores: the broker is a model that loses, repeats and reorders; time is aged, not waited for. */
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { messageGivenUp } from '../../../contracts/messages/given-up.ts';
import { command, event, send } from '../../../contracts/messages/message.ts';
import { productInventoryQueue, projectorQueue } from '../../../contracts/topology.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import type { Delivery } from '../broker/subscription.ts';
import { type Database, connectDatabase, transaction } from '../database.ts';
import { runBatch } from './batch.ts';
import type { BatchSettings } from './deciding.ts';
import { modelBroker } from './broker.fixture.ts';
import { type Publication, publicationOf } from './envelope.ts';
import { type Aggregate, type Handler, done, on, park } from './handler.ts';
import { readDelivery } from './item.ts';
import { giveUpHopeless, mostRepeats } from './lost.ts';
import { askQueues, forgetMarker, notePassed, notePassedRows, resolvePassed } from './marker.store.ts';
import {
  type MessageKey,
  deleteMessages,
  endsWithConfirm,
  insertMessages,
  keysOf,
  leaseDue,
  markHandedOver,
  markReturned,
} from './message.store.ts';
import { countRows, purgePiece, readNow, redrivePiece } from './queue.store.ts';

const body = z.object({ name: z.string(), left: z.int(), ends: z.enum(['well', 'late', 'never', 'parked']) });
const work = command('test.work.v1', { body, to: 'a', whenGivenUp: 'warn' });
const more = command('test.more.v1', { body, to: 'b', whenGivenUp: 'warn' });
/** Two queues take it. */
const told = event('service-inventory.service-changed.v1', {
  body,
  topics: { names: ['settled'], of: () => 'settled' },
});
const queues = ['a', 'b', productInventoryQueue, projectorQueue];
/** What the database says of the statement that ends a batch before its commit. */
const crashCode = '22012';

let testbed: Testbed;
let sql: Database;
beforeAll(async () => {
  testbed = await createTestbed();
  sql = connectDatabase(testbed.databaseUrl, { connections: 3, role: 'model' });
  await sql`create table effect (name text primary key, times integer not null)`;
  await sql`create table kept as table platform.message with no data`;
});
afterAll(async () => {
  await sql?.end();
  await testbed?.close();
});

/** Where a process dies: at any moment at which something is done and the next thing is not. */
const moments = [
  'never',
  'never',
  'before the commit',
  'before publishing',
  'before the record',
  'before the ack',
] as const;
const aMove = fc.record({
  what: fc.constantFrom(
    ...(['send', 'send', 'tell', 'sweep', 'deliver', 'deliver', 'handle', 'handle', 'handle', 'die', 'pause'] as const),
    ...(['copy', 'lose', 'delete', 'purge', 'redrive', 'time', 'time', 'ask', 'resolve', 'forgetful'] as const),
  ),
  queue: fc.constantFrom(...queues),
  replica: fc.constantFrom(0, 1),
  pick: fc.nat({ max: 1_000 }),
  dies: fc.constantFrom(...moments),
  ends: fc.constantFrom('well', 'well', 'late', 'never', 'parked'),
});
type Move = typeof aMove extends fc.Arbitrary<infer One> ? One : never;
type Dies = Move['dies'];

const idOf = ({ id, queue }: Pick<MessageKey, 'id' | 'queue'>): string => `${id} ${queue}`;
const keyOf = (key: MessageKey): string => `${idOf(key)} ${key.attempt}`;
const allKeys = () => sql<MessageKey[]>`select message_id as id, queue, attempt from platform.message`;

/** A fleet of two replicas of everything on one broker, and what it has to come to. */
function aFleet() {
  const broker = modelBroker(queues);
  const paused = new Set<string>();
  /** Each message that was committed, with a queue that takes it. */
  const committed = new Set<string>();
  const purged = new Set<string>();
  /** Failures that a message has left. */
  const failures = new Map<string, number>();
  const faults: string[] = [];
  let crashes = false;
  let names = 0;
  const named = (left: number, ends: Move['ends']) => ({ name: `m${(names += 1)}`, left, ends });
  const handlers = new Map(queues.map((queue) => [queue, handlersOf(queue)]));

  function handlersOf(queue: string): ReadonlyMap<string, Handler> {
    const of: Aggregate<{ name: string; times: number }> = {
      name: 'effect',
      key: ({ name }) => name,
      async load(tx, keys) {
        const rows = await tx<{ name: string; times: number }[]>`
          select name, times from effect where name = any(${keys as string[]}) order by name for update`;
        return new Map(rows.map((row) => [row.name, row]));
      },
      save(tx, states) {
        const saved = states.map(
          ({ name, times }) =>
            tx`insert into effect values (${name}, ${times}) on conflict (name) do update set times = excluded.times`,
        );
        return crashes ? [...saved, tx`select 1 / 0 as crash`] : saved;
      },
    };
    const once = (known: { times: number } | undefined, name: string) => ({ name, times: (known?.times ?? 0) + 1 });
    const doing = [work, more, told].map((definition) =>
      on(definition, {
        of,
        key: ({ name }) => `${queue} ${name}`,
        decide(known, { id, body: { name, left, ends } }) {
          if (ends === 'parked') return park('notMine', 'A person must look at this.');
          const failed = failures.get(idOf({ id, queue })) ?? 0;
          failures.set(idOf({ id, queue }), failed + 1);
          if (ends === 'never' || (ends === 'late' && failed === 0)) throw new RangeError('not yet');
          const next = left === 0 ? [] : [send(more, named(left - 1, 'late')), send(told, named(0, 'well'))];
          return done({ save: [once(known, `${queue} ${name}`)], send: next });
        },
      }),
    );
    const hearing = on(messageGivenUp, {
      of,
      key: ({ messageId, queue: whose }) => `given up ${messageId} ${whose}`,
      decide: (known, { body: { messageId, queue: whose } }) =>
        done({ save: [once(known, `given up ${messageId} ${whose}`)] }),
    });
    return new Map([...doing, hearing].map((handler) => [handler.definition.name, handler]));
  }

  const note = (publications: readonly Publication[]): void => {
    for (const key of publications.flatMap(keysOf)) if (!endsWithConfirm(key)) committed.add(idOf(key));
  };
  /** What the engine wrote by itself. */
  const noteRows = async (): Promise<void> => {
    for (const key of await allKeys()) if (!endsWithConfirm(key)) committed.add(idOf(key));
  };

  /** As the relay does. */
  async function publish(publications: readonly Publication[], dies: Dies): Promise<void> {
    if (dies === 'before publishing') return;
    const results = publications.map((one) => ({ keys: keysOf(one), result: broker.publish(one) }));
    if (dies === 'before the record') return;
    for (const { keys, result } of results) {
      if (result === 'returned') await markReturned(sql, keys);
      else if (keys.every(endsWithConfirm)) await deleteMessages(sql, keys);
      else await markHandedOver(sql, keys);
    }
  }

  async function commit(publication: Publication, dies: Dies): Promise<void> {
    await insertMessages(sql, [publication]);
    note([publication]);
    await publish([publication], dies);
  }

  async function sweep(limit: number, dies: Dies): Promise<void> {
    // The ten seconds that a fresh row is its writer's, and the pauses between attempts, are over.
    await sql`update platform.message set due_at = now() where due_at is not null`;
    await publish((await leaseDue(sql, limit)).publications, dies);
  }

  async function deliver(queue: string, replica: 0 | 1, count: number, dies: Dies): Promise<void> {
    if (paused.has(queue)) return;
    for (const askedAt of broker.deliver(queue, replica, count)) {
      if (dies === 'before the commit') return broker.giveMarkerBack(queue, askedAt);
      await notePassed(sql, { queue, askedAt });
      if (dies === 'before the ack') broker.giveMarkerBack(queue, askedAt);
    }
  }

  async function handle(queue: string, replica: 0 | 1, dies: Dies): Promise<void> {
    const held = broker.held(queue, replica);
    const known = handlers.get(queue) ?? new Map<string, Handler>();
    if (held.length === 0) return;
    crashes = dies === 'before the commit';
    try {
      const items = held.map((one) => readDelivery(deliveryOf(one), known));
      const { publications } = await runBatch(sql, items, { ...settings, queue });
      await noteRows();
      note(publications);
      if (dies === 'before the ack') broker.giveBack(queue, replica, publications.length);
      else broker.ack(queue, replica);
      await publish(publications, dies);
    } catch (error) {
      if ((error as { code?: string }).code !== crashCode) throw error;
      broker.giveBack(queue, replica, 0);
    } finally {
      crashes = false;
    }
  }

  /** A process of the release before: it claims, and ends no row. */
  async function handleForgetfully(queue: string, replica: 0 | 1): Promise<void> {
    await sql`truncate kept`;
    await sql`insert into kept select * from platform.message where queue = ${queue} and handed_over_at is not null`;
    await handle(queue, replica, 'never');
    await sql`insert into platform.message select * from kept on conflict do nothing`;
  }

  async function ask(dies: Dies): Promise<void> {
    for (const marker of await askQueues(sql)) {
      if (dies === 'before publishing') return;
      if (broker.mark(marker.queue, marker.askedAt) === 'confirmed') continue;
      broker.declare(marker.queue);
      await forgetMarker(sql, marker);
    }
  }

  /** Repeats what is lost, and looks whether it is. */
  async function resolve(): Promise<void> {
    while (await notePassedRows(sql));
    const before = await sql<(MessageKey & { repeats: number; minutes: number; known: boolean })[]>`
      select message_id as id, queue, attempt, repeats, extract(epoch from now() - passed_at)::float8 / 60 as minutes,
             exists (select from platform.inbox i
                     where i.consumer = m.queue and i.message_id = m.message_id and i.attempt = m.attempt) as known
      from platform.message m`;
    await resolvePassed(sql, mostRepeats);
    const after = await sql<(MessageKey & { repeats: number })[]>`
      select message_id as id, queue, attempt, repeats from platform.message`;
    const repeats = new Map(after.map((row) => [keyOf(row), row.repeats]));
    const waiting = new Set(broker.backlog().map(keyOf));
    for (const row of before) {
      const now = repeats.get(keyOf(row)) ?? row.repeats;
      if (now === row.repeats) continue;
      if (waiting.has(keyOf(row))) faults.push(`sent again out of a backlog: ${keyOf(row)}`);
      if (row.known) faults.push(`sent again although it is handled: ${keyOf(row)}`);
      if (row.minutes < 2 ** row.repeats) faults.push(`sent again after ${row.minutes} minutes: ${keyOf(row)}`);
      if (now > mostRepeats) faults.push(`sent again ${now} times: ${keyOf(row)}`);
    }
    await giveUpHopeless(sql);
    await noteRows();
  }

  async function purge(queue: string, dies: Dies): Promise<void> {
    const before = await readNow(sql);
    while ((await countRows(sql, queue, before)) > 0) {
      const keys = await allKeys();
      await transaction(sql, (tx) => purgePiece(tx, queue, before, 'a purge'));
      const left = new Set((await allKeys()).map(keyOf));
      for (const key of keys) if (!left.has(keyOf(key))) purged.add(idOf(key));
      await noteRows();
      if (dies === 'before the commit') return;
    }
    if (dies !== 'before the ack') broker.purge(queue);
  }

  /** All that is noted of time is so much older. */
  async function age(seconds: number): Promise<void> {
    await sql`
      update platform.message set handed_over_at = handed_over_at - make_interval(secs => ${seconds}),
        passed_at = passed_at - make_interval(secs => ${seconds}) where handed_over_at is not null`;
    await sql`
      update platform.marker set asked_at = asked_at - make_interval(secs => ${seconds}),
        passed_at = passed_at - make_interval(secs => ${seconds}), reach = reach - make_interval(secs => ${seconds})`;
    broker.age(seconds);
  }

  async function play({ what, queue, replica, pick, dies, ends }: Move): Promise<void> {
    switch (what) {
      case 'send':
        return commit(publicationOf(send(pick % 2 ? work : more, named(pick % 3, ends)), { correlationId: 'x' }), dies);
      case 'tell':
        return commit(publicationOf(send(told, named(0, ends)), { correlationId: 'x' }), dies);
      case 'sweep':
        return sweep(1 + (pick % 5), dies);
      case 'deliver':
        return deliver(queue, replica, 1 + (pick % 4), dies);
      case 'handle':
        return handle(queue, replica, dies);
      case 'forgetful':
        return handleForgetfully(queue, replica);
      case 'die':
        return broker.giveBack(queue, replica, pick);
      case 'pause':
        return void (paused.delete(queue) || paused.add(queue));
      case 'copy':
        return broker.copy(pick);
      case 'lose':
      case 'delete':
        return broker.lose(queue, what === 'delete');
      case 'purge':
        return purge(queue, dies);
      case 'redrive':
        return void (await redrivePiece(sql, queue, await readNow(sql)));
      case 'time':
        return age([5, 31, 61, 200, 2_000][pick % 5] ?? 0);
      case 'ask':
        return ask(dies);
      case 'resolve':
        return resolve();
      default:
        return what satisfies never;
    }
  }

  /** Nobody dies any more and nothing is lost: what is left over is delivered, or found to be lost. */
  async function settle(rounds: number): Promise<void> {
    paused.clear();
    // Whoever consumes a queue declares it.
    for (const queue of queues) broker.declare(queue);
    for (let round = 0; round < rounds; round += 1) {
      for (let left = true; left;) {
        await sweep(500, 'never');
        for (const queue of queues) {
          await deliver(queue, 0, 500, 'never');
          for (const replica of [0, 1] as const) await handle(queue, replica, 'never');
        }
        left = !broker.isEmpty() || (await sql`select from platform.message where due_at is not null`).count > 0;
      }
      if ((await allKeys()).length === 0) return;
      await age(61);
      await ask('never');
      for (const queue of queues) await deliver(queue, 0, 500, 'never');
      await age(2_000);
      await resolve();
    }
  }

  /** What became of everything, where it is not what had to. */
  async function wrongs(): Promise<string[]> {
    const handled = await sql<{ id: string; queue: string; times: number }[]>`
      select message_id as id, consumer as queue, count(*)::int as times from platform.inbox
      where outcome is null group by 1, 2`;
    const letters = await sql<{ id: string; queue: string; times: number }[]>`
      select message_id as id, queue, count(*)::int as times from platform.letter group by 1, 2`;
    const timesOf = (rows: readonly { id: string; queue: string; times: number }[]): Map<string, number> =>
      new Map(rows.map((row) => [idOf(row), row.times]));
    const [done, given] = [timesOf(handled), timesOf(letters)];
    const copies = new Set(broker.dead.map(({ id }) => id));
    const repeated = await sql<{ name: string; times: number }[]>`select name, times from effect where times > 1`;
    const rows = await allKeys();
    return [
      ...faults,
      ...repeated.map(({ name, times }) => `${name} had its effect ${times} times`),
      ...rows.map((key) => `a row is left: ${keyOf(key)}`),
      ...letters.flatMap(({ id, queue }) => (copies.has(id) ? [] : [`the letter ${id} of ${queue} has no copy`])),
      ...[...committed].flatMap((one) => {
        const ends = (done.get(one) ?? 0) + (given.get(one) ?? 0);
        const isRight = ends === 1 || (ends === 0 && purged.has(one));
        return isRight ? [] : [`${one} was handled ${done.get(one) ?? 0} times and has ${given.get(one) ?? 0} letters`];
      }),
    ];
  }

  return { broker, play, settle, wrongs, deliver, handle, age, ask, resolve, sweep, commit, named };
}

const settings: Omit<BatchSettings, 'queue'> = {
  worker: 'model',
  retry: { attempts: 3, baseMs: 1, capMs: 1 },
  random: () => 0.5,
  log: pino({ level: 'silent' }),
};

const deliveryOf = ({ id, type, envelope, body: text, exchange, routingKey }: Publication): Delivery => ({
  ...{ messageId: id, type, headers: { patchbay: JSON.stringify(envelope) }, exchange, routingKey },
  ...{ body: Buffer.from(text), returns: 0, session: {}, tag: 1 },
});

const nothing = () => sql`truncate effect, platform.inbox, platform.message, platform.marker, platform.letter`;

test('law: each message has its effect once, or is one letter, or was purged; none is sent again out of a backlog', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aMove, { minLength: 10, maxLength: 60 }), async (moves) => {
      await nothing();
      const fleet = aFleet();
      for (const move of moves) await fleet.play(move);
      await fleet.settle(12);
      expect(await fleet.wrongs()).toEqual([]);
    }),
    { numRuns: 200 },
  );
}, 240_000);

test.each([1, 3, 5, 6, 9])(
  'a message whose queue is lost %i times is sent again five times at most, and then a letter',
  async (losses) => {
    await nothing();
    const fleet = aFleet();
    await fleet.commit(publicationOf(send(work, fleet.named(0, 'well')), { correlationId: 'x' }), 'never');
    for (let lost = 0; lost < losses; lost += 1) {
      fleet.broker.lose('a', lost % 2 === 1);
      for (let round = 0; round < 2; round += 1) {
        await fleet.age(61);
        await fleet.ask('never');
      }
      await fleet.deliver('a', 0, 9, 'never');
      await fleet.age(2_000);
      await fleet.resolve();
      await fleet.sweep(9, 'never');
    }
    const letters = await sql<{ code: string }[]>`select code from platform.letter`;
    expect(letters.map(({ code }) => code)).toEqual(losses > 5 ? ['lost'] : []);
    await fleet.settle(3);
    expect(await fleet.wrongs()).toEqual([]);
  },
);

test('what is handed over after a marker was asked for is not taken for lost', async () => {
  await nothing();
  const fleet = aFleet();
  const sent = () => fleet.commit(publicationOf(send(work, fleet.named(0, 'well')), { correlationId: 'x' }), 'never');
  await sent();
  await fleet.age(31);
  await fleet.ask('never');
  await sent();
  await fleet.deliver('a', 0, 2, 'never');
  await fleet.resolve();
  await fleet.age(61);
  await fleet.resolve();
  await fleet.settle(3);
  expect(await fleet.wrongs()).toEqual([]);
});

test('what was sent again is given twice the time before it is sent once more', async () => {
  await nothing();
  const fleet = aFleet();
  await fleet.commit(publicationOf(send(work, fleet.named(0, 'well')), { correlationId: 'x' }), 'never');
  for (let round = 0; round < 2; round += 1) {
    fleet.broker.lose('a', false);
    await fleet.age(31);
    await fleet.ask('never');
    await fleet.deliver('a', 0, 2, 'never');
    await fleet.resolve();
    await fleet.age(61);
    await fleet.resolve();
    await fleet.sweep(9, 'never');
  }
  expect(await sql`select repeats from platform.message`).toEqual([{ repeats: 1 }]);
  await fleet.settle(3);
  expect(await fleet.wrongs()).toEqual([]);
});
