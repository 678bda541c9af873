import type { Command } from 'commander';
import { homeFromEnvironment } from '../../run/bootstrap/home.ts';
import { readRunFile } from '../../run/bootstrap/run-file.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { rebuildViews } from '../views/rebuild.ts';

/** `patchbay views rebuild`: makes the read model anew from what the workers own. */
export function views(program: Command): void {
  program
    .command('views')
    .description('the TMF-shaped read model')
    .command('rebuild')
    .description('forget the projected views and build them again from the workers; orders not yet answered stay')
    .option('--json', 'print the result as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const databaseUrl = readRunFile(homeFromEnvironment(process.env))?.urls.database ?? process.env['DATABASE_URL'];
      if (databaseUrl === undefined)
        throw new Sentence('No system runs here: start it with npm start, or set DATABASE_URL.');
      const rebuilt = await rebuildViews(databaseUrl, (line) => (json ? console.error(line) : console.log(line)));
      console.log(json ? JSON.stringify(rebuilt) : `${rebuilt.projected} views are there again`);
    });
}
