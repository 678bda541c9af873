import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { topology } from '../../../../contracts/topology.ts';
import { add, createTally, tallies } from '../../../platform/messaging/tally.fixture.ts';
import { clone } from '../../../run/bootstrap/home.ts';
import { supervise } from '../../../run/fleet/supervised.ts';
import { assertTopology } from '../../../platform/broker/topology.ts';
import { testQueue, testType } from '../../testbed/test-queue.ts';
import { takeDeadLetters } from '../dead-letters.ts';
import type { Drill } from '../drill.ts';
import { deleteQueues, putInto } from '../queues.ts';
import type { Scenario } from './scenario.ts';

const innocents = 300;
const killers = 2;
const withinMs = 120_000;

/** A handler that takes its process with it: the message ends in the dead-letter queue, and everybody else's is done once. */
export const crashingHandler: Scenario = {
  name: 'crash',
  title: 'a handler crashes its process whenever it meets a certain message',
  paceMs: 500,
  async play(drill) {
    const { services, sql, folders } = drill.stage;
    await createTally(sql);
    await assertTopology(services.rabbitmq.url, topology([testType]));
    const names = Array.from({ length: innocents }, (_, n) => `innocent-${n}`);
    const all = names.flatMap((name, n) => (n % (innocents / killers) === 17 ? [`killer-${n}`, name] : [name]));
    const replicas = await Promise.all(
      ['mortal-1', 'mortal-2'].map((name) =>
        supervise({
          name,
          args: [join(clone, 'ops/verify/testbed/crashing.main.ts'), services.postgres.url, services.rabbitmq.url],
          env: process.env,
          healthUrl: 'http://127.0.0.1:9/',
          logFile: join(folders.logs, `${name}.log`),
          recordsFolder: folders.processes,
          restart: 'always',
        }),
      ),
    );
    try {
      await drill.blow(`${killers} of ${all.length} messages kill whoever handles them`, async () => {
        await putInto(
          services.rabbitmq,
          all.map((id) => ({
            queue: testQueue,
            messageId: randomUUID(),
            type: add.name,
            envelope: JSON.stringify({ correlationId: randomUUID(), attempt: 1, failures: 0 }),
            body: Buffer.from(JSON.stringify({ id, mode: 'ok' })),
          })),
        );
        await buried(drill, names);
      });
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop(500)));
      await deleteQueues(services.rabbitmq, [
        testQueue,
        `${testQueue}.control`,
        `${testQueue}.control.dead`,
        `${testQueue}.dead`,
      ]);
    }
  },
};

/** Resolves when each innocent was counted once and each killer lies where a person finds it. */
async function buried({ stage: { services, sql }, note, letters }: Drill, names: readonly string[]): Promise<void> {
  const found: string[] = [];
  for (const deadline = Date.now() + withinMs; ; await sleep(500)) {
    const counted = await tallies(sql);
    const dead = await takeDeadLetters(services.rabbitmq.url, topology([testType]));
    for (const { body, errorClass } of dead)
      found.push(`${add.schema.parse(JSON.parse(body.toString())).id} ${errorClass}`);
    const wrong = found.filter((one) => !/^killer-\d+ CrashLoop$/.test(one));
    if (wrong.length > 0) throw new Error(`Dead letters that should not be: ${wrong.join(', ')}`);
    const twice = Object.entries(counted).filter(([, times]) => times !== 1);
    if (twice.length > 0)
      throw new Error(`${twice.length} messages were done more than once, or never should have been.`);
    if (found.length === killers && names.every((name) => counted[name] === 1)) {
      letters.taken += found.length;
      return note(`${names.length} innocents done once, ${found.join(' and ')}`);
    }
    if (Date.now() > deadline)
      throw new Error(`${Object.keys(counted).length} of ${names.length} are done, ${found.length} killers buried.`);
  }
}
