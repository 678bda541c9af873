import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { runStep } from '../../../contracts/messages/activation.ts';
import { activatorQueue } from '../../../contracts/topology.ts';
import { homeFromEnvironment } from '../../bootstrap/home.ts';
import { readRunFile } from '../../bootstrap/run-file.ts';
import { Sentence } from '../../bootstrap/sentence.ts';
import { takeLetters } from '../../platform/broker/letters.ts';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { type Fallout, type FalloutVerb, readAudit, readFallout, settleFallout } from '../fallout/fallout.store.ts';
import { detailOf, tableOf } from '../fallout/show.ts';

const explanations: Readonly<Record<FalloutVerb, string>> = {
  retry: 'try the step again, looking first whether it took effect after all',
  skip: 'leave the step out and go on: you have done by hand what it would have done',
  fail: 'give the item up: what landed is taken back, the item ends failed',
};

/** `patchbay fallout`: what stands still until a person says how it goes on, and the ways it can. */
export function fallout(program: Command): void {
  const group = program.command('fallout').description('order items that are held: list, show, retry, skip, fail');
  group
    .command('list')
    .description('everything that is held, oldest first')
    .option('--json', 'print as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const fallen = await withDatabase((sql) => readFallout(sql));
      console.log(json ? JSON.stringify(fallen, null, 2) : tableOf(fallen));
    });
  group
    .command('show')
    .description('one held item: its steps, what failed and what was done about it')
    .argument('<id>', 'the order, or the activation')
    .option('--json', 'print as JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      await withDatabase(async (sql) => {
        const fallen = await found(sql, id);
        const audit = await Promise.all(fallen.map(({ orderId }) => readAudit(sql, orderId)));
        if (json)
          console.log(
            JSON.stringify(
              fallen.map((one, at) => ({ ...one, audit: audit[at] })),
              null,
              2,
            ),
          );
        else for (const [at, one] of fallen.entries()) console.log(detailOf(one, audit[at] ?? []));
      });
    });
  for (const verb of Object.keys(explanations) as FalloutVerb[]) settling(group, verb);
}

function settling(group: Command, verb: FalloutVerb): void {
  group
    .command(verb)
    .description(explanations[verb])
    .argument('<id>', 'the order, or the activation')
    .option('--item <item>', 'of an order with several held items, which one')
    .option('--reason <text>', 'goes into the audit line')
    .option('--json', 'print as JSON')
    .action(async (id: string, { item, reason, json }: { item?: string; reason?: string; json?: boolean }) => {
      await withDatabase(async (sql) => {
        const fallen = (await found(sql, id)).filter((one) => item === undefined || one.itemId === item);
        const [one, ...others] = fallen;
        if (one === undefined) throw new Sentence(`Item ${item} of ${id} is not held.`);
        if (others.length > 0)
          throw new Sentence(
            `Several items of ${id} are held (${fallen.map(({ itemId }) => itemId).join(', ')}): say which with --item.`,
          );
        await settleFallout(sql, one, { verb, actor: userInfo().username, reason });
        const letters = await takeLetters(runningHere().amqp, activatorQueue(one.serviceType), (letter) =>
          isAbout(letter, one),
        );
        console.log(
          json
            ? JSON.stringify({ verb, letters, ...one })
            : `${verb}: item ${one.itemId} of order ${one.orderId}, step ${one.steps[one.position]?.step}`,
        );
      });
    });
}

/** The dead letter of the step that is settled now: nobody needs to look at it again. */
function isAbout(
  { type, body }: { type: string | undefined; body: string },
  { activationId, position }: Fallout,
): boolean {
  if (type !== runStep.name) return false;
  try {
    const letter = runStep.schema.safeParse(JSON.parse(body));
    return letter.success && letter.data.activationId === activationId && letter.data.position === position;
  } catch {
    // Somebody else's letter, whatever it says.
    return false;
  }
}

async function found(sql: Database, id: string): Promise<Fallout[]> {
  const fallen = await readFallout(sql, id);
  if (fallen.length === 0) throw new Sentence(`Nothing of ${id} is held; patchbay fallout list shows what is.`);
  return fallen;
}

function runningHere(): { database: string; amqp: string } {
  const urls = readRunFile(homeFromEnvironment(process.env))?.urls;
  const database = urls?.database ?? process.env['DATABASE_URL'];
  const amqp = urls?.amqp ?? process.env['AMQP_URL'];
  if (database === undefined || amqp === undefined) {
    throw new Sentence('No system runs here: start it with npm start, or set DATABASE_URL and AMQP_URL.');
  }
  return { database, amqp };
}

async function withDatabase<Result>(action: (sql: Database) => Promise<Result>): Promise<Result> {
  const sql = connectDatabase(runningHere().database, { connections: 1, role: 'fallout' });
  try {
    return await action(sql);
  } finally {
    await sql.end();
  }
}
