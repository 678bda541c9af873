import { type MessageVersions, spelled } from '../../../contracts/messages/message.ts';
import type { Envelope, Publication } from './envelope.ts';
import { newId } from '../ids.ts';
import { type Claimed, inboxKey } from './inbox.store.ts';
import type { Log } from '../log.ts';
import type { NewLetter } from './letter.store.ts';
import type { Scheduled } from './message.store.ts';
import { traceIdOf } from '../tracing/trace-context.ts';
import type { Account } from './account.ts';
import { type Beginning, beginningOf, publicationBy } from './causation.ts';
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

/** Everything a batch will write, gathered while its messages are decided in memory. */
export interface Writes {
  readonly account: Account;
  readonly publications: Publication[];
  readonly scheduled: Scheduled[];
  /** Their copies for `<queue>.dead`; each is a row too. */
  readonly letters: Publication[];
  /** Letters without a body: the broker makes their copies. */
  readonly tooLarge: NewLetter[];
  readonly changed: Map<Aggregate<unknown>, Map<string, unknown>>;
}

export const nothingYet = (account: Account): Writes => ({
  account,
  publications: [],
  scheduled: [],
  letters: [],
  tooLarge: [],
  changed: new Map(),
});

/** Aggregates, by their keys. */
export type Loaded = ReadonlyMap<Aggregate<unknown>, Map<string, unknown>>;

/** Decides a batch's messages one after the other: several of one aggregate fold in turn. */
export function decideAll(
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
        writes.publications.push(publicationBy(one, message, origin, settings.queue));
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
export function fail(item: Item, cause: Cause, settings: BatchSettings, now: Date, writes: Writes): void {
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

export function giveUp(
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
