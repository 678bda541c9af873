import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { explain } from '../bootstrap/sentence.ts';
import { BATCHED_OVER_SINGLE_AT_LEAST, CHAIN_BATCHED, floors } from './floors.ts';
import { accept } from './measures/accept.ts';
import { endToEnd } from './measures/end-to-end.ts';
import { engine } from './measures/engine.ts';
import type { Figure, Measure } from './measures/measure.ts';
import { benchServices, type BenchServices } from './services.ts';
import { table } from './table.ts';

/** Patchbay's own figures, each on a fresh system. The idle one first, while nothing has warmed the machine up. */
const measures: readonly Measure[] = [endToEnd, engine, accept];

const usage = `npm run bench [-- <options>]   measures the floors of this machine, then Patchbay against them
  --floors   the floors alone
  --quick    shorter runs, rougher figures
  --json     the figures as JSON on stdout, nothing else there
Uses DATABASE_URL, AMQP_URL and RABBITMQ_MANAGEMENT_URL where given, else servers of its own.
Fails when a measure fails, or the batched chain is not at least ${BATCHED_OVER_SINGLE_AT_LEAST} times the other.`;

type Options = { floors: boolean; quick: boolean; json: boolean };
type Outcome = { figures: Figure[]; failures: string[] };

const tell = (line: string) => process.stderr.write(`${line}\n`);

/** Runs measure after measure; one that fails is told and the others still run. */
async function measureAll(services: BenchServices, options: Options): Promise<Outcome> {
  const figures: Figure[] = [];
  const failures: string[] = [];
  for (const measure of options.floors ? floors : [...floors, ...measures]) {
    tell(`measuring ${measure.name}`);
    try {
      figures.push(...(await measure.run({ services, figures, quick: options.quick })));
    } catch (error) {
      failures.push(`${measure.name}: ${explain(error)}`);
    }
  }
  const worth = figures.find((figure) => figure.name === CHAIN_BATCHED)?.ratio;
  if (worth !== undefined && worth < BATCHED_OVER_SINGLE_AT_LEAST) {
    failures.push(
      `the batched chain is only ${worth.toFixed(2)} times the unbatched, not ${BATCHED_OVER_SINGLE_AT_LEAST}`,
    );
  }
  return { figures, failures };
}

async function main(options: Options): Promise<number> {
  const services = await benchServices(process.env, tell);
  // A testbed finds the servers in the environment, as in an integration test.
  Object.assign(process.env, { DATABASE_URL: services.databaseUrl, AMQP_URL: services.amqpUrl });
  if (services.managementUrl !== undefined) process.env['RABBITMQ_MANAGEMENT_URL'] = services.managementUrl;
  try {
    const { figures, failures } = await measureAll(services, options);
    const machine = {
      cores: availableParallelism(),
      load: loadavg()[0],
      node: process.version,
      at: new Date().toISOString(),
    };
    console.log(options.json ? JSON.stringify({ machine, figures, failures }, null, 2) : `\n${table(figures)}`);
    for (const failure of failures) tell(`FAIL ${failure}`);
    return failures.length > 0 ? 1 : 0;
  } finally {
    await services.stop();
  }
}

try {
  const { values } = parseArgs({
    options: {
      floors: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) console.log(usage);
  else process.exitCode = await main(values);
} catch (error) {
  tell(explain(error));
  process.exitCode = 1;
}
