// Mends postgres 3.4.9 where a connection closes under statements (decision record 6). Written so that it does nothing to a
// mended driver, or to one that does not have these lines.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** By file: text as it is published, and as it should be. */
const mends = {
  'connection.js': [
    // A write put off until after the close throws where nobody can catch it.
    ['const x = socket.write(chunk, fn)', 'const x = socket === null ? true : socket.write(chunk, fn)'],
    // A write that is called off stays noted as under way: the next connection then waits for it and says nothing.
    [
      "clearImmediate(nextWriteTimer)\n    socket.removeListener('data', data)",
      "clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = null\n    socket.removeListener('data', data)",
    ],
    // What was sent between an error and the close that follows it is never answered, and takes the next connection's answers.
    ['!hadError && (query || sent.length) && error(', ';(query || sent.length) && error('],
  ],
  'index.js': [
    // A transaction whose connection closed goes on outside of it, on what that connection is by then.
    ['let savepoints = 0', 'let lost = null\n      , savepoints = 0'],
    ['connection.onclose = reject)', 'connection.onclose = e => (lost = e, reject(e)))'],
    [
      'c.queue === full\n          ? queries.push(q)',
      'lost ? q.reject(lost) : c.queue === full\n          ? queries.push(q)',
    ],
  ],
};

/** Part of the installation's fingerprint: a clone that was installed before it is completed again. */
export const mendVersion = 'postgres-3.4.9-closing';

/**
 * @param {string} modules the node_modules folder
 * @returns {number} how many places were mended now
 */
export function mendDriver(modules) {
  let count = 0;
  for (const [name, changes] of Object.entries(mends)) {
    const file = join(modules, 'postgres/src', name);
    if (!existsSync(file)) continue;
    let text = readFileSync(file, 'utf8');
    const due = changes.filter(([published]) => text.includes(published));
    for (const [published, mended] of due) text = text.replace(published, mended);
    if (due.length > 0) writeFileSync(file, text);
    count += due.length;
  }
  return count;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) mendDriver(resolve(process.argv[2] ?? 'node_modules'));
