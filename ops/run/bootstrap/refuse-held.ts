import { globSync, readFileSync } from 'node:fs';
import { Sentence } from './sentence.ts';

/**
 * Refuses data that a server still works on although no record names it (the record was lost with a full disk, or
 * somebody started the server by hand): a second one on the same data would destroy it. Looks where there is a /proc.
 *
 * @param program how the server's program ends, as `/postgres`
 * @param folder as the server's command line names it
 * @throws Sentence with the number of the process
 */
export function refuseHeld(program: string, folder: string): void {
  for (const file of globSync('/proc/[0-9]*/cmdline')) {
    const [command = '', ...args] = argumentsIn(file);
    if (!command.endsWith(program) || !args.includes(folder)) continue;
    const pid = file.split('/')[2];
    throw new Sentence(
      `Process ${pid} (${command.split('/').at(-1)}) still works on the data in ${folder}: end it (kill ${pid}), then start again.`,
    );
  }
}

function argumentsIn(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\0');
  } catch {
    return []; // it ended in between
  }
}
