import { type MessageVersions, spelled } from '../../../contracts/messages/message.ts';
import type { Database, Transaction } from '../database.ts';
import type { Envelope, Publication } from './envelope.ts';
import { newId } from '../ids.ts';
import { type Claimed, claimInbox, inboxKey, recordOutcomes } from './inbox.store.ts';
import type { Log } from '../log.ts';
import { type NewLetter, letterInserts, replayedByHand } from './letter.store.ts';
import { type Scheduled, messageDeletion, messageInserts } from './message.store.ts';
import { seenDeletion } from './old-outbox.store.ts';
import { type Closing, pipelined } from './pipelined.ts';
import { traceIdOf } from '../tracing/trace-context.ts';
import { type Account, openAccount } from './account.ts';
import { type Beginning, beginningOf, claimOf, publicationBy } from './causation.ts';
import { type Cause, causeOf, deadLetter, fallenLetter, tellGivenUp } from './dead-letter.ts';
import type { Aggregate, Decision } from './handler.ts';
import { type Fact, type Item, type Work, isTooLarge } from './item.ts';
import { type RetryPolicy, retryDelay } from './retry.ts';

/** What a batch is run with. */
export interface BatchSettings {
  /** The queue: the inbox's consumer, and what retries come back to. */
  readonly queue: string;
  readonly worker: string;
  readonly retry: RetryPolicy;
  readonly random: () => number;
  readonly log: Log;
  readonly versions?: MessageVersions;
}

/** What the commit made true; publishing and acking come after it. */
export interface Committed {
  readonly publications: readonly Publication[];
  readonly saved: ReadonlyMap<Aggregate<unknown>, readonly unknown[]>;
  /** `performance.now()` before the transaction began. */
  readonly begunAt: number;
}

/** Everything a batch will write, gathered while its messages are decided in memory. */
interface Writes {
  readonly account: Account;
  readonly publications: Publication[];
  readonly scheduled: Scheduled[];
  /** Their copies for `<queue>.dead`; each is a row too. */
  readonly letters: Publication[];
  /** Letters without a body: the broker makes their copies. */
  readonly tooLarge: NewLetter[];
  readonly changed: Map<Aggregate<unknown>, Map<string, unknown>>;
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

function decideAll(
  work: readonly Work[],
  { fresh, now }: Claimed,
  loaded: Loaded,
  contexts: ReadonlyMap<unknown, unknown>,
  settings: BatchSettings,
  writes: Writes,
): void {
  const { account } = writes;
  const todo = work.filter(
    (one) => one.kind === 'fact' || fresh.delete(inboxKey({ messageId: one.id, attempt: one.envelope.attempt })),
  );
  const tells = settings.log.isLevelEnabled('debug');
  for (const one of todo) {
    if (one.kind === 'unreadable') {
      account.begin(one, one.envelope);
      giveUp(one, { errorClass: 'Unreadable', errorCode: one.code, errorMessage: one.reason }, settings, now, writes);
      continue;
    }
    const states = loaded.get(one.handler.aggregate) ?? new Map<string, unknown>();
    const origin = beginningOf(one, states);
    const caused = { ...origin, traceparent: account.begin(one, origin) ?? origin.traceparent };
    try {
      const decision = decide(one, states, contexts.get(one.handler), now, caused.traceparent);
      apply(one, decision, states, settings, now, writes, caused);
      if (tells && one.kind === 'message')
        settings.log.debug({ ...subject(one), end: decision.end }, 'message handled');
    } catch (error) {
      if (one.kind === 'fact') throw error;
      fail(one, causeOf(error), settings, now, writes);
    }
  }
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

const nothingYet = (account: Account): Writes => ({
  account,
  publications: [],
  scheduled: [],
  letters: [],
  tooLarge: [],
  changed: new Map(),
});

type Loaded = ReadonlyMap<Aggregate<unknown>, Map<string, unknown>>;

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

function decide(
  one: Item | Fact,
  states: ReadonlyMap<string, unknown>,
  context: unknown,
  now: Date,
  traceparent: string | undefined,
): Decision<unknown> {
  const id = one.kind === 'message' ? one.id : newId();
  const awaited = one.kind === 'message' && one.envelope.awaited === true;
  const answers = one.kind === 'message' ? one.envelope.answers : undefined;
  return one.handler.decide(
    (key) => states.get(key),
    { id, body: one.body, now, awaited, answers, traceparent },
    context,
  );
}

function apply(
  one: Item | Fact,
  decision: Decision<unknown>,
  states: Map<string, unknown>,
  settings: BatchSettings,
  now: Date,
  writes: Writes,
  origin: Beginning,
): void {
  switch (decision.end) {
    case 'done': {
      const aggregate = one.handler.aggregate;
      const changed = writes.changed.get(aggregate) ?? new Map<string, unknown>();
      for (const state of decision.save ?? []) {
        states.set(aggregate.key(state), state);
        changed.set(aggregate.key(state), state);
      }
      writes.changed.set(aggregate, changed);
      for (const outgoing of decision.send ?? []) {
        const message = spelled(outgoing, settings.versions ?? 'current');
        if (message !== undefined) writes.publications.push(publicationBy(one, message, origin, settings.queue));
      }
      for (const fallen of decision.fallOut ?? []) {
        const letter = publicationBy(one, fallen.message, origin, settings.queue);
        writes.letters.push(
          fallenLetter(letter, {
            ...settings,
            cause: { errorClass: 'FallenOut', errorCode: fallen.code, errorMessage: fallen.reason },
            now,
          }),
        );
      }
      if (one.kind === 'message') writes.account.end(one, 'done');
      return;
    }
    case 'park':
      if (one.kind === 'fact') throw new Error(`a fact cannot be parked: ${decision.reason}`);
      return giveUp(
        one,
        { errorClass: 'Parked', errorCode: decision.code, errorMessage: decision.reason },
        settings,
        now,
        writes,
        'parked',
      );
    case 'later':
      if (one.kind === 'fact') throw new Error('a fact cannot wait: its alarm does');
      writes.scheduled.push({ publication: again(one, settings.queue, one.envelope), dueAt: decision.at });
      writes.account.end(one, 'later', { againAt: decision.at });
      return;
    default:
      decision satisfies never;
  }
}

/** Counts a failure: again later with backoff, or given up. */
function fail(item: Item, cause: Cause, settings: BatchSettings, now: Date, writes: Writes): void {
  const failures = item.envelope.failures + 1;
  const delay = retryDelay(settings.retry, failures, settings.random());
  if (delay === 'exhausted') return giveUp(item, cause, settings, now, writes);
  settings.log.warn({ ...subject(item), failures, delay, error: cause }, 'message failed, trying again');
  const firstFailedAt = item.envelope.firstFailedAt ?? now.toISOString();
  const dueAt = new Date(now.getTime() + delay);
  writes.scheduled.push({
    publication: again(item, settings.queue, { ...item.envelope, failures, firstFailedAt }),
    dueAt,
  });
  writes.account.end(item, 'retry', { reason: cause.errorMessage, againAt: dueAt });
}

function giveUp(
  one: Exclude<Work, Fact>,
  cause: Cause,
  settings: BatchSettings,
  now: Date,
  writes: Writes,
  ending: 'parked' | 'deadLettered' = 'deadLettered',
): void {
  settings.log.error({ ...subject(one), error: cause }, 'message dead-lettered');
  const letter = deadLetter(one, settings.queue, settings.worker, cause, now);
  if (isTooLarge(one)) writes.tooLarge.push({ ...letter, body: null });
  else writes.letters.push(letter);
  const told = tellGivenUp(one, settings.queue, cause, now);
  if (told !== undefined && settings.versions !== 'previous') writes.publications.push(told);
  writes.account.end(one, one.kind === 'unreadable' ? 'unreadable' : ending, { reason: cause.errorMessage });
}

/** What a log line names a message by. */
function subject(one: Exclude<Work, Fact>): Record<string, unknown> {
  const about = one.kind === 'message' ? (one.body as { orderId?: string; itemId?: string; id?: string }) : {};
  return {
    messageId: one.id,
    type: one.type,
    correlationId: one.envelope.correlationId,
    traceId: one.envelope.traceparent === undefined ? undefined : traceIdOf(one.envelope.traceparent),
    attempt: one.envelope.attempt,
    orderId: about.orderId,
    itemId: about.itemId,
  };
}

/** The same message to the same queue, past the exchange that would hand it to every other consumer again. */
const again = (item: Item, queue: string, envelope: Envelope): Publication => ({
  id: item.id,
  exchange: '',
  routingKey: queue,
  type: item.type,
  envelope: { ...envelope, attempt: item.envelope.attempt + 1 },
  body: item.delivery.body.toString('utf8'),
});

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
