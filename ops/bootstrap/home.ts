import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';
import { Sentence } from './sentence.ts';

/** The clone this code runs from. */
export const clone = resolve(import.meta.dirname, '../..');

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

/** Creates the home's folders; a folder we may not write to is a sentence. */
export function prepareHome(home: Home): void {
  try {
    mkdirSync(home.root, { recursive: true });
    // As root the database server runs under another account, which must be able to pass through.
    if (process.getuid?.() === 0) chmodSync(home.root, 0o755);
    for (const folder of [home.logs, home.processes]) mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new Sentence(
      `The data folder ${home.root} cannot be written (${(error as Error).message}): set PATCHBAY_HOME to a folder of your own.`,
    );
  }
}

/** Who runs a system in this home now; undefined when nobody does. */
export function ownerOf(home: Home): ProcessIdentity | undefined {
  const owner = readOwner(home.ownerFile);
  return owner !== undefined && isRunning(owner) ? owner : undefined;
}

/**
 * Makes this process the only one that runs a system in the home, until the returned function is called or the
 * process ends in any way.
 *
 * @throws Sentence when another process runs one.
 */
export function claimHome(home: Home): () => void {
  const me = identify(process.pid);
  const draft = `${home.ownerFile}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(me));
  try {
    for (;;) {
      try {
        linkSync(draft, home.ownerFile);
        return () => rmSync(home.ownerFile, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = ownerOf(home);
      if (owner !== undefined) {
        throw new Sentence(
          `Patchbay already runs in ${home.root} (process ${owner.pid}): end it with Ctrl-C there, or set PATCHBAY_HOME to another folder.`,
        );
      }
      setDeadOwnerAside(home);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

// Two starts may both have found the dead owner. Only one moves that file; the other may have moved the winner's,
// and puts it back.
function setDeadOwnerAside(home: Home): void {
  const aside = `${home.ownerFile}.dead.${process.pid}`;
  try {
    renameSync(home.ownerFile, aside);
  } catch {
    return;
  }
  const moved = readOwner(aside);
  if (moved !== undefined && isRunning(moved)) {
    try {
      linkSync(aside, home.ownerFile);
    } catch {
      // somebody claimed in between: they own it
    }
  }
  rmSync(aside, { force: true });
}

function readOwner(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
