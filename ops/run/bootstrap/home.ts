import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { claimantOf, claimFile } from './claim-file.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { refuseWithoutRoom } from './room.ts';
import { Sentence } from './sentence.ts';

/** The clone this code runs from. */
export const clone = resolve(import.meta.dirname, '../../..');

/** Where one running system keeps everything it owns. */
export type Home = {
  /** the data folder itself */
  readonly root: string;
  /** downloaded packages, shared by all homes of a clone; `npm run reset` leaves them */
  readonly packages: string;
  readonly logs: string;
  readonly postgres: string;
  readonly rabbitmq: string;
  readonly simulator: string;
  /** one file per process started here, so that a next start can end what a killed one left behind */
  readonly processes: string;
  readonly portsFile: string;
  readonly runFile: string;
  readonly ownerFile: string;
};

/** The home the environment names (`PATCHBAY_HOME`, `PATCHBAY_CACHE`), by default `.patchbay/` in the clone. */
export function homeFromEnvironment(env: NodeJS.ProcessEnv): Home {
  return homeAt(resolve(env['PATCHBAY_HOME'] || join(clone, '.patchbay')), env);
}

/** The home of `npm test` (`PATCHBAY_TEST_HOME`), by default `.patchbay/test` in the clone. */
export function testHome(env: NodeJS.ProcessEnv): Home {
  return homeAt(resolve(env['PATCHBAY_TEST_HOME'] || join(clone, '.patchbay', 'test')), env);
}

/** The home in a given folder; its packages are still the clone's. */
export function homeAt(root: string, env: NodeJS.ProcessEnv = {}): Home {
  return {
    root,
    packages: resolve(env['PATCHBAY_CACHE'] || join(clone, '.patchbay', 'packages')),
    logs: join(root, 'logs'),
    postgres: join(root, 'postgres'),
    rabbitmq: join(root, 'rabbitmq'),
    simulator: join(root, 'simulator'),
    processes: join(root, 'processes'),
    portsFile: join(root, 'ports.json'),
    runFile: join(root, 'run.json'),
    ownerFile: join(root, 'owner.json'),
  };
}

/**
 * Creates the home's folders, and looks at each whether this account can write there and there is room.
 *
 * @throws Sentence, or what the operating system refused, with the folder's path
 */
export function prepareHome(home: Home): void {
  const created = prepareFolder(home.root);
  // As root the database server runs under another account, which must be able to pass through. A folder that was
  // there before keeps its mode: somebody chose it.
  if (created && process.getuid?.() === 0) chmodSync(home.root, 0o755);
  for (const folder of foldersOf(home)) prepareFolder(folder);
  refuseForeign(home);
  for (const folder of [home.root, home.postgres, home.rabbitmq]) refuseWithoutRoom('data', folder);
}

/** The folders that every home has. */
export function foldersOf(home: Home): string[] {
  return [home.logs, home.processes, home.postgres, home.rabbitmq, home.simulator];
}

/** Makes a folder that can be written. Returns whether it was not there before. */
function prepareFolder(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && !existsSync(folder)) {
    throw new Sentence(`${folder} is a link that leads nowhere: mount or make what it leads to, or remove the link.`);
  }
  if (found !== undefined && !statSync(folder).isDirectory()) {
    throw new Sentence(`${folder} is a file where Patchbay keeps a folder: move it away, or set PATCHBAY_HOME.`);
  }
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  return found === undefined;
}

// Root could go on in another account's home, but that account could not after it.
function refuseForeign(home: Home): void {
  const { uid } = statSync(home.rabbitmq);
  if (process.getuid?.() !== 0 || uid === 0) return;
  throw new Sentence(
    `The data in ${home.root} belongs to another account (uid ${uid}): start as that account, or set PATCHBAY_HOME to a folder of root's.`,
  );
}

/** Who runs a system in this home now; undefined when nobody does. */
export function ownerOf(home: Home): ProcessIdentity | undefined {
  return claimantOf(home.ownerFile);
}

/**
 * Makes this process the only one that runs a system in the home, until the returned function is called or the
 * process ends in any way.
 *
 * @throws Sentence when another process runs one.
 */
export function claimHome(home: Home): () => void {
  const claim = claimFile(home.ownerFile);
  if (claim.isOurs) return claim.release;
  throw new Sentence(
    `Patchbay already runs in ${home.root} (process ${claim.owner.pid}): end it with Ctrl-C there, or set PATCHBAY_HOME to another folder.`,
  );
}
