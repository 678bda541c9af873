import { setTimeout as sleep } from 'node:timers/promises';
import { countMessages, deleteQueues } from '../queues.ts';
import { excuseLostEvents } from '../witness.store.ts';
import type { Scenario } from './scenario.ts';

/** Roles, two at a time, and the queues they alone consume. */
const consumers: readonly { readonly roles: readonly string[]; readonly queues: RegExp }[] = [
  { roles: ['service-ordering', 'projector'], queues: /^(service-ordering|gateway\.projector)$/ },
  { roles: ['service-inventory', 'activator'], queues: /^(service-inventory|activator\..*)$/ },
];
const fillMs = 1_500;
/** What was lost is asked for again after half a minute, and what was lost of that after a minute more. */
const healsWithinMs = 240_000;

/** Somebody deletes each queue with messages in it: those that wait find out, the queues come back, everything is sent again. */
export const deletedQueues: Scenario = {
  name: 'queues',
  title: 'each work queue is deleted with messages in it',
  async play(drill, orders) {
    const { fleet, services, topology, sql } = drill.stage;
    const all = topology.queues.map(({ name }) => name).filter((name) => !name.endsWith('.dead'));
    await drill.pace(300);
    drill.flood('queues', orders);
    await drill.flowing();
    for (const { roles, queues } of consumers) {
      const theirs = all.filter((queue) => queues.test(queue));
      const processes = roles.flatMap((role) => fleet.of(role));
      await drill.blow(`the queues of ${roles.join(' and ')} are deleted while nobody consumes them`, async () => {
        await Promise.all(processes.map((process) => process.stop()));
        try {
          await sleep(fillMs);
          const messages = await countMessages(services.rabbitmq);
          await deleteQueues(services.rabbitmq, theirs);
          const lost = theirs.filter((queue) => (messages.get(queue) ?? 0) > 0);
          drill.note(`deleted ${lost.map((queue) => `${queue} with ${messages.get(queue)}`).join(', ')}`);
          if (lost.length < roles.length)
            throw new Error(`Too few messages were in the queues of ${roles.join(' and ')}: this proves nothing.`);
        } finally {
          await Promise.all(processes.map((process) => process.start()));
        }
        await Promise.all(processes.map((process) => process.whenReady()));
      });
      await drill.flowing();
    }
    await drill.blow('all queues are deleted under their consumers', () => deleteQueues(services.rabbitmq, all));
    await drill.flowing();
    await drill.pace(0);
    const restless = await drill.quiet(healsWithinMs);
    if (restless !== undefined) throw new Error(restless);
    drill.note(`${await excuseLostEvents(sql)} revisions were lost on their way to the views, and a later one came`);
  },
};
