import type { Command } from 'commander';
import { homeFromEnvironment } from '../../run/bootstrap/home.ts';
import { readRunFile } from '../../run/bootstrap/run-file.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { followProductOrder, followServiceOrder } from '../order/follow.ts';
import { type ShownOrder, type ShownProductOrder, placeOrder, planOrder } from '../order/gateway-client.ts';
import { type OrderFile, readOrderFile } from '../order/order-file.ts';
import { type ShownPlan, planLines } from '../order/plan.ts';
import { type ShownProductPlan, productPlanLines } from '../order/product-plan.ts';
import { exitCodes } from '../order/progress.ts';

interface Options {
  follow?: boolean;
  dryRun?: boolean;
  product?: string;
  json?: boolean;
  gateway?: string;
}

type Say = (line: string) => void;

/** `patchbay order <file.json>`: places an order for products or services; with --follow shows its progress until it ends. */
export function order(program: Command): void {
  program
    .command('order')
    .description('place a TMF622 product order or a TMF641 service order from a file (- for standard input)')
    .argument('<file>', 'the order as JSON; with productOrderItem it is a product order')
    .option('--follow', 'show progress until the order ends; exit code 0 completed, 3 partial, 1 anything else')
    .option('--dry-run', 'show what the order would come to and place nothing; exit code 0 acceptable, 1 anything else')
    .option('--product <id>', 'the product that is meant, in a file that says <product id>')
    .option('--gateway <url>', 'the gateway; by default the one that runs here')
    .option('--json', 'print the order as JSON, when accepted or, with --follow, when ended')
    .action(async (file: string, options: Options) => {
      if (options.dryRun === true && options.follow === true)
        throw new Sentence('--dry-run places nothing: there is nothing to --follow.');
      const read = await readOrderFile(file, options.product);
      const gateway = gatewayOf(options);
      return options.dryRun === true ? explain(gateway, read, options) : place(gateway, read, options);
    });
}

async function explain(gateway: string, { kind, body }: OrderFile, { json }: Options): Promise<void> {
  const plan = await planOrder<ShownPlan | ShownProductPlan>(gateway, kind, body);
  const lines = 'serviceOrders' in plan ? productPlanLines(plan) : planLines(plan);
  console.log(json === true ? JSON.stringify(plan, null, 2) : lines.join('\n'));
  process.exitCode = plan.verdict === 'acceptable' ? 0 : 1;
}

async function place(gateway: string, { kind, body }: OrderFile, { follow, json }: Options): Promise<void> {
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(2);
  const say: Say = json === true ? () => undefined : (line) => console.log(line);
  const tell: Say = (line) => say(`${seconds().padStart(7)} s  ${line}`);
  const accepted = await placeOrder<ShownOrder | ShownProductOrder>(gateway, kind, body);
  say(`accepted ${accepted.id}`);
  const last = follow === true ? await untilItEnds(gateway, accepted, tell) : accepted;
  if (follow === true) say(`${last.state} after ${seconds()} s`);
  if (json === true) console.log(JSON.stringify(last, null, 2));
  process.exitCode = follow === true ? (exitCodes[last.state] ?? 1) : 0;
}

const untilItEnds = (gateway: string, accepted: ShownOrder | ShownProductOrder, tell: Say) =>
  'productOrderItem' in accepted
    ? followProductOrder(gateway, accepted, tell)
    : followServiceOrder(gateway, accepted, tell);

function gatewayOf({ gateway }: Options): string {
  const url = gateway ?? readRunFile(homeFromEnvironment(process.env))?.urls.gateway;
  if (url === undefined)
    throw new Sentence('No gateway runs here: start one with npm start, or name one with --gateway.');
  if (!URL.canParse(url)) throw new Sentence(`--gateway is not a URL: ${url}.`);
  return url.replace(/\/$/, '');
}
