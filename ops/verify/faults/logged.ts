import { readFileSync } from 'node:fs';
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
