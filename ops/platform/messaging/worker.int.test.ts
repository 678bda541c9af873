import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { send } from '../../../contracts/messages/message.ts';
import { deadLetterQueue } from '../../../contracts/topology.ts';
import { publicationOf } from './envelope.ts';
import { insertMessages } from './message.store.ts';
import { type Letter, type Workbench, createWorkbench, soon, testQueue } from '../../verify/testbed/workbench.ts';
import { type Mode, type TallyHooks, add, createTally, spread, tallies, tallyHandlers } from './tally.fixture.ts';
import { type Worker, type WorkerDependencies, startWorker } from './worker.ts';

let bench: Workbench;
const running: Worker[] = [];

beforeAll(async () => {
  bench = await createWorkbench();
  await createTally(bench.sql);
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.sql`truncate tally, platform.inbox, platform.message, platform.crash`;
});
afterEach(async () => {
  for (const worker of running.splice(0)) await worker.stop();
  const channel = await bench.channel();
  for (const queue of [testQueue, deadLetterQueue(testQueue)]) await channel.purgeQueue(queue);
  await channel.close();
});

function work(hooks: TallyHooks = {}, on: WorkerDependencies = bench): Worker {
  const worker = startWorker(on, { queue: testQueue, worker: 'tally', handlers: tallyHandlers(hooks) });
  running.push(worker);
  return worker;
}
const tell = (id: string, mode: Mode = 'ok') => bench.publish(send(add, { id, mode }));
const until = (expected: Record<string, number>) =>
  vi.waitFor(async () => expect(await tallies(bench.sql)).toEqual(expected), soon);
/** Everything was answered: nothing is ready, unacked, or still a row. */
const settled = async () => {
  // What is told of messages that were given up is the projector's, and none runs here.
  const own = () => bench.sql`select 1 from platform.message where queue <> 'gateway.projector'`;
  await vi.waitFor(async () => expect((await own()).count).toBe(0), soon);
  for (const worker of running.splice(0)) await worker.stop();
  expect(await bench.ready(testQueue)).toBe(0);
};

test('a worker whose process has no channel to publish on is not well, paused or not', async () => {
  let publishing = true;
  const worker = work({}, { ...bench, relay: { ...bench.relay, publishing: () => publishing } });
  await vi.waitUntil(() => worker.troubles().length === 0, soon);
  publishing = false;
  expect(worker.troubles()).toEqual(['no channel to publish on']);
  worker.pause();
  expect(worker.troubles()).toEqual(['no channel to publish on']);
});

describe('the rows of messages', () => {
  const committed = async (...ids: string[]) => {
    const publications = ids.map((id) =>
      publicationOf(send(add, { id, mode: id === 'bad' ? 'park' : 'ok' }), { correlationId: 'test' }),
    );
    await insertMessages(bench.sql, publications);
    bench.relay.committed(publications);
    return publications;
  };

  test('end with their receiver, handled or dead-lettered', async () => {
    await committed('a', 'bad', 'b');
    work();
    await until({ a: 1, b: 1 });
    await settled();
    expect(await bench.letters(1)).toHaveLength(1);
  });

  test('end when a repetition of what was handled is received', async () => {
    const [one] = await committed('a');
    work();
    await until({ a: 1 });
    await settled();
    await insertMessages(bench.sql, one === undefined ? [] : [one]);
    if (one !== undefined) bench.relay.committed([one]);
    work();
    await settled();
    expect(await tallies(bench.sql)).toEqual({ a: 1 });
  });

  test('of a retry outlive the attempt before', async () => {
    const [one] = await committed('a');
    const retry = { ...one!, exchange: '', routingKey: testQueue, envelope: { ...one!.envelope, attempt: 2 } };
    await insertMessages(bench.sql, [], [{ publication: retry, dueAt: new Date(Date.now() + 3_600_000) }]);
    work();
    await until({ a: 1 });
    await vi.waitFor(
      async () => expect(await bench.sql`select attempt from platform.message`).toEqual([{ attempt: 2 }]),
      soon,
    );
  });
});

describe('a batch', () => {
  test('with poison between good messages: the good ones proceed, the poison lies in the dead letters with its context', async () => {
    const good = send(add, { id: 'good', mode: 'ok' });
    const poison = [
      await bench.publish(good),
      await bench.publish(good, { body: '{"id":' }),
      await bench.publish(good, { type: 'test.add.v9' }),
      await bench.publish(good, { body: '{"id":7}' }),
      await bench.publish(good),
      await bench.publish(good, { body: '\u0000\u0001' }),
      await bench.publish(good),
    ].filter((_, at) => [1, 2, 3, 5].includes(at));
    work();
    await until({ good: 3 });
    const letters = await bench.letters(4);
    expect(letters.map(({ id }) => id).toSorted()).toEqual(poison.toSorted());
    expect(letters.map(({ headers }) => String(headers['error-code'])).toSorted()).toEqual([
      'badBody',
      'badJson',
      'badJson',
      'unknownType',
    ]);
    for (const { headers, envelope } of letters) {
      expect(headers).toMatchObject({
        'original-queue': testQueue,
        worker: 'tally',
        'error-class': 'Unreadable',
        'error-message': expect.stringMatching(/./),
        'correlation-id': 'test',
        'first-failed-at': expect.stringMatching(/^2/),
        'last-failed-at': expect.stringMatching(/^2/),
      });
      expect(envelope).toMatchObject({ correlationId: 'test', deadLetter: { exchange: 'cmd', routingKey: testQueue } });
    }
    await settled();
  });

  test('with a message over 1 MiB: the broker dead-letters it, its neighbours proceed', async () => {
    await tell('a');
    const id = await bench.publish(send(add, { id: 'x'.repeat(1_100_000), mode: 'ok' }));
    await tell('b');
    work();
    await until({ a: 1, b: 1 });
    const [letter] = await bench.letters(1);
    expect(letter?.id).toBe(id);
    expect(letter?.headers['x-death']).toBeDefined();
    await settled();
  });

  test('several messages of one aggregate fold in turn, and are written once', async () => {
    const batches: number[] = [];
    for (const id of ['a', 'a', 'b', 'a']) await tell(id);
    work({ committed: (all) => void batches.push(all.length) });
    await until({ a: 3, b: 1 });
    expect(batches.length).toBeLessThan(4);
    await settled();
  });

  test('that cannot be saved is halved down to the culprit: it alone is retried and dead-lettered, the others commit', async () => {
    const culprit = await tell('unsavable');
    for (const id of ['a', 'b', 'c', 'd', 'e']) await tell(id);
    work();
    await until({ a: 1, b: 1, c: 1, d: 1, e: 1 });
    const [letter] = await bench.letters(1);
    expect(letter).toMatchObject({ id: culprit, headers: { 'error-message': 'cannot be saved', attempts: 3 } });
    await settled();
  });

  test('that concerns more aggregates than the database can lock at once is taken in pieces', async () => {
    const ids = Array.from({ length: 40 }, (_, at) => String(at));
    const worker = work();
    worker.pause();
    for (const id of ids) await bench.publish(send(spread, { id }));
    worker.resume();
    await until(Object.fromEntries(ids.map((id) => [id, 1])));
    await settled();
    expect(Object.keys(await tallies(bench.sql))).toHaveLength(ids.length);
  });

  test('whose database connection is ended in the middle is tried again whole, and counts against nobody', async () => {
    let ended = false;
    await tell('a');
    await tell('b');
    work({
      claimed: async () => {
        if (ended) return;
        ended = true;
        await bench.sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`;
      },
    });
    await until({ a: 1, b: 1 });
    expect(ended).toBe(true);
    expect(bench.logged.some(({ msg }) => msg.includes('trying the same batch again'))).toBe(true);
    const inbox = await bench.sql<{ attempt: number }[]>`select attempt from platform.inbox`;
    expect(inbox.map(({ attempt }) => attempt)).toEqual([1, 1]);
    await settled();
  });
});

describe('a decision', () => {
  test('that throws is tried again with its failures counted, and dead-lettered when they are used up', async () => {
    const seen: string[] = [];
    const id = await tell('t', 'throw');
    await tell('a');
    work({ deciding: (one) => void seen.push(one) });
    const [letter] = await bench.letters(1);
    expect(seen.filter((one) => one === 't')).toHaveLength(3);
    expect(letter).toMatchObject({
      id,
      headers: { attempts: 3, 'error-class': 'RangeError', 'error-message': 't cannot be decided' },
      // As it would be moved back: an attempt of its own, with none of its failures held against it.
      envelope: { attempt: 4, failures: 0, deadLetter: { failures: 3 } },
    });
    expect(Date.parse(letter?.envelope.firstFailedAt ?? '')).toBeLessThan(
      Date.parse(String(letter?.headers['last-failed-at'])),
    );
    await until({ a: 1 });
    await settled();
  });

  test('that parks is never tried again', async () => {
    const seen: string[] = [];
    await tell('p', 'park');
    work({ deciding: (one) => void seen.push(one) });
    expect((await bench.letters(1))[0]).toMatchObject({
      headers: { 'error-class': 'Parked', 'error-code': 'notForMe', attempts: 1 },
    });
    expect(seen).toEqual(['p']);
    await settled();
  });

  test('that says later comes again, not before its time, as another attempt and no failure', async () => {
    const times: Date[] = [];
    await tell('l', 'later');
    work({ deciding: (_, now) => void times.push(now) });
    await until({ l: 1 });
    const [first, second] = times.map((time) => time.getTime());
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(50);
    const attempts = await bench.sql<{ attempt: number }[]>`select attempt from platform.inbox order by attempt`;
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    await settled();
  });

  test('that was dead-lettered, moved back as it is, is handled anew', async () => {
    let isBroken = true;
    await tell('t');
    work({
      deciding: () => {
        if (isBroken) throw new Error('broken');
      },
    });
    const [letter] = await bench.letters(1);
    isBroken = false;
    const channel = await bench.channel();
    const { id, type, headers, body } = letter as Letter;
    channel.sendToQueue(testQueue, Buffer.from(body), { messageId: id, type, headers });
    await until({ t: 1 });
    await channel.close();
    await settled();
    expect(await tallies(bench.sql)).toEqual({ t: 1 });
  });

  test('that hands a message to a person leaves a letter that comes back here when it is replayed', async () => {
    await tell('f', 'fallOut');
    work();
    const [letter] = await bench.letters(1);
    expect(letter).toMatchObject({
      headers: { 'error-class': 'FallenOut', 'error-code': 'stuck' },
      envelope: { deadLetter: { exchange: 'cmd', routingKey: testQueue } },
    });
    await until({ f: 1 });
    await settled();
  });

  test('that sends has its message published after the commit, with cause and correlation', async () => {
    await tell('e', 'echo');
    work();
    await until({ e: 1, 'e echoed': 1 });
    await settled();
    expect(await tallies(bench.sql)).toEqual({ e: 1, 'e echoed': 1 });
  });
});

describe('exactly once', () => {
  test('a message that is delivered twice at once, and again later, takes effect once', async () => {
    const message = send(add, { id: 'a', mode: 'echo' });
    const id = await bench.publish(message);
    const twin = { id, body: JSON.stringify(message.body) };
    await bench.publish(message, twin);
    work();
    await until({ a: 1, 'a echoed': 1 });
    await bench.publish(message, twin);
    await tell('b');
    await until({ a: 1, 'a echoed': 1, b: 1 });
    await settled();
    expect(await tallies(bench.sql)).toEqual({ a: 1, 'a echoed': 1, b: 1 });
  });

  test('what was being handled when the channel is lost comes again, and is known', async () => {
    let saves = 0;
    for (const id of ['a', 'b', 'c']) await tell(id);
    work({
      claimed: async () => {
        saves += 1;
        if (saves === 1) bench.cut();
      },
    });
    await until({ a: 1, b: 1, c: 1 });
    await tell('d').catch(() => vi.waitUntil(() => bench.publisher.room() > 0, soon).then(() => tell('d')));
    await until({ a: 1, b: 1, c: 1, d: 1 });
    await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(0), soon);
    expect(await tallies(bench.sql)).toEqual({ a: 1, b: 1, c: 1, d: 1 });
    await settled();
  });

  test('two replicas that are told of the same new thing by two messages at once both count', async () => {
    const replica = await bench.replica();
    let inside = 0;
    const meet: TallyHooks = {
      deciding: () => void (inside += 1),
      claimed: () => new Promise((resolve) => setTimeout(resolve, 100)),
    };
    const first = startWorker(
      { ...bench, batchSize: 1 },
      { queue: testQueue, worker: 'a', handlers: tallyHandlers(meet), prefetch: 1 },
    );
    const second = startWorker(
      { ...replica, batchSize: 1 },
      { queue: testQueue, worker: 'b', handlers: tallyHandlers(meet), prefetch: 1 },
    );
    running.push(first, second);
    await vi.waitUntil(() => first.troubles().length === 0 && second.troubles().length === 0, soon);
    await Promise.all([tell('same'), tell('same')]);
    await until({ same: 2 });
    expect(inside).toBe(2);
    await settled();
  });
});

describe('what crashes its worker', () => {
  /** Takes a message and ends the channel that has it, as a consumer does that dies: from RabbitMQ 4.3 on a nack counts nothing. */
  async function returned(times: number): Promise<void> {
    for (let at = 0; at < times; at += 1) {
      const channel = await bench.channel();
      await vi.waitUntil(async () => (await channel.get(testQueue, { noAck: false })) !== false, soon);
      await channel.close();
    }
  }

  test('a message that was handed out before is counted while it is handled, and forgotten when it is done', async () => {
    const counted: number[] = [];
    await tell('innocent');
    await returned(2);
    work({
      claimed: async () => {
        const [row] = await bench.sql<{ crashes: number }[]>`select crashes from platform.crash`;
        counted.push(row?.crashes ?? 0);
      },
    });
    await until({ innocent: 1 });
    expect(counted).toEqual([1]);
    await vi.waitFor(async () => expect((await bench.sql`select 1 from platform.crash`).count).toBe(0), soon);
    await settled();
  });

  test('the process that dies of it each time is the proof: it alone is parked, its neighbours are handled once', async () => {
    const neighbours = ['a', 'b', 'c', 'd'];
    for (const id of neighbours.slice(0, 2)) await tell(id);
    const killer = await tell('killer');
    for (const id of neighbours.slice(2)) await tell(id);
    const program = new URL('../../verify/testbed/crashing.main.ts', import.meta.url);
    let deaths = 0;
    let child: ChildProcess | undefined;
    const live = (): void => {
      child = spawn(process.execPath, [fileURLToPath(program), bench.databaseUrl, bench.amqpUrl], { stdio: 'ignore' });
      child.once('exit', (_, signal) => {
        if (signal !== 'SIGKILL') return;
        deaths += 1;
        live();
      });
    };
    live();
    try {
      expect((await bench.letters(1))[0]).toMatchObject({
        id: killer,
        headers: { 'error-class': 'CrashLoop', worker: 'crashing' },
      });
      await until(Object.fromEntries(neighbours.map((id) => [id, 1])));
    } finally {
      child?.removeAllListeners('exit');
      child?.kill('SIGTERM');
    }
    expect(deaths).toBeGreaterThanOrEqual(3);
  });

  test('one that was begun three times and never ended is parked, and its neighbours are not', async () => {
    const id = await tell('killer');
    await returned(2);
    await bench.sql`insert into platform.crash (consumer, message_id, crashes) values (${testQueue}, ${id}, 3)`;
    await tell('a');
    work();
    expect((await bench.letters(1))[0]).toMatchObject({ id, headers: { 'error-class': 'CrashLoop' } });
    await until({ a: 1 });
    await settled();
  });
});

describe('consumption', () => {
  test('a queue that is deleted is declared and consumed again', async () => {
    const worker = work();
    await tell('a');
    await until({ a: 1 });
    const channel = await bench.channel();
    await channel.deleteQueue(testQueue);
    await channel.close();
    await vi.waitUntil(() => worker.troubles().length === 0, soon);
    await vi.waitFor(() => tell('b'), soon);
    await until({ a: 1, b: 1 });
    await settled();
    expect(await tallies(bench.sql)).toEqual({ a: 1, b: 1 });
  });

  test('paused, nothing is taken; resumed, everything is', async () => {
    const worker = work();
    await tell('a');
    await until({ a: 1 });
    worker.pause();
    await vi.waitFor(async () => {
      const channel = await bench.channel();
      expect((await channel.checkQueue(testQueue)).consumerCount).toBe(0);
      await channel.close();
    }, soon);
    await tell('b');
    expect(await bench.ready(testQueue)).toBe(1);
    worker.resume();
    await until({ a: 1, b: 1 });
    await settled();
  });

  test('a queue with other arguments than ours is an explained error, not a crash, and the worker says it is not well', async () => {
    const channel = await bench.channel();
    await channel.deleteQueue(testQueue);
    await channel.assertQueue(testQueue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    const worker = work();
    await vi.waitFor(
      () =>
        expect(bench.logged.map(({ msg }) => msg)).toContainEqual(
          expect.stringMatching(/other arguments than this release declares.*delete it, start again/s),
        ),
      soon,
    );
    expect(worker.troubles()).toEqual([`not consuming ${testQueue}`]);
    await worker.stop();
    running.length = 0;
    await channel.deleteQueue(testQueue);
    await channel.close();
    const healed = work();
    await vi.waitUntil(() => healed.troubles().length === 0, soon);
  });

  test('stopped, it gives back what it had not begun', async () => {
    const begun = Promise.withResolvers<void>();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const claimed = (): Promise<void> => {
      begun.resolve();
      return held;
    };
    const worker = startWorker(
      { ...bench, batchSize: 1 },
      { queue: testQueue, worker: 'tally', handlers: tallyHandlers({ claimed }), prefetch: 5 },
    );
    for (const id of ['a', 'b', 'c']) await tell(id);
    await begun.promise;
    await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(0), soon);
    const stopping = worker.stop();
    release();
    await stopping;
    await vi.waitFor(async () => expect(await bench.ready(testQueue)).toBe(2), soon);
    expect(Object.keys(await tallies(bench.sql))).toHaveLength(1);
    work();
    await until({ a: 1, b: 1, c: 1 });
    await settled();
  });
});
