import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { text as readAll } from 'node:stream/consumers';
import { deadLetterQueue, topology } from '../../../contracts/topology.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import type { Letter, Letters, Settlement } from '../../platform/broker/letters.ts';
import type { Database } from '../../platform/database.ts';
import { withDatabase, withLetters } from './here.ts';
import { editedBody } from './letter-body.ts';
import { auditLetter, isStalledAt } from './letters.store.ts';
import { lookAgain } from './look-again.ts';
import { letterOf, lettersTable } from './show.ts';
import { stepOf } from './step-letters.ts';

/** The verbs for dead letters as such, whatever they are about. */
export function letterVerbs(group: Command): void {
  group
    .command('letters')
    .description('the dead letters of every queue, or of one')
    .argument('[queue]', 'a queue, with or without .dead')
    .option('--json', 'print as JSON')
    .action(async (queue: string | undefined, { json }: { json?: boolean }) => {
      const queues = await queuesLike(queue);
      const found = await withLetters(async (letters) => {
        const all: Letter[] = [];
        for (const one of queues) all.push(...(await letters.read(one)));
        return all;
      });
      console.log(json ? JSON.stringify(found, null, 2) : lettersTable(found, new Date()));
    });
  group
    .command('letter')
    .description('one dead letter: its context and its body')
    .argument('<letter>', 'its id, as letters lists it')
    .option('--body', 'print the body alone, to edit it')
    .option('--json', 'print as JSON')
    .action(async (id: string, { body, json }: { body?: boolean; json?: boolean }) => {
      const found = await withLetters((letters) => findLetter(letters, id));
      console.log(body ? prettily(found.body) : json ? JSON.stringify(found, null, 2) : letterOf(found));
    });
  group
    .command('replay')
    .description('put a dead letter back into its queue, as it is or edited')
    .argument('<letter>', 'its id, as letters lists it')
    .option('--edit <file>', 'the body to put back instead; - reads it from standard input')
    .option('--reason <text>', 'goes into the audit line')
    .option('--json', 'print as JSON')
    .action(async (id: string, options: { edit?: string; reason?: string; json?: boolean }) => {
      const edited = options.edit === undefined ? undefined : await contentOf(options.edit);
      await settle(id, options, (letter) => ({
        end: 'replayed',
        body: edited === undefined ? undefined : editedBody(letter.type, letter.body, edited),
      }));
    });
  group
    .command('discard')
    .description('throw a dead letter away; what it is about stays as it is')
    .argument('<letter>', 'its id, as letters lists it')
    .requiredOption('--reason <text>', 'goes into the audit line')
    .option('--json', 'print as JSON')
    .action(async (id: string, options: { reason: string; json?: boolean }) =>
      settle(id, options, () => ({ end: 'discarded' })),
    );
}

interface Options {
  readonly reason?: string;
  readonly json?: boolean;
}

async function settle(id: string, options: Options, decide: (letter: Letter) => Settlement): Promise<void> {
  const told = await withLetters((letters) =>
    withDatabase((sql) =>
      inSomeQueue(async (queue) => {
        let said: string | undefined;
        await letters.settle(queue, id, async (letter) => {
          const settled = decide(letter);
          said = await written(sql, letter, settled, options);
          return settled;
        });
        return said;
      }),
    ),
  );
  if (told === undefined) throw noSuchLetter(id);
  console.log(told);
}

/** Writes the audit line, and says what is done. */
async function written(sql: Database, letter: Letter, settled: Settlement, { reason, json }: Options): Promise<string> {
  const { id, queue, type } = letter;
  const body = settled.end === 'replayed' ? settled.body : undefined;
  const verb = settled.end === 'discarded' ? 'discard' : body === undefined ? 'replay' : 'replay edited';
  const step = stepOf(letter);
  const isVoid = step !== undefined && !(await isStalledAt(sql, step));
  await auditLetter(sql, letter, { verb, actor: userInfo().username, reason, body });
  if (json) return JSON.stringify({ ...settled, id, queue, type, void: isVoid });
  const done = `${settled.end}: ${type ?? 'untyped'} ${id}, ${settled.end === 'replayed' ? 'back in' : 'fell out of'} ${queue}`;
  if (isVoid) return `${done}\nThe step it is about is not where it left it any more: it changes nothing.`;
  if (step === undefined || settled.end === 'replayed') return done;
  return `${done}\nIts step is held all the same: patchbay fallout retry, skip or fail.`;
}

async function findLetter(letters: Letters, id: string): Promise<Letter> {
  const found = await inSomeQueue(async (queue) => (await letters.read(queue)).findLast((letter) => letter.id === id));
  if (found === undefined) throw noSuchLetter(id);
  return found;
}

async function inSomeQueue<Found>(look: (queue: string) => Promise<Found | undefined>): Promise<Found | undefined> {
  const queues = await queuesLike();
  return lookAgain(async () => {
    for (const queue of queues) {
      const found = await look(queue);
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

const noSuchLetter = (id: string): Sentence =>
  new Sentence(`There is no dead letter ${id}; patchbay fallout letters shows what there is.`);

/** Queues that have dead letters: all, or the one that is meant. */
async function queuesLike(name?: string): Promise<string[]> {
  const names = topology(await activatorTypes()).queues.map((queue) => queue.name);
  const work = names.filter((queue) => names.includes(deadLetterQueue(queue)));
  if (name === undefined) return work;
  const found = work.filter((queue) => queue === name || deadLetterQueue(queue) === name);
  if (found.length === 0) throw new Sentence(`There is no queue ${name}; there are ${work.join(', ')}.`);
  return found;
}

async function contentOf(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Sentence(`${file} cannot be read: ${String(error)}`);
  }
}

/** Where it is JSON, laid out for a person. */
function prettily(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
