import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

/** What must hold before a change is offered. One tool per concern; order is the order of starting, the slow ones first. */
const steps = [
  { name: 'unit tests', command: 'vitest', args: ['run', '--project', 'unit', '--silent=passed-only'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'lint', command: 'oxlint', args: [] },
  { name: 'dead code', command: 'knip', args: ['--no-progress'] },
  { name: 'imports', command: 'node', args: ['ops/verify/check/imports.ts'] },
  { name: 'format', command: 'oxfmt', args: ['--check'] },
] as const;

type Step = (typeof steps)[number];
type Outcome = { step: Step; passed: boolean; seconds: number; output: string };

/** STYLE, habit 10: everybody runs it because it is quick. Slower than this is said aloud, not failed: machines differ. */
const SECONDS_WE_PROMISE = 60;
/** A step that has not ended by now hangs; killing it is what lets the summary say which one. */
const SECONDS_A_STEP_MAY_TAKE = 300;

const root = resolve(import.meta.dirname, '../../..');
const bin = resolve(root, 'node_modules/.bin');

const usage = `npm run check [-- <step>...]   runs every step, or those named
steps: ${steps.map((step) => step.name).join(', ')}`;

/** Runs one step to its end with the pinned Node first on the PATH. A tool that cannot be started is a failed step. */
function run(step: Step): Promise<Outcome> {
  const began = performance.now();
  const env = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    FORCE_COLOR: '0',
    NO_COLOR: '1',
  };
  const child = spawn(resolve(bin, step.command), step.args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const hung = setTimeout(() => child.kill('SIGKILL'), SECONDS_A_STEP_MAY_TAKE * 1000);
  return new Promise((settle) => {
    const end = (passed: boolean, note = '') => {
      clearTimeout(hung);
      const seconds = (performance.now() - began) / 1000;
      settle({ step, passed, seconds, output: Buffer.concat(output).toString('utf8') + note });
    };
    child.on('error', (error) => end(false, `${step.command} did not start: ${error.message}\n`));
    child.on('close', (code, signal) => end(code === 0, signal ? `killed by ${signal}\n` : ''));
  });
}

function report({ step, passed, seconds, output }: Outcome): void {
  console.log(`${passed ? 'ok  ' : 'FAIL'}  ${step.name.padEnd(12)} ${seconds.toFixed(1).padStart(5)} s`);
  if (!passed) console.log(output.trimEnd().replace(/^/gm, '      '));
}

/** One lane per core: each takes the next step when it is free, so two cores are busy until the last one ends. */
async function runAll(chosen: readonly Step[]): Promise<Outcome[]> {
  const waiting = [...chosen];
  const outcomes: Outcome[] = [];
  const lane = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const outcome = await run(step);
      report(outcome);
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(chosen.length, Math.max(2, availableParallelism())) }, lane));
  return outcomes;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !steps.some((step) => step.name === name));
if (asked.includes('--help') || asked.includes('-h')) {
  console.log(usage);
} else if (unknown.length > 0) {
  console.error(`no step named ${unknown.map((name) => `"${name}"`).join(', ')}\n${usage}`);
  process.exitCode = 2;
} else {
  const began = performance.now();
  const outcomes = await runAll(asked.length === 0 ? steps : steps.filter((step) => asked.includes(step.name)));
  const failed = outcomes.filter((outcome) => !outcome.passed).map((outcome) => outcome.step.name);
  const seconds = (performance.now() - began) / 1000;
  const slow = seconds > SECONDS_WE_PROMISE ? `, over the ${SECONDS_WE_PROMISE} s we promise` : '';
  const verdict = failed.length > 0 ? `failed: ${failed.join(', ')}` : 'all passed';
  console.log(`\ncheck: ${outcomes.length} steps in ${seconds.toFixed(1)} s${slow}, ${verdict}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
