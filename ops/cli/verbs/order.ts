import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { homeFromEnvironment } from '../../bootstrap/home.ts';
import { readRunFile } from '../../bootstrap/run-file.ts';
import { Sentence } from '../../bootstrap/sentence.ts';
import { type ShownOrder, placeOrder, planOrder, readOrder } from '../order/gateway-client.ts';
import { planLines } from '../order/plan.ts';
import { changes, exitCodes, hasEnded } from '../order/progress.ts';

interface Options {
  follow?: boolean;
  dryRun?: boolean;
  json?: boolean;
  gateway?: string;
}

/** How often a followed order is looked at. */
const lookMs = 100;

/** `patchbay order <file.json>`: places a service order; with --follow shows its progress until it ends. */
export function order(program: Command): void {
  program
    .command('order')
    .description('place a TMF641 service order from a file (- for standard input)')
    .argument('<file>', 'the order as JSON')
    .option('--follow', 'show progress until the order ends; exit code 0 completed, 3 partial, 1 anything else')
    .option('--dry-run', 'show what the order would come to and place nothing; exit code 0 acceptable, 1 anything else')
    .option('--gateway <url>', 'the gateway; by default the one that runs here')
    .option('--json', 'print the order as JSON, when accepted or, with --follow, when ended')
    .action(async (file: string, options: Options) => {
      const gateway = gatewayOf(options);
      if (options.dryRun === true) return explain(gateway, await readOrderFile(file), options);
      const started = performance.now();
      const accepted = await placeOrder(gateway, await readOrderFile(file));
      if (!options.json) console.log(`accepted ${accepted.id}`);
      const last = options.follow === true ? await follow(gateway, accepted, options, started) : accepted;
      if (options.json) console.log(JSON.stringify(last, null, 2));
      process.exitCode = options.follow === true ? (exitCodes[last.state] ?? 1) : 0;
    });
}

async function explain(gateway: string, body: string, { json, follow: alsoFollow }: Options): Promise<void> {
  if (alsoFollow === true) throw new Sentence('--dry-run places nothing: there is nothing to --follow.');
  const plan = await planOrder(gateway, body);
  console.log(json === true ? JSON.stringify(plan, null, 2) : planLines(plan).join('\n'));
  process.exitCode = plan.verdict === 'acceptable' ? 0 : 1;
}

async function follow(gateway: string, accepted: ShownOrder, { json }: Options, started: number): Promise<ShownOrder> {
  let shown: ShownOrder | undefined;
  for (let current = accepted; ; current = await readOrder(gateway, accepted.id)) {
    const seconds = ((performance.now() - started) / 1000).toFixed(2).padStart(7);
    if (!json) for (const line of changes(shown, current)) console.log(`${seconds} s  ${line}`);
    if (hasEnded(current)) {
      if (!json) console.log(`${current.state} after ${seconds.trim()} s`);
      return current;
    }
    shown = current;
    await sleep(lookMs);
  }
}

function gatewayOf({ gateway }: Options): string {
  const url = gateway ?? readRunFile(homeFromEnvironment(process.env))?.urls.gateway;
  if (url === undefined)
    throw new Sentence('No gateway runs here: start one with npm start, or name one with --gateway.');
  if (!URL.canParse(url)) throw new Sentence(`--gateway is not a URL: ${url}.`);
  return url.replace(/\/$/, '');
}

async function readOrderFile(file: string): Promise<string> {
  const content = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch((error: unknown) => {
    throw new Sentence(`${file} cannot be read (${(error as Error).message}).`);
  });
  try {
    JSON.parse(content);
  } catch (error) {
    throw new Sentence(`${file} is not JSON: ${(error as Error).message}.`);
  }
  return content;
}
