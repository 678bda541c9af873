import { startDuplicator } from '../duplicator.ts';
import type { Scenario } from './scenario.ts';

/** Of an average order. */
const fewestMessages = 5;

/** Every message is delivered again: at once, some seconds later, and all of them shuffled when everything is over. */
export const duplicates: Scenario = {
  name: 'duplicates',
  title: 'every message comes four times, at once and late',
  paceMs: 300,
  async play(drill, orders) {
    const { services, topology } = drill.stage;
    const duplicator = await startDuplicator(services.rabbitmq, topology, Math.random);
    try {
      await drill.blow('every message is doubled', () => undefined);
      await drill.pace(0);
      await drill.quiet();
      const answers = await duplicator.again();
      const { atOnce, late, again } = duplicator.copies;
      drill.note(`copies delivered: ${atOnce} at once, ${late} seconds later, ${again} shuffled at the end`);
      if (answers > 0) throw new Error(`The fleet answered repeated messages with ${answers} new ones.`);
      if (atOnce < orders * fewestMessages) throw new Error(`Only ${atOnce} messages were seen: this proves nothing.`);
    } finally {
      await duplicator.stop();
    }
  },
};
