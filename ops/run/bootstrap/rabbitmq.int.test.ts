import { chmodSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Content, drainQueue, fillQueue } from '../../platform/broker/queue-content.fixture.ts';
import { assertTopology } from '../../platform/broker/topology.ts';
import { homeAt } from './home.ts';
import { freePort } from './ports.ts';
import { startRabbitmq } from './rabbitmq.ts';
import type { Broker } from './service.ts';

const aFolder = () => realpathSync(mkdtempSync(join(tmpdir(), 'a broker ')));

async function started(dir: string, logFile: string, ports: { epmd?: number } = {}): Promise<Broker> {
  const base = await freePort(4);
  const broker = await startRabbitmq({
    ...{ dir, logFile, packages: homeAt('/', process.env).packages },
    ports: { amqp: base, management: base + 1, dist: base + 2, epmd: base + 3, ...ports },
  });
  onTestFinished(() => {
    broker.kill('SIGKILL');
    return broker.stop();
  });
  return broker;
}

test(
  'a broker whose log has no room starts, takes messages and starts again, with its own login alone',
  { timeout: 120_000 },
  async () => {
    const folder = aFolder();
    const logFile = join(folder, 'rabbitmq.log');
    symlinkSync('/dev/full', logFile);
    const broker = await started(join(folder, 'rabbitmq'), logFile);
    const queues = [{ name: 'q', bindings: [], arguments: { 'x-queue-type': 'quorum' } }];
    await assertTopology(broker.url, { exchanges: [], queues });
    const contents: Content[] = [
      { body: 'b', messageId: 'm', correlationId: 'c', type: 't', headers: { patchbay: 'envelope' } },
    ];
    await fillQueue(broker.url, 'q', contents);
    // A folder that was copied by a tool that keeps no modes.
    chmodSync(join(folder, 'rabbitmq', '.erlang.cookie'), 0o644);
    await broker.restart();
    expect(await drainQueue(broker.url, 'q')).toEqual(contents);

    await broker.stop();
    const identity = join(folder, 'rabbitmq', 'identity.json');
    writeFileSync(
      identity,
      JSON.stringify({ ...(JSON.parse(readFileSync(identity, 'utf8')) as object), password: 'x' }),
    );
    await expect(started(join(folder, 'rabbitmq'), logFile)).rejects.toThrow(
      /^The login in \S+\/identity\.json is not that of RabbitMQ's data in \S+\/data: put the right one back, or forget/,
    );
  },
);

test('a broker whose port mapper has no port is one sentence', { timeout: 120_000 }, async () => {
  const server = createServer((socket) => socket.destroy());
  const epmd = await freePort();
  await new Promise<void>((resolve) => server.listen(epmd, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const folder = aFolder();
  await expect(started(join(folder, 'rabbitmq'), join(folder, 'rabbitmq.log'), { epmd })).rejects.toThrow(
    `RabbitMQ's node could not make itself known on this machine: free port ${epmd} or set PATCHBAY_EPMD_PORT`,
  );
});
