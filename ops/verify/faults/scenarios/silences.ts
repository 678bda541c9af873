import { setTimeout as sleep } from 'node:timers/promises';
import { emptyPool, orderMix } from '../order-mix.ts';
import type { Ways } from '../stage.ts';
import type { Scenario } from './scenario.ts';

const meanwhile = 40;
/** By then nobody waits for what was said into the silence. It lasts until messages flow again. */
const healedMs = 60_000;

/** Every connection to a server falls silent, without an end; new ones work. Customers order on. */
const silence = (server: keyof Ways, called: string): Scenario => ({
  name: `silent-${server}`,
  title: `every connection to ${called} falls silent; new ones work`,
  paceMs: 700,
  async play(drill) {
    await drill.blow(`every connection to ${called} falls silent`, async () => {
      const silent = drill.stage.ways[server].silence();
      try {
        const healed = sleep(healedMs);
        await drill.order(orderMix(`silent-${server}-meanwhile`, meanwhile, emptyPool));
        await healed;
        const waiting = silent.waiting();
        drill.note(`of ${silent.connections} silent connections ${waiting} are waited for after ${healedMs / 1000} s`);
        if (silent.connections === 0) throw new Error('There was no connection: this proves nothing.');
        if (waiting > 0) throw new Error(`${waiting} connections that are silent are still waited for.`);
        await drill.flowing();
      } finally {
        silent.end();
      }
    });
  },
});

export const silentDatabase = silence('database', 'PostgreSQL');
export const silentBroker = silence('broker', 'RabbitMQ');
