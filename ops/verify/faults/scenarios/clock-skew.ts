import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { clone } from '../../../run/bootstrap/home.ts';
import type { RoleProcess } from '../../../run/fleet/supervisor.ts';
import { restart } from './restart.ts';
import type { Scenario } from './scenario.ts';

const tenMinutes = 600_000;
const preload = pathToFileURL(join(clone, 'ops/verify/faults/skewed-clock.main.ts')).href;

/** One process of each role in turn has a clock that is ten minutes wrong, beside one that is right: the database's clock rules. */
export const clockSkew: Scenario = {
  name: 'clock',
  title: 'the clock of one process is ten minutes wrong',
  paceMs: 300,
  async play(drill) {
    const { fleet, environment } = drill.stage;
    const services = ['service-ordering', 'service-inventory', 'activator'];
    const roles = [...services, 'order-management', 'product-inventory', 'projector', 'gateway'];
    let wrong: RoleProcess | undefined;
    for (const [n, role] of [...roles, undefined].entries()) {
      const next = role === undefined ? undefined : fleet.of(role)[0];
      const [skew, direction] = n % 2 === 0 ? [tenMinutes, 'ahead'] : [-tenMinutes, 'behind'];
      const what = next === undefined ? 'every clock is right again' : `${next.name} starts ten minutes ${direction}`;
      await drill.blow(what, async () => {
        if (wrong !== undefined) environment.delete(wrong.name);
        if (next !== undefined)
          environment.set(next.name, { NODE_OPTIONS: `--import=${preload}`, CLOCK_SKEW_MS: String(skew) });
        await restart(...[wrong, next].filter((process) => process !== undefined));
      });
      await drill.flowing();
      wrong = next;
    }
  },
};
