import type { Database, Transaction } from '../database.ts';
import type { Publication } from './envelope.ts';
import { claimInbox, recordOutcomes } from './inbox.store.ts';
import { letterInserts, replayedByHand } from './letter.store.ts';
import { messageDeletion, messageInserts } from './message.store.ts';
import { seenDeletion } from './old-outbox.store.ts';
import { type Closing, pipelined } from './pipelined.ts';
import { type Account, openAccount } from './account.ts';
import { claimOf } from './causation.ts';
import { type Cause, causeOf } from './dead-letter.ts';
import { type BatchSettings, type Loaded, type Writes, decideAll, fail, giveUp, nothingYet } from './deciding.ts';
import type { Aggregate } from './handler.ts';
import type { Fact, Item, Work } from './item.ts';

/** What the commit made true; publishing and acking come after it. */
export interface Committed {
  readonly publications: readonly Publication[];
  readonly saved: ReadonlyMap<Aggregate<unknown>, readonly unknown[]>;
  /** `performance.now()` before the transaction began. */
  readonly begunAt: number;
}

/**
 * Runs a batch in one transaction of two round trips: claim the inbox rows, lock and load all aggregates; decide each message
 * in memory (several of one aggregate fold in turn); write states, outbox and retries as multi-row statements, commit.
 *
 * A throw in `decide` fails its message alone. A throw anywhere else is the batch's, and the caller's to halve.
 */
export function runBatch(sql: Database, work: readonly Work[], settings: BatchSettings): Promise<Committed> {
  const handleable = work.filter((one) => one.kind !== 'unreadable');
  return accounted(work, settings, (account) =>
    pipelined(
      sql,
      // Sent together, answered in this order: a round trip costs more than loading for a message that turns out done.
      (tx) => {
        const keys = keysOf(handleable);
        return Promise.all([
          claimInbox(tx, settings.queue, work.flatMap(claimOf), [...keys].flatMap(lockedBy)),
          loadAggregates(tx, keys),
          loadContexts(tx, handleable),
        ]);
      },
      (tx, [claimed, loaded, contexts]) => {
        const writes = nothingYet(account);
        decideAll(work, claimed, loaded, contexts, settings, writes);
        return closing(tx, writes, settings, work);
      },
    ),
  );
}

/**
 * Records that one message failed on its own (its save threw, alone): retry or dead letter, in a transaction of its own.
 */
export function recordFailure(sql: Database, item: Item, error: unknown, settings: BatchSettings): Promise<Committed> {
  return settleAlone(sql, item, settings, (now, writes) => fail(item, causeOf(error), settings, now, writes));
}

/** Parks one message in a transaction of its own: what crashed its worker again and again. */
export function parkOne(sql: Database, item: Item, cause: Cause, settings: BatchSettings): Promise<Committed> {
  return settleAlone(sql, item, settings, (now, writes) => giveUp(item, cause, settings, now, writes));
}

function settleAlone(
  sql: Database,
  item: Item,
  settings: BatchSettings,
  settle: (now: Date, writes: Writes) => void,
): Promise<Committed> {
  return accounted([item], settings, (account) =>
    pipelined(
      sql,
      (tx) => claimInbox(tx, settings.queue, claimOf(item)),
      (tx, { fresh, now }) => {
        const writes = nothingYet(account);
        if (fresh.size > 0) {
          account.begin(item, item.envelope);
          settle(now, writes);
        }
        return closing(tx, writes, settings, [item]);
      },
    ),
  );
}

/** A transaction whose account is told when it is committed. */
async function accounted(
  work: readonly Work[],
  settings: BatchSettings,
  run: (account: Account) => Promise<Omit<Committed, 'begunAt'>>,
): Promise<Committed> {
  const begunAt = performance.now();
  const account = openAccount(settings.queue, work);
  try {
    const committed = await run(account);
    account.committed();
    return { ...committed, begunAt };
  } catch (error) {
    account.rolledBack();
    throw error;
  }
}

/** What a batch concerns, in the order in which everybody locks and loads it. */
function keysOf(work: readonly (Item | Fact)[]): ReadonlyMap<Aggregate<unknown>, readonly string[]> {
  const keys = new Map<Aggregate<unknown>, Set<string>>();
  for (const { handler, body } of work) {
    const known = keys.get(handler.aggregate) ?? new Set<string>();
    for (const key of handler.keys(body)) known.add(key);
    keys.set(handler.aggregate, known);
  }
  const ordered = [...keys].toSorted(([a], [b]) => (a.name < b.name ? -1 : 1));
  return new Map(ordered.map(([aggregate, wanted]) => [aggregate, [...wanted].toSorted()]));
}

const lockedBy = ([{ name }, keys]: [Aggregate<unknown>, readonly string[]]): string[] =>
  keys.map((key) => `${name} ${key}`);

async function loadAggregates(tx: Transaction, keys: ReturnType<typeof keysOf>): Promise<Loaded> {
  const loaded = [...keys].map(async ([aggregate, wanted]): Promise<[Aggregate<unknown>, Map<string, unknown>]> => [
    aggregate,
    await aggregate.load(tx, wanted),
  ]);
  return new Map(await Promise.all(loaded));
}

async function loadContexts(tx: Transaction, work: readonly (Item | Fact)[]): Promise<Map<unknown, unknown>> {
  const groups = [...Map.groupBy(work, (one) => one.handler)];
  const contexts = groups.map(async ([handler, group]): Promise<[unknown, unknown]> => {
    const bodies = group.map((one) => one.body);
    return [handler, await handler.context(tx, bodies)];
  });
  return new Map(await Promise.all(contexts));
}

/** None of it depends on what another answers, so it goes out together, and the commit with it. */
function closing(
  tx: Transaction,
  writes: Writes,
  { queue, versions }: BatchSettings,
  work: readonly Work[],
): Closing<Omit<Committed, 'begunAt'>> {
  const changed = [...writes.changed].filter(([, states]) => states.size > 0);
  const saved = new Map(changed.map(([aggregate, states]) => [aggregate, [...states.values()]]));
  const received = work.flatMap(claimOf).map(({ messageId: id, attempt }) => ({ id, queue, attempt }));
  const again = received.filter(({ attempt }) => attempt > 1);
  const publications = [...writes.publications, ...writes.letters];
  const keptBefore = versions === 'previous' ? received.map(({ id }) => id) : [];
  return {
    statements: [
      ...[...saved].flatMap(([aggregate, states]) => aggregate.save(tx, states)),
      ...messageInserts(tx, publications, writes.scheduled),
      ...letterInserts(tx, [...writes.letters, ...writes.tooLarge]),
      ...(again.length > 0 ? [replayedByHand(tx, queue, again)] : []),
      ...recordOutcomes(tx, queue, writes.account.outcomes),
      // Fresh or known already: their receiver has committed them either way.
      ...(received.length > 0 ? [messageDeletion(tx, received)] : []),
      ...(keptBefore.length > 0 ? [seenDeletion(tx, keptBefore)] : []),
    ],
    result: { publications, saved },
  };
}
