import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { claimHome, homeFromEnvironment, prepareHome } from '../../run/bootstrap/home.ts';
import { endLeftovers } from '../../run/bootstrap/leftovers.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { rebuildBroker } from '../broker/rebuild.ts';

/** `patchbay broker rebuild`: makes the private broker's data at home in a folder that was renamed, moved or copied. */
export function broker(program: Command): void {
  program
    .command('broker')
    .description('the private RabbitMQ')
    .command('rebuild')
    .description(
      'make its queues at home where the data folder is now, after it was renamed or moved; loses no message',
    )
    .option('--json', 'print the result as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const home = homeFromEnvironment(process.env);
      if (!existsSync(home.rabbitmq)) throw new Sentence(`There is no broker in ${home.root}: set PATCHBAY_HOME.`);
      prepareHome(home);
      const release = claimHome(home);
      try {
        await endLeftovers(home.processes);
        const rebuilt = rebuildBroker(home.rabbitmq);
        console.log(json ? JSON.stringify(rebuilt) : inWords(rebuilt, home.rabbitmq));
      } finally {
        release();
      }
    });
}

function inWords({ queues, settled }: ReturnType<typeof rebuildBroker>, folder: string): string {
  if (queues === 0) return `there is no queue in ${folder}: nothing to do`;
  if (settled === 0) return `all ${queues} queues in ${folder} are at home there: nothing to do`;
  return `${settled} of ${queues} queues are at home in ${folder} now, with everything they hold; npm start goes on with them`;
}
