import type { Command } from 'commander';
import { board } from '../../run/bootstrap/board.ts';
import { parseReplicas } from '../../run/bootstrap/replicas.ts';
import { complain, say } from '../../run/bootstrap/say.ts';
import { up as bringUp } from '../../run/bootstrap/up.ts';

/** `patchbay up`: the same as `npm start`. With --json, progress goes to stderr and run.json's content to stdout once ready. */
export function up(program: Command): void {
  program
    .command('up')
    .description('start everything here, in the foreground (npm start)')
    .option('--replicas <n>', 'processes of each role')
    .option('--json', 'print what runs as JSON once it is ready')
    .action(async (options: { replicas?: string; json?: boolean }) => {
      const replicas = parseReplicas(
        options.replicas === undefined ? [] : ['--replicas', options.replicas],
        process.env,
      );
      await bringUp({
        env: process.env,
        replicas,
        tell: options.json ? complain : say,
        onReady: (run) => say(options.json ? JSON.stringify(run) : `${board(run)}\nCtrl-C stops everything\nready`),
      });
      process.exit();
    });
}
