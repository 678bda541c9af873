import { setTimeout as sleep } from 'node:timers/promises';
import { isDeadLetterQueue, topology } from '../../../contracts/topology.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import type { Purging } from '../../platform/broker/purge.ts';
import { type Database, transaction } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { countRows, purgePiece, readNow, redrivePiece } from '../../platform/messaging/queue.store.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { auditQueue } from './audit.store.ts';

/** Who says it, and why. */
export interface Word {
  readonly actor: string;
  readonly reason: string | undefined;
}

export interface Purged {
  readonly queue: string;
  /** Messages that ended. */
  readonly messages: number;
  /** Of them, those whose sender is told. */
  readonly told: number;
  /** What the broker threw away. */
  readonly atBroker: number;
  /** Messages that a consumer held all the time: they are left to it. */
  readonly held: number;
}

/** How long rows that a consumer holds are waited for. */
const heldMs = 10_000;
const lookEveryMs = 100;

/**
 * Ends every message of a queue that is committed now. First the rows, each in one transaction with the word to its sender and
 * the audit line; then the queue in the broker. Stopped anywhere in between, the rest is where it was: the same again goes on. A
 * message that is committed meanwhile keeps its row, and is sent again if the broker threw it away.
 *
 * @param before until when, as `readNow` tells it
 */
export async function purgeQueue(
  sql: Database,
  broker: Purging,
  { queue, before, actor, reason }: Word & { readonly queue: string; readonly before: string },
): Promise<Purged> {
  const line = { id: newId(), verb: 'queue purge', actor, reason };
  const why = `${actor} purged the queue${reason === undefined ? '' : `: ${reason}`}`;
  let done = { queue, messages: 0, told: 0 };
  let held = 0;
  for (let last = performance.now(); ;) {
    const piece = await transaction(sql, async (tx) => {
      const { messages, told } = await purgePiece(tx, queue, before, why);
      const sum = { queue, messages: done.messages + messages, told: done.told + told };
      await auditQueue(tx, line, sum);
      return { messages, sum };
    });
    done = piece.sum;
    if (piece.messages > 0) last = performance.now();
    else {
      held = await countRows(sql, queue, before);
      if (held === 0 || performance.now() - last > heldMs) break;
      await sleep(lookEveryMs);
    }
  }
  const atBroker = await broker.purge(queue);
  await auditQueue(sql, line, { ...done, atBroker });
  return { ...done, atBroker, held };
}

/** Has everything that was handed over to a queue sent to it again, by the fleet's relays. */
export async function redriveQueue(
  sql: Database,
  { queue, actor, reason }: Word & { readonly queue: string },
): Promise<number> {
  const line = { id: newId(), verb: 'queue redrive', actor, reason };
  const before = await readNow(sql);
  for (let messages = 0; ;) {
    const piece = await transaction(sql, async (tx) => {
      const count = await redrivePiece(tx, queue, before);
      await auditQueue(tx, line, { queue, messages: messages + count });
      return count;
    });
    messages += piece;
    if (piece === 0) return messages;
  }
}

/**
 * Work queues, and any other that still has messages: that of a service type which a release has removed.
 *
 * @throws Sentence for any other
 */
export async function checkQueue(sql: Database, queue: string, verb: string): Promise<void> {
  const works = topology(await activatorTypes()).queues.flatMap(({ name }) => (isDeadLetterQueue(name) ? [] : [name]));
  if (works.includes(queue)) return;
  if (isDeadLetterQueue(queue))
    throw new Sentence(
      `${queue} holds dead letters, which are not ${verb === 'purge' ? 'purged' : 'redriven'}: patchbay fallout letters lists them, replay and discard end them.`,
    );
  if (queue !== '' && (await countRows(sql, queue, 'infinity')) > 0) return;
  throw new Sentence(`There is no queue ${queue}; there are ${works.join(', ')}.`);
}
