import type { Command } from 'commander';
import { homeFromEnvironment } from '../../run/bootstrap/home.ts';
import { readRunFile } from '../../run/bootstrap/run-file.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { connectDatabase } from '../../platform/database.ts';
import { textOf } from '../trace/show.ts';
import { timelineOf } from '../trace/timeline.ts';
import { readRecords } from '../trace/trace.store.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `patchbay trace <orderId>`: an order's way from the HTTP request to each platform call. */
export function trace(program: Command): void {
  program
    .command('trace')
    .description("an order's way from the HTTP request to each platform call, with attempts, waits and transitions")
    .argument('<order>', 'the id of a product order or a service order')
    .option('--all', 'updates of the views too')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Each line: time since the request · who · what, indented under what caused it · how it went.
Of a product order, its stages go before, and all its service orders are in it; » is a transition of the order or of a
component, with its reason.
With --json: { orderId, state, acceptedAt, endedAt?, durationMs?, events, milestones, jeopardies, open }, of a product
order stages, serviceOrders and products too, of a service order placed for one its productOrderId. An event is
{ id, cause, kind: request|message|call|operator|waiting|transition, at, offsetMs, by, what, type?, item?,
serviceOrderId?, attempt?, outcome?, reason?, durationMs?, waited?: { for: queue|retry|lookAgain, ms }, againAt? };
causes stand before what they cause.`,
    )
    .action(async (id: string, options: { all?: boolean; json?: boolean }) => {
      const records = uuid.test(id) ? await read(id.toLowerCase()) : undefined;
      if (records === undefined) throw new Sentence(`There is no order ${id}.`);
      const told = timelineOf(id.toLowerCase(), records);
      console.log(options.json ? JSON.stringify(told, null, 2) : textOf(told, options.all));
    });
}

async function read(orderId: string) {
  const database = readRunFile(homeFromEnvironment(process.env))?.urls.database ?? process.env['DATABASE_URL'];
  if (database === undefined) throw new Sentence('No system runs here: start it with npm start, or set DATABASE_URL.');
  const sql = connectDatabase(database, { connections: 1, role: 'trace' });
  try {
    return await readRecords(sql, orderId);
  } finally {
    await sql.end();
  }
}
