/** A copy of the clone to change, so that the clone itself stays as it is. */
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What is not source: packages, private data, git's own. */
const apart = new Set(['node_modules', 'coverage', '.git', '.patchbay']);

/** Copies the clone's source, and lends the copy its packages. */
export function copyTree(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    filter: (path) =>
      !relative(from, path)
        .split('/')
        .some((part) => apart.has(part)),
  });
  symlinkSync(join(from, 'node_modules'), join(to, 'node_modules'));
}

/** Every source file of a tree with a digest of its content. */
export function digestTree(root: string): ReadonlyMap<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.split('/').some((part) => apart.has(part)));
  return new Map(
    files.toSorted().map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest('hex'),
    ]),
  );
}

/** Files that are new, gone or other than before. */
export const changedFiles = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).toSorted();
