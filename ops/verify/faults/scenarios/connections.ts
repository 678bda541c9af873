import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from './scenario.ts';

const cuts = 6;
const withholdMs = 400;

/** What is published reaches the broker, its confirms never come back, and the connection is gone: everything must be sent again. */
export const lostConnections: Scenario = {
  name: 'connections',
  title: 'connections to RabbitMQ are reset before the confirm',
  paceMs: 500,
  async play(drill) {
    const way = drill.stage.ways.broker;
    for (let cut = 1; cut <= cuts; cut += 1) {
      await drill.blow(`every connection is reset before the confirm (${cut})`, async () => {
        const withheld = way.withhold();
        await sleep(withholdMs);
        way.cut();
        if (withheld() === 0) throw new Error('No answer of the broker was withheld: this proves nothing.');
        drill.note(`${withheld()} bytes of confirms and deliveries never arrived`);
      });
      await drill.flowing();
    }
  },
};
