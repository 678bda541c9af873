// What npm scripts run first, with any Node from 20 on: installs the packages when they are missing or changed, then
// runs the target's TypeScript with the Node version this project pins. Plain JavaScript without dependencies.
//
//   node ops/run/bootstrap/launch.mjs <target> [arguments]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const clone = resolve(fileURLToPath(import.meta.url), '../../../..');
const entries = {
  start: 'ops/run/bootstrap/start.ts',
  test: 'ops/run/bootstrap/test.ts',
  faults: 'ops/verify/faults/main.ts',
  reset: 'ops/run/bootstrap/reset.ts',
  check: 'ops/verify/check/check.ts',
  bench: 'ops/verify/bench/bench.ts',
  cli: 'ops/cli/main.ts',
};

/**
 * Runs a target and ends with its exit code.
 *
 * @param {string} target a name of `entries`, or the path of a .ts file in the clone
 * @param {readonly string[]} args
 */
export async function launch(target, args) {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    return fail(
      `Patchbay needs Node 20 or newer to begin with (this is ${process.versions.node}): install it from https://nodejs.org, then try again.`,
    );
  }
  const entry = join(clone, entries[target] ?? target);
  if (!entry.endsWith('.ts') || !existsSync(entry)) {
    return fail(`"${target}" is not something to run: one of ${Object.keys(entries).join(', ')}.`);
  }
  try {
    const { ensureInstalled } = await import('./install.mjs');
    await ensureInstalled(clone);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  hand(join(clone, 'node_modules/node/bin/node'), [entry, ...args]);
}

/** Replaces this process as nearly as Node can: same terminal, signals passed on, exit code kept. */
function hand(command, args) {
  const bin = join(clone, 'node_modules/.bin');
  const path = `${bin}:${process.env.PATH ?? '/usr/bin:/bin'}`;
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, PATH: path } });
  let signalled = 0;
  const pass = (signal) => {
    signalled = Date.now();
    child.kill(signal);
  };
  // A Ctrl-C reaches the child from the terminal too, and npm passes it on as well: the child counts them as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => pass(signal));

  // npm was killed, or its terminal went away without a word: whatever it started ends too.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined && parent > 1) {
    setInterval(() => {
      if (process.ppid !== parent && Date.now() - signalled > 60_000) pass('SIGTERM');
    }, 1_000).unref();
  }
  child.on('error', (error) => fail(`${basename(command)} could not be started: ${error.message}.`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(1), 1_000);
  });
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [target = '', ...args] = process.argv.slice(2);
  await launch(target, args);
}
