import type { Module } from '../check/modules.ts';

/** What an image has: the packages that it installs, and our files by their path in the clone. */
export type Contents = { packages: ReadonlySet<string>; holds: (path: string) => boolean };

/**
 * What programs would look for in an image and not find, one line each: every module they reach is followed, types aside.
 *
 * @param programs paths of what is run, and of what is imported by a computed name
 */
export function lackingInImage(
  modules: readonly Module[],
  programs: readonly string[],
  { packages, holds }: Contents,
): string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const reached = new Set(programs);
  const lacking = programs.filter((path) => !holds(path)).map((path) => `${path} is run and is not in the image`);
  for (const path of reached) {
    for (const { target, typeOnly, line, specifier } of byPath.get(path)?.imports ?? []) {
      if (typeOnly) continue;
      const where = `${path}:${line} imports ${specifier}`;
      if (target.kind === 'package' && !packages.has(target.name)) lacking.push(`${where}, which is not installed`);
      if (target.kind !== 'ours') continue;
      if (!holds(target.path)) lacking.push(`${where}, which is not in the image`);
      reached.add(target.path);
    }
  }
  return lacking;
}
