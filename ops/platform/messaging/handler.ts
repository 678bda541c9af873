import type { MessageDefinition, Outgoing } from '../../../contracts/messages/message.ts';
import type { Transaction } from '../database.ts';
import type { Statement } from './pipelined.ts';

/**
 * What a worker owns one of per key, with how it is read and written for many at once.
 *
 * `load` locks the rows it reads, in key order; `save` writes each state once, whatever number of messages made it. It gives
 * its statements and does not send them: they go out together with the commit.
 */
export interface Aggregate<State> {
  readonly name: string;
  key(state: State): string;
  load(tx: Transaction, keys: readonly string[]): Promise<Map<string, State>>;
  save(tx: Transaction, states: readonly State[]): readonly Statement[];
  /**
   * Called after the commit with what was saved: the place to begin what the commit allowed. Must not throw.
   *
   * @param begunAt `performance.now()` before the transaction: the leases that it gave began later
   */
  committed?(states: readonly State[], begunAt: number): void;
  /** What it remembers of the message that set it going; without it, an alarm's messages are about the aggregate's key. */
  origin?(state: State): Origin;
}

/** Where what happens to an aggregate without a message (an alarm, a platform's answer) comes from. */
export interface Origin {
  readonly correlationId?: string | undefined;
  /** The message that set it going. */
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** A message as a decision sees it. */
export interface Received<Body> {
  readonly id: string;
  readonly body: Body;
  /** The database's clock when the batch began. */
  readonly now: Date;
  /** True when somebody waits for the outcome: refuse with a message, not with silence. */
  readonly awaited: boolean;
  /** For an event: the awaited command it is the outcome of. */
  readonly answers: string | undefined;
  /** The span it is handled in, or that of its sender: to be remembered where something goes on without a message. */
  readonly traceparent?: string | undefined;
}

/** What a decision may end in, besides throwing (which is: try again later, a bounded number of times). */
export type Decision<State> = Done<State> | Park | Later;

export interface Done<State> {
  readonly end: 'done';
  readonly save?: readonly State[];
  readonly send?: readonly Outgoing[];
  /** Messages for a person: they go to this queue's dead letters; replayed, they come back to it. */
  readonly fallOut?: readonly FallenOut[];
}
export interface FallenOut {
  readonly message: Outgoing;
  readonly code: string;
  readonly reason: string;
}
/** Never again: to the dead-letter queue, for a person. */
export interface Park {
  readonly end: 'park';
  readonly code: string;
  readonly reason: string;
}
/** Again at that time, without counting an attempt. */
export interface Later {
  readonly end: 'later';
  readonly at: Date;
}

export const done = <State>(effects: Omit<Done<State>, 'end'> = {}): Done<State> => ({ end: 'done', ...effects });
export const park = (code: string, reason: string): Park => ({ end: 'park', code, reason });
export const later = (at: Date): Later => ({ end: 'later', at });

/** A handler with its types erased, as the runtime keeps it. */
export interface Handler {
  readonly definition: MessageDefinition<unknown>;
  readonly aggregate: Aggregate<unknown>;
  keys(body: unknown): readonly string[];
  /** Read once per batch for all its messages, beside the aggregates. */
  context(tx: Transaction, bodies: readonly unknown[]): Promise<unknown>;
  decide(get: (key: string) => unknown, received: Received<unknown>, context: unknown): Decision<unknown>;
}

interface One<Body, State, Context> {
  readonly of: Aggregate<State>;
  readonly key: (body: Body) => string;
  readonly context?: (tx: Transaction, bodies: readonly Body[]) => Promise<Context>;
  readonly decide: (state: State | undefined, received: Received<Body>, context: Context) => Decision<State>;
}

/**
 * Declares what one kind of message does to one aggregate. Written for one, run for many: the runtime loads and saves
 * for a whole batch, `decide` is pure and sees one message.
 */
export function on<Body, State, Context = undefined>(
  definition: MessageDefinition<Body>,
  { of, key, context, decide }: One<Body, State, Context>,
): Handler {
  return onMany(definition, {
    of,
    keys: (body) => [key(body)],
    ...(context === undefined ? {} : { context }),
    decide: (get, received, loaded: Context) => decide(get(key(received.body)), received, loaded),
  });
}

interface Many<Body, State, Context> {
  readonly of: Aggregate<State>;
  readonly keys: (body: Body) => readonly string[];
  readonly context?: (tx: Transaction, bodies: readonly Body[]) => Promise<Context>;
  readonly decide: (
    get: (key: string) => State | undefined,
    received: Received<Body>,
    context: Context,
  ) => Decision<State>;
}

/** The same for a message that concerns several aggregates of one kind at once. */
export function onMany<Body, State, Context = undefined>(
  definition: MessageDefinition<Body>,
  { of, keys, context, decide }: Many<Body, State, Context>,
): Handler {
  return {
    definition: definition as MessageDefinition<unknown>,
    aggregate: of,
    keys: (body) => keys(body as Body),
    context: (tx, bodies) => context?.(tx, bodies as Body[]) ?? Promise.resolve(undefined),
    decide: (get, received, loaded) =>
      decide(get as (key: string) => State | undefined, received as Received<Body>, loaded as Context),
  };
}
