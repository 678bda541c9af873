// Mends postgres 3.4.9 (decision record 6): a write to a connection that has just closed throws where nobody can catch it,
// which ends the process, or leaves the connection unable to write again. Written so that it does nothing to a mended or newer driver.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const broken = 'const x = socket.write(chunk, fn)';
const mended = 'const x = socket === null ? true : socket.write(chunk, fn)';

/** Part of the installation's fingerprint: a clone that was installed before it is completed again. */
export const mendVersion = 'postgres-3.4.9-late-write';

/**
 * @param {string} modules the node_modules folder
 * @returns {boolean} whether something was mended now
 */
export function mendDriver(modules) {
  const file = join(modules, 'postgres/src/connection.js');
  if (!existsSync(file)) return false;
  const source = readFileSync(file, 'utf8');
  if (!source.includes(broken)) return false;
  writeFileSync(file, source.replace(broken, mended));
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) mendDriver(resolve(process.argv[2] ?? 'node_modules'));
