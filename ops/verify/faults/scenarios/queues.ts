import { setTimeout as sleep } from 'node:timers/promises';
import { countMessages, deleteQueues } from '../queues.ts';
import type { Scenario } from './scenario.ts';

/** Roles that are away together, and the queues they alone consume: the others go on, and fill them. */
const consumers: readonly { readonly roles: readonly string[]; readonly queues: RegExp }[] = [
  { roles: ['service-ordering', 'projector'], queues: /^(service-ordering|gateway\.projector)$/ },
  { roles: ['service-inventory'], queues: /^service-inventory$/ },
  { roles: ['activator'], queues: /^activator\.[^.]+$/ },
];
/** Customers who come meanwhile, so that there is something to fill them with. */
const meanwhile = 60;
const fillsWithinMs = 20_000;
/** What was lost is asked for again after half a minute, and what was lost of that after a minute more. */
const healsWithinMs = 240_000;

/** Somebody deletes each queue with messages in it: those that wait find out, the queues come back, everything is sent again. */
export const deletedQueues: Scenario = {
  name: 'queues',
  title: 'each work queue is deleted with messages in it',
  paceMs: 300,
  async play(drill) {
    const { fleet, services, topology } = drill.stage;
    /** Waits until so many of these queues have messages in them; gives those that have. */
    const filled = async (queues: readonly string[], wanted: number): Promise<[string, number][]> => {
      for (const deadline = Date.now() + fillsWithinMs; ; await sleep(250)) {
        const messages = await countMessages(services.rabbitmq);
        const full = queues.flatMap((queue): [string, number][] => {
          const count = messages.get(queue) ?? 0;
          return count > 0 ? [[queue, count]] : [];
        });
        if (full.length >= wanted || Date.now() > deadline) return full;
      }
    };
    const all = topology.queues.map(({ name }) => name).filter((name) => !name.endsWith('.dead'));
    for (const { roles, queues } of consumers) {
      const theirs = all.filter((queue) => queues.test(queue));
      const processes = roles.flatMap((role) => fleet.of(role));
      await drill.blow(`the queues of ${roles.join(' and ')} are deleted while nobody consumes them`, async () => {
        await Promise.all(processes.map((process) => process.stop()));
        try {
          drill.flood('queues', meanwhile);
          const lost = await filled(theirs, roles.length);
          await deleteQueues(services.rabbitmq, theirs);
          drill.note(`deleted ${lost.map(([queue, count]) => `${queue} with ${count}`).join(', ')}`);
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
  },
};
