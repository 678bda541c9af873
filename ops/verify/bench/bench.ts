import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { explain } from '../../run/bootstrap/explain.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { bareHttp, chains } from './floors.ts';
import { abuse } from './measures/abuse.ts';
import { accept } from './measures/accept.ts';
import { bytes } from './measures/bytes.ts';
import { endToEnd } from './measures/end-to-end.ts';
import { engine } from './measures/engine.ts';
import { type Figure, holds, type Measure } from './measures/measure.ts';
import { million } from './measures/million.ts';
import { products } from './measures/products.ts';
import { sustained } from './measures/sustained.ts';
import { benchServices, type BenchServices } from './services.ts';
import { table } from './table.ts';

/** Each on a fresh system. The idle one first, while nothing has warmed the machine up. */
const measures: readonly Measure[] = [endToEnd, chains, engine, accept, sustained, products, bytes, abuse, million];
const floors: readonly Measure[] = [bareHttp, chains];

const usage = `npm run bench [-- <options> [<part> ...]]   measures Patchbay against the floors of this machine
  parts      ${measures.map(({ name }) => name).join(', ')}; all unless named
  --floors   the floors alone
  --quick    shorter runs, rougher figures
  --strict   exit code 1 when a target is missed; without it they are printed and told, for machines are shared
  --json     the figures as JSON on stdout, nothing else there
Uses DATABASE_URL, AMQP_URL and RABBITMQ_MANAGEMENT_URL where given, else servers of its own. Fails when a measure fails.`;

type Options = { floors: boolean; quick: boolean; json: boolean; strict: boolean; parts: readonly string[] };
type Outcome = { figures: Figure[]; failures: string[] };

const tell = (line: string) => process.stderr.write(`${line}\n`);

/** Runs measure after measure; one that fails is told and the others still run. */
async function measureAll(services: BenchServices, chosen: readonly Measure[], quick: boolean): Promise<Outcome> {
  const figures: Figure[] = [];
  const failures: string[] = [];
  for (const measure of chosen) {
    tell(`measuring ${measure.name}`);
    try {
      figures.push(...(await measure.run({ services, figures, quick, tell })));
    } catch (error) {
      failures.push(`${measure.name}: ${explain(error)}`);
    }
  }
  return { figures, failures };
}

/** @throws Sentence for a part that is none */
function choose({ floors: alone, parts }: Options): readonly Measure[] {
  if (alone) return floors;
  const unknown = parts.filter((part) => !measures.some(({ name }) => name === part));
  if (unknown.length > 0) throw new Sentence(`There is no part ${unknown.join(', ')}.\n${usage}`);
  return parts.length === 0 ? measures : measures.filter(({ name }) => parts.includes(name));
}

async function main(options: Options): Promise<number> {
  const chosen = choose(options);
  const services = await benchServices(process.env, tell);
  // A testbed finds the servers in the environment, as in an integration test.
  Object.assign(process.env, { DATABASE_URL: services.databaseUrl, AMQP_URL: services.amqpUrl });
  if (services.managementUrl !== undefined) process.env['RABBITMQ_MANAGEMENT_URL'] = services.managementUrl;
  try {
    const { figures, failures } = await measureAll(services, chosen, options.quick);
    const missed = figures.filter((figure) => holds(figure) === false);
    const machine = {
      cores: availableParallelism(),
      load: loadavg()[0],
      node: process.version,
      at: new Date().toISOString(),
    };
    const judged = figures.map((figure) => ({ ...figure, holds: holds(figure) }));
    console.log(options.json ? JSON.stringify({ machine, figures: judged, failures }, null, 2) : `\n${table(figures)}`);
    for (const { name } of missed) tell(`MISSED ${name}`);
    for (const failure of failures) tell(`FAIL ${failure}`);
    return failures.length > 0 || (options.strict && missed.length > 0) ? 1 : 0;
  } finally {
    await services.stop();
  }
}

try {
  const { values, positionals: parts } = parseArgs({
    allowPositionals: true,
    options: {
      floors: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) console.log(usage);
  else process.exitCode = await main({ ...values, parts });
} catch (error) {
  tell(explain(error));
  process.exitCode = 1;
}
