import { satisfies, validRange } from 'semver';

type Specs = Readonly<Record<string, string>>;

/** What one entry of package-lock.json says of a package; the root's entry ('') says what package.json does. */
export type LockEntry = {
  version?: string;
  integrity?: string;
  resolved?: string;
  dependencies?: Specs;
  devDependencies?: Specs;
  optionalDependencies?: Specs;
  peerDependencies?: Specs;
  peerDependenciesMeta?: Readonly<Record<string, { optional?: boolean }>>;
};
export type Lock = { packages: Readonly<Record<string, LockEntry>> };
export type Manifest = Pick<LockEntry, 'dependencies' | 'devDependencies' | 'optionalDependencies'>;

/**
 * Why `npm ci` would refuse this lock file, or install something else from it elsewhere; one sentence each, none when it
 * is complete and exact. Platform builds count although this machine installs a few of them: npm ci wants them all.
 */
export function lockFaults({ packages }: Lock, manifest: Manifest): string[] {
  const root = packages[''] ?? {};
  const unlike = (['dependencies', 'devDependencies', 'optionalDependencies'] as const)
    .filter((kind) => !sameSpecs(manifest[kind], root[kind]))
    .map((kind) => `package.json and the lock file name different ${kind}`);
  const faults = Object.entries(packages).flatMap(([path, entry]) => [
    ...(path === '' ? [] : inexactness(path, entry)),
    ...wantsOf(entry).flatMap((want) => wantFault(packages, path, want)),
  ]);
  return [...unlike, ...faults];
}

function inexactness(path: string, { version, integrity, resolved }: LockEntry): string[] {
  return [
    ...(version === undefined ? [`${path} has no version`] : []),
    ...(integrity === undefined ? [`${path} has no integrity: whatever a registry sends would be installed`] : []),
    // omit-lockfile-registry-resolved in .npmrc keeps it out: everybody installs from a registry of their own.
    ...(resolved === undefined ? [] : [`${path} names where it came from (${resolved})`]),
  ];
}

type Want = { name: string; range: string; mayLack: boolean };

function wantsOf(entry: LockEntry): Want[] {
  const all = (specs: Specs = {}, mayLack = (_: string) => false): Want[] =>
    Object.entries(specs).map(([name, range]) => ({ name, range, mayLack: mayLack(name) }));
  return [
    ...[entry.dependencies, entry.devDependencies, entry.optionalDependencies].flatMap((specs) => all(specs)),
    ...all(entry.peerDependencies, (name) => entry.peerDependenciesMeta?.[name]?.optional === true),
  ];
}

function wantFault(packages: Lock['packages'], from: string, { name, range, mayLack }: Want): string[] {
  const who = from === '' ? 'package.json' : from;
  if (validRange(range) === null) return [`${who} wants ${name}@${range}, which is no range of versions`];
  const found = resolve(packages, from, name);
  if (found === undefined) return mayLack ? [] : [`${who} wants ${name}@${range}, which has no entry`];
  const version = packages[found]?.version ?? '';
  // To npm `*` is any version, prereleases included; to semver it is not.
  return range === '*' || satisfies(version, range) ? [] : [`${who} wants ${name}@${range}, ${found} is ${version}`];
}

/** Node's resolution: the package's own node_modules, then that of each package around it, then the root's. */
function resolve(packages: Lock['packages'], from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (path in packages) return path;
    if (at === '') return undefined;
  }
}

function sameSpecs(one: Specs = {}, other: Specs = {}): boolean {
  const names = Object.keys({ ...one, ...other });
  return names.every((name) => one[name] === other[name]);
}
