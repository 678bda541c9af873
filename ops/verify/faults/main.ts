import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clone } from '../../run/bootstrap/home.ts';
import { explain } from '../../run/bootstrap/explain.ts';
import { type Outcome, beginFaultRun, isGreen } from './run.ts';
import { calm } from './scenarios/calm.ts';
import { scenarios } from './scenarios/index.ts';
import { productStorm, storm } from './scenarios/storm.ts';

const usage = `npm run test:faults [-- [--orders <500>] [--seed <n>] [--storm <180>] [<scenario>...]]
plays every scenario and then two random storms of --storm seconds, or those named, on a system of its own
scenarios: ${[...scenarios, storm(0), productStorm(0)].map(({ name, title }) => `\n  ${name.padEnd(15)} ${title}`).join('')}`;

const abandoned = new AbortController();
const root = join(clone, '.patchbay', 'faults');
/** Twice what it takes on two idle cores: a run that takes longer hangs. */
const patienceMs = 60 * 60_000;

/** What was played so far, in figures. */
let ledger = (): string => '';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      orders: { type: 'string', default: '500' },
      seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
      storm: { type: 'string', default: '180' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [orders, seed, seconds] = [values.orders, values.seed, values.storm].map(Number) as [number, number, number];
  const all = [...scenarios, storm(seed, seconds), productStorm(seed, seconds)];
  const unknown = positionals.filter((name) => !all.some((scenario) => scenario.name === name));
  const wrong = [orders, seed, seconds].some((n) => !Number.isInteger(n) || n < 1);
  if (values.help || unknown.length > 0 || wrong) {
    console.log(unknown.length > 0 ? `There is no scenario ${unknown.join(', ')}.\n${usage}` : usage);
    return values.help ? 0 : 2;
  }
  const chosen = positionals.length === 0 ? all : all.filter(({ name }) => positionals.includes(name));
  const run = await beginFaultRun(root, (line) => console.log(line), abandoned.signal);
  ledger = () => run.ledger();
  const outcomes: Outcome[] = [];
  try {
    outcomes.push(await run.play(calm, orders));
    // What fails with nothing broken says nothing about faults.
    if (isGreen(outcomes)) for (const scenario of chosen) outcomes.push(await run.play(scenario, orders));
  } finally {
    outcomes.push(await run.end());
  }
  console.log(`\n${ledger()}\n`);
  const red = outcomes.filter((outcome) => !isGreen([outcome]));
  const verdict =
    red.length === 0
      ? 'nothing was lost and nothing was done twice'
      : `RED: ${red.map(({ scenario }) => scenario).join(', ')}`;
  console.log(`faults: ${chosen.length} scenarios, ${verdict}`);
  return red.length === 0 ? 0 : 1;
}

function giveUp(why: string): void {
  console.error(why);
  console.log(`\n${ledger()}\n`);
  abandoned.abort();
  // The services need a moment; what is still there then is ended by the next run.
  setTimeout(() => process.exit(1), 15_000);
}
setTimeout(giveUp, patienceMs, `The run took more than ${patienceMs / 60_000} minutes and was given up.`).unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => giveUp(`ended by ${signal}`));

try {
  process.exitCode = await main();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
