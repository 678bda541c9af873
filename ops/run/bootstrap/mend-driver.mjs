// Applies postgres-3.4.9.patch to the installed database driver (decision record 018). Plain JavaScript without dependencies:
// it runs before anything is installed, with any Node from 20 on.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const version = '3.4.9';
const patch = readFileSync(new URL(`postgres-${version}.patch`, import.meta.url), 'utf8');

/** Part of the installation's fingerprint: a clone that was installed with another patch is installed anew. */
export const mendVersion = `postgres-${version}-${createHash('sha256').update(patch).digest('hex').slice(0, 12)}`;

/**
 * Mends the driver. What is mended already stays as it is. Files are written anew and renamed into place, because a package
 * manager may share them with its store through hard links.
 *
 * @param {string} modules the node_modules folder
 * @returns {number} how many files were mended now
 * @throws {Error} with what to do, when the driver is not there, of another version, or neither as published nor mended
 */
export function mendDriver(modules) {
  const folder = join(modules, 'postgres');
  if (!existsSync(folder))
    throw new Error(`There is no database driver in ${modules}: run "npm ci", which mends it too.`);
  const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  if (found !== version) {
    throw new Error(
      `The database driver in ${folder} is postgres ${found}, and the patch is for ${version}: run "npm ci" to get what package-lock.json wants.`,
    );
  }
  const changes = readPatch(patch).map(({ file, hunks }) => ({ file: join(folder, file), hunks }));
  // All of them first: a driver that is half mended would be worse than one that is not.
  const mended = changes.flatMap(({ file, hunks }) => {
    const text = readFileSync(file, 'utf8');
    if (applied(text, reversed(hunks)) !== undefined) return [];
    const after = applied(text, hunks);
    if (after === undefined) {
      throw new Error(
        `${file} is neither as it was published nor mended by this release: delete ${folder} and run "npm install".`,
      );
    }
    return [{ file, after }];
  });
  for (const { file, after } of mended) {
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, after);
    renameSync(draft, file);
  }
  return mended.length;
}

/**
 * The files of a mended driver as they were published, to compare with.
 *
 * @param {string} modules
 */
export function publishedFiles(modules) {
  return readPatch(patch).map(({ file, hunks }) => ({
    file,
    text: applied(readFileSync(join(modules, 'postgres', file), 'utf8'), reversed(hunks)),
  }));
}

/**
 * Reads a unified diff. What stands before the first file is for people.
 *
 * @param {string} text
 */
function readPatch(text) {
  const changes = [];
  for (const line of text.split('\n')) {
    const file = /^\+\+\+ b\/(.+)$/.exec(line)?.[1];
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (file !== undefined) changes.push({ file, hunks: [] });
    else if (hunk !== null) changes.at(-1).hunks.push({ from: Number(hunk[1]), to: Number(hunk[2]), lines: [] });
    else if (!line.startsWith('--- a/') && /^[ +-]/.test(line)) changes.at(-1)?.hunks.at(-1)?.lines.push(line);
  }
  return changes;
}

const opposite = { ' ': ' ', '+': '-', '-': '+' };

const reversed = (hunks) =>
  hunks.map(({ from, to, lines }) => ({
    ...{ from: to, to: from },
    lines: lines.map((line) => opposite[line[0]] + line.slice(1)),
  }));

/** The text with the hunks applied; undefined unless every line that they name stands exactly where they say. */
function applied(text, hunks) {
  const before = text.split('\n');
  const after = [];
  let at = 0;
  for (const { from, lines } of hunks) {
    after.push(...before.slice(at, from - 1));
    at = from - 1;
    for (const line of lines) {
      if (line[0] !== '+' && before[at++] !== line.slice(1)) return undefined;
      if (line[0] !== '-') after.push(line.slice(1));
    }
  }
  return [...after, ...before.slice(at)].join('\n');
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    mendDriver(resolve(process.argv[2] ?? 'node_modules'));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
