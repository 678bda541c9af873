import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clone } from '../bootstrap/home.ts';
import { explain } from '../bootstrap/sentence.ts';
import { type Outcome, beginFaultRun, isGreen } from './run.ts';
import { calm } from './scenarios/calm.ts';
import { scenarios } from './scenarios/index.ts';

const usage = `npm run test:faults [-- [--orders <200>] [<scenario>...]]   plays every scenario, or those named, on a system of its own
scenarios: ${scenarios.map(({ name, title }) => `\n  ${name.padEnd(12)} ${title}`).join('')}`;

const abandoned = new AbortController();
const root = join(clone, '.patchbay', 'faults');
/** A run that takes longer hangs. */
const patienceMs = 20 * 60_000;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { orders: { type: 'string', default: '200' }, help: { type: 'boolean', short: 'h', default: false } },
  });
  const orders = Number(values.orders);
  const unknown = positionals.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (values.help || unknown.length > 0 || !Number.isInteger(orders) || orders < 1) {
    console.log(unknown.length > 0 ? `There is no scenario ${unknown.join(', ')}.\n${usage}` : usage);
    return values.help ? 0 : 2;
  }
  const chosen = positionals.length === 0 ? scenarios : scenarios.filter(({ name }) => positionals.includes(name));
  const run = await beginFaultRun(root, (line) => console.log(line), abandoned.signal);
  const outcomes: Outcome[] = [];
  try {
    outcomes.push(await run.play(calm, orders));
    // What fails with nothing broken says nothing about faults.
    if (isGreen(outcomes)) for (const scenario of chosen) outcomes.push(await run.play(scenario, orders));
  } finally {
    outcomes.push(await run.end());
  }
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
  abandoned.abort();
  setTimeout(() => process.exit(1), 3_000);
}
setTimeout(giveUp, patienceMs, `The run took more than ${patienceMs / 60_000} minutes and was given up.`).unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => giveUp(`ended by ${signal}`));

try {
  process.exitCode = await main();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
