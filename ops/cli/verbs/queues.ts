import type { Command } from 'commander';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { countRows, readNow } from '../../platform/messaging/queue.store.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { withDatabase, withPurging } from '../fallout/here.ts';
import { type Purged, checkQueue, purgeQueue, redriveQueue } from '../queues/queue-verbs.ts';

/** `patchbay purge` and `patchbay redrive`: what can be done with everything that a queue holds. */
export function queues(program: Command): void {
  program
    .command('purge')
    .description('end all messages of a queue unhandled, with its content in RabbitMQ; senders of commands are told')
    .argument('<queue>', 'a work queue')
    .option('--yes', 'do not ask')
    .option('--reason <text>', 'goes into the audit line')
    .option('--json', 'print the result as JSON')
    .action((queue: string, { yes, reason, json }: { yes?: boolean; reason?: string; json?: boolean }) =>
      withDatabase(async (sql) => {
        await checkQueue(sql, queue, 'purge');
        // The broker is asked first: without it nothing is ended.
        await withPurging(async (broker) => {
          const before = await readNow(sql);
          if (yes !== true && !(await isMeant(queue, await countRows(sql, queue, before)))) return;
          const purged = await purgeQueue(sql, broker, { queue, before, actor: userInfo().username, reason });
          console.log(json ? JSON.stringify(purged) : inWords(purged));
        });
      }),
    );
  program
    .command('redrive')
    .description(
      'send everything to a queue again that it was given and nobody has handled: when the queue has lost it',
    )
    .argument('<queue>', 'a work queue')
    .option('--reason <text>', 'goes into the audit line')
    .option('--json', 'print the result as JSON')
    .action((queue: string, { reason, json }: { reason?: string; json?: boolean }) =>
      withDatabase(async (sql) => {
        await checkQueue(sql, queue, 'redrive');
        const messages = await redriveQueue(sql, { queue, actor: userInfo().username, reason });
        console.log(
          json ? JSON.stringify({ queue, messages }) : `redrive: ${messages} messages are sent to ${queue} again`,
        );
      }),
    );
}

/** @throws Sentence where nobody can be asked */
async function isMeant(queue: string, messages: number): Promise<boolean> {
  const what = `${messages} messages of ${queue} would end unhandled`;
  if (!process.stdin.isTTY) throw new Sentence(`${what}: say --yes if that is meant.`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`${what}. Purge it? [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

function inWords({ queue, messages, told, atBroker, held }: Purged): string {
  const done = `purge: ${messages} messages of ${queue} have ended, ${told} senders are told; RabbitMQ threw ${atBroker} away`;
  return held === 0 ? done : `${done}\n${held} were being handled all the time, and are left to their consumer.`;
}
