import { Command } from 'commander';
import { explain } from '../run/bootstrap/explain.ts';
import { broker } from './verbs/broker.ts';
import { doctor } from './verbs/doctor.ts';
import { fallout } from './verbs/fallout.ts';
import { newThing } from './verbs/new.ts';
import { order } from './verbs/order.ts';
import { queues } from './verbs/queues.ts';
import { rules } from './verbs/rules.ts';
import { trace } from './verbs/trace.ts';
import { up } from './verbs/up.ts';
import { views } from './verbs/views.ts';

/** `patchbay <verb>`. A verb is a file in `verbs/` that adds itself to the program; help comes first. */
const program = new Command('patchbay')
  .description('Orders in over the TMF Open APIs, live services out. What people run to operate Patchbay.')
  .showHelpAfterError('(patchbay --help lists the verbs)')
  .addHelpText(
    'after',
    '\nEvery verb takes --json for machines. The README lists the variables it reads (PATCHBAY_HOME, ...).',
  );

for (const add of [up, order, trace, fallout, doctor, queues, broker, rules, views, newThing]) add(program);

if (process.argv.length <= 2) {
  program.outputHelp();
} else {
  try {
    await program.parseAsync();
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 1;
  }
}
