import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Begins to count lines of a server's log.
 *
 * @returns how many there are since then
 */
export function countLogged(logs: string, server: 'postgres' | 'rabbitmq', line: RegExp): () => number {
  const count = (): number => [...readFileSync(join(logs, `${server}.log`), 'utf8').matchAll(line)].length;
  const before = count();
  return () => count() - before;
}

/**
 * Begins to count messages that the fleet took for lost and sent again.
 *
 * @returns how many there are since then
 */
export function countRepeated(logs: string): () => number {
  const line = /"messages":(\d+)[^\n]*messages were lost with a queue/g;
  const count = (): number =>
    readdirSync(logs)
      .filter((file) => file.endsWith('.log'))
      .flatMap((file) => [...readFileSync(join(logs, file), 'utf8').matchAll(line)])
      .reduce((sum, [, messages]) => sum + Number(messages), 0);
  const before = count();
  return () => count() - before;
}
