import { type Letter, type Letters, type Settlement, openLetters } from '../broker/letters.ts';
import { type Database, transaction } from '../database.ts';
import { derivedId } from '../ids.ts';
import { storable } from '../storable.ts';
import type { Publication } from './envelope.ts';
import { type KeptLetter, type NewLetter, endLetters, letterInserts, readLetters } from './letter.store.ts';
import { deleteMessages, insertDue } from './message.store.ts';

/** Letters that are listed at once: more of them want another tool. */
const mostLetters = 10_000;

/**
 * The letters of the fleet: rows, of which `<queue>.dead` shows copies. What lies there without a row (the broker gave it up
 * by itself, or a release before wrote it) is taken up first.
 *
 * A letter is ended in one transaction with the message that replays it; its copy is removed after that. A copy that is left
 * behind is known: moved back by hand, its attempt changes nothing.
 *
 * @throws Error when the broker does not answer: then nothing has changed
 */
export async function openLetterBook(amqpUrl: string, sql: Database): Promise<Letters> {
  const copies = await openLetters(amqpUrl);

  async function read(queue: string): Promise<Read[]> {
    const lying = await copies.read(queue);
    await Promise.all(letterInserts(sql, lying.map(takenUp)));
    // What the broker gave up by itself has left its queue: its row ends with that.
    const left = lying.filter(byBroker);
    await deleteMessages(
      sql,
      left.map((copy) => ({ id: idOf(copy), queue, attempt: copy.envelope.attempt })),
    );
    const bodies = new Map(lying.map((copy) => [idOf(copy), copy.body]));
    const kept = await readLetters(sql, queue, mostLetters);
    return kept.map((row) => ({ row, letter: shownOf(row, bodies.get(row.id)) }));
  }

  async function end(one: Read, settled: Settlement | { readonly end: 'settled' }): Promise<void> {
    const { queue, id } = one.letter;
    await transaction(sql, async (tx) => {
      await endLetters(tx, queue, id, settled.end);
      if (settled.end === 'replayed') await insertDue(tx, [replayOf(one, settled.body)]);
    });
    await copies.take(queue, (copy) => idOf(copy) === id);
  }

  return {
    read: async (queue) => (await read(queue)).map(({ letter }) => letter),
    async take(queue, matches) {
      const matching = (await read(queue)).filter(({ letter }) => matches(letter));
      for (const one of matching) await end(one, { end: 'settled' });
      return matching.length;
    },
    async settle(queue, id, settle) {
      const found = (await read(queue)).findLast(({ letter }) => letter.id === id);
      if (found === undefined) return false;
      await end(found, await settle(found.letter));
      return true;
    },
    close: () => copies.close(),
  };
}

interface Read {
  readonly row: KeptLetter;
  readonly letter: Letter;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** What comes from elsewhere may call itself anything; a row's id is a UUID. */
const idOf = ({ id, queue }: Letter): string => (uuid.test(id) ? id : derivedId(queue, id));

const byBroker = ({ worker }: Letter): boolean => worker === undefined;

/** A copy as the row it should have had. The attempt that a replay makes is one that the inbox does not know. */
function takenUp(copy: Letter): NewLetter {
  const at = copy.lastFailedAt ?? new Date().toISOString();
  const text = storable(copy.body);
  return {
    id: idOf(copy),
    type: storable(copy.type ?? 'unknown'),
    // A body that PostgreSQL cannot hold stays where it is.
    body: text === copy.body ? text : null,
    envelope: {
      ...copy.envelope,
      attempt: copy.envelope.attempt + (byBroker(copy) ? 1 : 0),
      firstFailedAt: copy.firstFailedAt ?? at,
      deadLetter: {
        ...{ queue: copy.queue, worker: copy.worker ?? 'the broker', exchange: '', routingKey: copy.queue },
        ...{ errorClass: copy.code, errorCode: copy.code, errorMessage: storable(copy.reason) },
        ...{ failures: copy.attempts ?? 0, failedAt: at },
      },
    },
  };
}

function shownOf({ id, queue, type, envelope, body }: KeptLetter, lying: string | undefined): Letter {
  const { deadLetter, ...rest } = envelope;
  const readable = deadLetter?.encoding === undefined ? body : null;
  return {
    ...{ id, queue, type },
    body: readable ?? lying ?? '',
    envelope: rest,
    code: deadLetter?.errorCode ?? deadLetter?.errorClass ?? 'unknown',
    reason: deadLetter?.errorMessage ?? '',
    worker: deadLetter?.worker,
    attempts: deadLetter?.failures,
    firstFailedAt: rest.firstFailedAt,
    lastFailedAt: deadLetter?.failedAt,
  };
}

/** Straight to its queue, past the exchange that would hand it to every other consumer again. */
function replayOf({ row, letter }: Read, edited: string | undefined): Publication {
  const { id, queue, type } = row;
  // A body that is no text leaves as it came: the context says how it is kept, and its receiver drops the context.
  const isEncoded = edited === undefined && row.envelope.deadLetter?.encoding !== undefined && row.body !== null;
  return {
    ...{ id, exchange: '', routingKey: queue, type },
    ...(isEncoded
      ? { envelope: row.envelope, body: row.body }
      : { envelope: letter.envelope, body: edited ?? letter.body }),
  };
}
