import { cpSync, globSync, mkdtempSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { deadLetterQueue, serviceOrderingQueue, topology } from '../../../contracts/topology.ts';
import { type Content, drainQueue, fillQueue } from '../../platform/broker/queue-content.fixture.ts';
import { assertTopology } from '../../platform/broker/topology.ts';
import { homeAt } from '../../run/bootstrap/home.ts';
import { freePort } from '../../run/bootstrap/ports.ts';
import { startRabbitmq } from '../../run/bootstrap/rabbitmq.ts';
import type { Broker } from '../../run/bootstrap/service.ts';
import { rebuildBroker } from './rebuild.ts';

const running: Broker[] = [];
afterAll(async () => {
  for (const broker of running) broker.kill('SIGKILL');
  await Promise.all(running.map((broker) => broker.stop()));
});

async function aBroker(dir: string): Promise<Broker> {
  const amqp = await freePort(4);
  const ports = { amqp, management: amqp + 1, dist: amqp + 2, epmd: amqp + 3 };
  const broker = await startRabbitmq({ dir, packages: homeAt('/', process.env).packages, ports });
  running.push(broker);
  return broker;
}

const queues = [serviceOrderingQueue, deadLetterQueue(serviceOrderingQueue)];

/** What is put into a queue: each message with an id and headers of its own. */
const contents = (queue: string, from: number, to: number): Content[] =>
  Array.from({ length: to - from }, (_, at) => from + at).map((n) => ({
    ...{ body: `body ${n}`.repeat(20), messageId: `${queue} ${n}`, correlationId: `c${n}`, type: 'test.v1' },
    headers: { patchbay: `envelope ${n}`, 'x-count': n },
  }));

async function fill(broker: Broker, from: number, to: number): Promise<void> {
  for (const queue of queues) await fillQueue(broker.url, queue, contents(queue, from, to));
}

async function expectAll(broker: Broker, count: number): Promise<void> {
  for (const queue of queues) expect(await drainQueue(broker.url, queue)).toEqual(contents(queue, 0, count));
}

test(
  'the broker of a folder that was moved, or copied, goes on with every message and dead letter',
  { timeout: 240_000 },
  async () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'rebuild-')));
    const [old, moved, copy] = ['old', 'moved', 'copy'].map((name) => join(root, name)) as [string, string, string];
    const first = await aBroker(old);
    await assertTopology(first.url, topology([]));
    await fill(first, 0, 1_000);
    first.kill('SIGKILL'); // what was only in the journal gets into the queues' own files at the next start
    await first.restart();
    await fill(first, 1_000, 1_200);
    await first.stop();
    cpSync(old, copy, { recursive: true });
    renameSync(old, moved);

    const configs = globSync('data/*/quorum/*/*/config', { cwd: moved }).map((file) => join(moved, file));
    const before = configs.map((file) => readFileSync(file, 'utf8'));
    // RabbitMQ 4 keeps no path, and nothing needs to be done there.
    const placed = before.filter((text) => text.includes(`"${old}/`)).length;
    expect([0, configs.length]).toContain(placed);
    if (placed > 0) {
      const refused = `RabbitMQ's data in ${moved} was written in ${old} and its queues still look for it there: run npx patchbay broker rebuild`;
      await expect(aBroker(moved)).rejects.toThrow(refused);
      expect(rebuildBroker(moved)).toEqual({ queues: configs.length, settled: configs.length });
      // Interrupted half way: some queues are here, some are still there.
      for (const [at, file] of configs.entries()) if (at % 2 === 0) writeFileSync(file, before[at]!);
      await expect(aBroker(moved)).rejects.toThrow(refused);
      expect(rebuildBroker(moved).settled).toBe(Math.ceil(configs.length / 2));
    }
    expect(rebuildBroker(moved)).toEqual({ queues: configs.length, settled: 0 });

    const again = await aBroker(moved);
    expect(() => rebuildBroker(moved)).toThrow(/^Process \d+ \(beam\.smp\) still works on the data/);
    await expectAll(again, 1_200);

    // The copy has its own: it neither misses what was moved nor lives on it.
    expect(rebuildBroker(copy).settled).toBe(placed);
    const twin = await aBroker(copy);
    await expectAll(twin, 1_200);
  },
);
