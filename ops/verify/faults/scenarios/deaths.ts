import { kill } from './kill.ts';
import type { Scenario } from './scenario.ts';

/** `kill -9` of each role in turn, of both activators at once, of the network's simulator. */
export const deaths: Scenario = {
  name: 'deaths',
  title: 'kill -9 of each role in turn',
  paceMs: 700,
  async play(drill) {
    const { fleet, simulator } = drill.stage;
    const services = ['service-ordering', 'service-inventory', 'activator'];
    for (const role of ['gateway', 'projector', ...services, 'order-management', 'product-inventory']) {
      await drill.blow(`${role}-1 is killed`, () => kill(fleet.of(role)[0]));
    }
    await drill.blow('the simulator is killed', () => kill(simulator));
    await drill.blow('both activators are killed', () => kill(...fleet.of('activator')));
  },
};
