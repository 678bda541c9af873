import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { writeAtomically } from '../../run/bootstrap/write-atomically.ts';
import { withSpecification } from './catalog.ts';
import { type NewFile, filesFor } from './files.ts';

/** What a new activator comes to, before anything is written. */
export interface Scaffold {
  readonly type: string;
  /** The folder, from the root of the clone. */
  readonly folder: string;
  readonly files: readonly NewFile[];
  /** The catalog file that gets the specification, and its new content. */
  readonly catalog: { readonly file: string; readonly content: string } | undefined;
}

/** A queue's name has 255 characters and is made of it, and people read it in tables. */
const longestName = 40;

/**
 * Plans a new activator.
 *
 * @param root the clone
 * @param platforms names that the simulated network has given away
 * @param catalog a file of service specifications that is to have the new one
 * @throws Sentence when the name will not do, or something is there already
 */
export function planActivator(
  root: string,
  type: string,
  platforms: readonly string[],
  catalog: string | undefined,
): Scaffold {
  const wrong = faultOf(type);
  if (wrong !== undefined) throw new Sentence(wrong);
  const folder = join('workers/activators', type);
  if (existsSync(join(root, folder))) throw new Sentence(`There is an activator "${type}" already: ${folder}.`);
  if (platforms.includes(type)) {
    throw new Sentence(
      `The simulated network has a platform "${type}" already, and the new one would be named alike: choose another name.`,
    );
  }
  return {
    type,
    folder,
    files: filesFor(type),
    catalog: catalog === undefined ? undefined : { file: catalog, content: withSpecification(catalog, type) },
  };
}

function faultOf(type: string): string | undefined {
  if (type.length > longestName) return `"${type}" is too long for a service type: ${longestName} characters at most.`;
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(type)) return undefined;
  const words =
    type
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? [];
  const better = words.join('-').replace(/^[0-9-]+/, '') || 'leased-line';
  return `"${type}" cannot be a service type: use lower-case words joined by hyphens, such as ${better}.`;
}

/**
 * Writes what was planned; nothing that exists is overwritten.
 *
 * @throws Sentence when the folder appeared meanwhile
 */
export function writeActivator(root: string, { type, folder, files, catalog }: Scaffold): void {
  try {
    mkdirSync(join(root, folder));
  } catch (error) {
    throw new Sentence(`The folder of "${type}" cannot be made (${(error as Error).message}).`);
  }
  for (const { name, content } of files) writeFileSync(join(root, folder, name), content, { flag: 'wx' });
  if (catalog !== undefined) writeAtomically(catalog.file, catalog.content);
}

/** A path as people read it: from where they are when it lies below, else whole. */
export function shown(path: string, from: string): string {
  const near = relative(from, path);
  return near.startsWith('..') ? path : near;
}
