import type { Command } from 'commander';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { activatorControlQueue, deadLetterQueue } from '../../../contracts/topology.ts';
import { Sentence } from '../../bootstrap/sentence.ts';
import type { Database } from '../../platform/database.ts';
import { checkCorrection, corrected } from '../fallout/correction.ts';
import {
  type Fallout,
  type FalloutVerb,
  readAudit,
  readFallout,
  readHandled,
  readOrderWords,
  settleFallout,
} from '../fallout/fallout.store.ts';
import { withDatabase, withLetters } from '../fallout/here.ts';
import { letterVerbs } from '../fallout/letter-verbs.ts';
import { detailOf, tableOf } from '../fallout/show.ts';
import { takeStepLetters } from '../fallout/step-letters.ts';

const explanations: Readonly<Record<FalloutVerb, string>> = {
  retry: 'try the step again, looking first whether it took effect after all; with --set, with what you put right',
  skip: 'leave the step out and go on: you have done by hand what it would have done',
  fail: 'give the item up: what landed is taken back, the item ends failed',
};

/** `patchbay fallout`: what stands still until a person says how it goes on, and the ways it can. */
export function fallout(program: Command): void {
  const group = program
    .command('fallout')
    .description(
      'order items that are held (list, show, retry, skip, fail) and dead letters (letters, replay, discard)',
    );
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
    .description('one held item: what was asked for, its steps, what failed and what was done about it')
    .argument('<id>', 'the order, or the activation')
    .option('--json', 'print as JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const shown = await withDatabase(async (sql) =>
        Promise.all(
          (await found(sql, id)).map(async (one) => ({
            one,
            words: await readOrderWords(sql, one.orderId, one.itemId),
            audit: await readAudit(sql, one.orderId),
          })),
        ),
      );
      console.log(
        json
          ? JSON.stringify(
              shown.map(({ one, words, audit }) => ({ ...one, words, audit })),
              null,
              2,
            )
          : shown.map(({ one, words, audit }) => detailOf(one, words, audit)).join('\n\n'),
      );
    });
  for (const verb of Object.keys(explanations) as FalloutVerb[]) settling(group, verb);
  letterVerbs(group);
}

interface Options {
  readonly item?: string;
  readonly reason?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

function settling(group: Command, verb: FalloutVerb): void {
  const command = group
    .command(verb)
    .description(explanations[verb])
    .argument('<id>', 'the order, or the activation')
    .option('--item <item>', 'of an order with several held items, which one')
    .option('--reason <text>', 'goes into the audit line')
    .option('--json', 'print as JSON');
  if (verb === 'retry')
    command.option('--set <name=value...>', 'put right what was asked for; a value is JSON, or plain text');
  command.action(async (id: string, options: Options) => {
    await withDatabase(async (sql) => {
      const one = await theOne(sql, id, options.item);
      const requested = options.set === undefined ? undefined : corrected(one.requested, options.set);
      if (requested !== undefined) await checkCorrection(sql, one, requested);
      const word = { verb, actor: userInfo().username, reason: options.reason, requested };
      const message = await settleFallout(sql, one, word);
      const taken = await isTaken(sql, message, one);
      // What is only on its way could be lost with its queue: until it has arrived, the letter stays.
      const letters = taken ? await withLetters((opened) => takeStepLetters(opened, one, message)) : 0;
      if (options.json) console.log(JSON.stringify({ verb, taken, letters, ...one, ...(requested && { requested }) }));
      else console.log(inWords(verb, one, taken));
    });
  });
}

const inWords = (verb: FalloutVerb, { itemId, orderId, serviceType, position, steps }: Fallout, taken: boolean) =>
  `${verb}: item ${itemId} of order ${orderId}, step ${steps[position]?.step}${
    taken
      ? ''
      : `\nThe ${serviceType} activator has not taken it yet; it will when it runs (patchbay doctor). The letter stays, and means nothing then.`
  }`;

async function theOne(sql: Database, id: string, item: string | undefined): Promise<Fallout> {
  const fallen = (await found(sql, id)).filter((one) => item === undefined || one.itemId === item);
  const [one, ...others] = fallen;
  if (one === undefined) throw new Sentence(`Item ${item} of ${id} is not held.`);
  if (others.length > 0)
    throw new Sentence(
      `Several items of ${id} are held (${fallen.map(({ itemId }) => itemId).join(', ')}): say which with --item.`,
    );
  return one;
}

/** How long a person waits to hear that their word was taken; what is not taken by then still will be. */
const patienceMs = 10_000;
const lookEveryMs = 50;

/** @throws Sentence when the activator refused it */
async function isTaken(sql: Database, message: string, { serviceType }: Fallout): Promise<boolean> {
  for (const since = performance.now(); performance.now() - since < patienceMs; await sleep(lookEveryMs)) {
    const handled = await readHandled(sql, message);
    if (handled === undefined) continue;
    if (handled.outcome === null) return true;
    if (handled.outcome === 'parked' || handled.outcome === 'deadLettered')
      throw new Sentence(
        `The activator refused it, and the item stays held: ${handled.reason ?? 'for no known reason'} (letter ${message} in ${deadLetterQueue(activatorControlQueue(serviceType))})`,
      );
  }
  return false;
}

async function found(sql: Database, id: string): Promise<Fallout[]> {
  const fallen = await readFallout(sql, id);
  if (fallen.length === 0) throw new Sentence(`Nothing of ${id} is held; patchbay fallout list shows what is.`);
  return fallen;
}
