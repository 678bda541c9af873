import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outgoing } from '../../contracts/messages/message.ts';
import type { CommandRefused } from '../../contracts/messages/values.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { Database } from '../../ops/platform/database.ts';
import { publicationOf } from '../../ops/platform/messaging/envelope.ts';
import type { Relay } from '../../ops/platform/messaging/relay.ts';
import type { RequestContext } from '../tmf630/boundary.ts';
import type { ResourceDescriptor } from '../tmf630/descriptor.ts';
import { TmfError, notFound, preconditionFailed, refuse, unavailable } from '../tmf630/errors.ts';
import { type IdempotencyClaim, judgeClaim } from '../tmf630/idempotency.ts';
import { represent } from '../tmf630/represent.ts';
import type { Created } from '../tmf630/resource.ts';
import type { StoredView, ViewStore } from '../tmf630/view-store.ts';
import { createAcceptance } from './acceptance.ts';
import type { CommandOutcome } from './outcome.store.ts';
import type { Outcomes } from './outcomes.ts';
import {
  type KnownKey,
  type NewKey,
  type Submission,
  claimKey,
  freeKey,
  readKey,
  releaseKey,
  sendAwaited,
  settleKey,
  takeOverKey,
} from './submit.store.ts';
import { columnsOf } from '../tmf630/view-row.ts';

/** How the gateway gets things done: it never does them itself. */
export interface Commands {
  /** Accepts a create at once, in one local statement; the broker may be down. Its command is committed with it. */
  accept(ctx: RequestContext, submission: Accepting): Promise<Created>;
  /** Sends a command and waits a bounded time for what its owner says. */
  ask(ctx: RequestContext, question: Asking): Promise<Answered>;
  /**
   * Asks an owner something that changes nothing, and waits a bounded time for the answer. Nothing is kept of it.
   *
   * @throws 503 when it is late
   */
  inquire(ctx: RequestContext, question: Inquiring): Promise<JsonObject>;
  /**
   * An accepted create as its owner holds it; waits a bounded time until the owner has taken it.
   *
   * @returns undefined for what was never accepted, or is deleted
   * @throws 503 when it is late
   */
  taken(resource: ResourceDescriptor, id: string): Promise<StoredView | undefined>;
}

/** What a command came to: the resource, at the revision the command made. */
export interface Answered {
  readonly id: string;
  readonly revision: number;
  /** Told again under its Idempotency-Key. */
  readonly replayed: boolean;
}

export interface Accepting {
  readonly resource: ResourceDescriptor;
  readonly id: string;
  /** As it is shown until its owner answers, and kept: what of it the client sent is part of the resource from then on. */
  readonly view: JsonObject;
  readonly command: Outgoing;
}

export interface Asking {
  readonly resource: ResourceDescriptor;
  /** Of a create, the id it shall have; the same request sent before under its key has given it one already. */
  readonly id: string;
  /** The resource whose story it belongs to, in logs and traces, where that is another one: its id. */
  readonly about?: string;
  /**
   * Computes the command; again on the then newest revision when the owner found the one it was computed from overtaken.
   * Unchanged: there is nothing to do.
   *
   * @param id of what it is about: the question's own, unless an earlier request under the key has made one
   */
  readonly attempt: (id: string) => Promise<{ command: Outgoing; document?: JsonObject } | { unchanged: StoredView }>;
  /** False under If-Match: then an overtaken revision is the client's to hear of. */
  readonly retryStale: boolean;
}

export interface Inquiring {
  readonly resource: ResourceDescriptor;
  /** What the question is about, in logs and traces. */
  readonly id: string;
  readonly command: Outgoing;
}

export interface CommandsOptions {
  readonly sql: Database;
  /** For accepting alone. */
  readonly accepting: Database;
  readonly store: ViewStore;
  readonly relay: Relay;
  readonly outcomes: Outcomes;
  readonly waitMs: number;
}

/** How often an overtaken PATCH is computed again. */
const staleRetries = 3;
/** An owner takes a create within milliseconds; nobody but a client that did not pause in between ever waits for it. */
const takenPollMs = 25;

export function createCommands({ sql, accepting, store, relay, outcomes, waitMs }: CommandsOptions): Commands {
  const submit = createAcceptance(accepting);

  // Texts alone wait for the database: a garbage collector copies what waits, and documents are many small things. So nothing
  // awaits where the documents are.
  function accept(ctx: RequestContext, { resource, id, view, command }: Accepting): Promise<Created> {
    const message = publicationOf(command, { correlationId: id, ...traced(ctx, id) });
    const key = ctx.idempotency && {
      scope: scopeOf(ctx.idempotency),
      bodyHash: ctx.idempotency.bodyHash,
      response: { id, revision: 0, doc: view } satisfies StoredView,
      waitMs,
    };
    const answer = JSON.stringify(represent(resource, { id, revision: 0, doc: view }, ctx.baseUrl));
    const text = JSON.stringify(view);
    const submission = { resource, id, text, columns: columnsOf(resource, view), message, key };
    return accepted(submission, answer, ctx.idempotency);
  }

  async function accepted(
    submission: Submission,
    answer: string,
    claim: IdempotencyClaim | undefined,
  ): Promise<Created> {
    if (await submit(submission)) {
      relay.committed([submission.message]);
      return { accepted: { id: submission.id, answer } };
    }
    const { key } = submission;
    const known = key && (await readKey(sql, key.scope));
    if (known === undefined || claim === undefined) throw unavailable('The order could not be accepted just now.');
    judgeClaim({ bodyHash: known.bodyHash, answered: known.response !== null }, claim);
    return { view: known.response as StoredView, replayed: true };
  }

  async function ask(ctx: RequestContext, question: Asking) {
    const claim = ctx.idempotency;
    if (claim === undefined) return attempts(ctx, question, undefined);
    const key = { scope: scopeOf(claim), bodyHash: claim.bodyHash, response: null, waitMs };
    const known = await claimKey(sql, question.resource.name, question.id, key);
    if (known !== undefined) {
      judgeClaim({ bodyHash: known.bodyHash, answered: known.response !== null || !known.inFlight }, claim);
      if (known.response !== null) return { ...(known.response as Omit<Answered, 'replayed'>), replayed: true };
      if (!(await takeOverKey(sql, key.scope, waitMs))) throw unavailable('Another request under this key was first.');
    }
    try {
      const answer = await (known === undefined ? attempts(ctx, question, key) : goOn(ctx, known, question, key));
      await settleKey(sql, key.scope, { id: answer.id, revision: answer.revision });
      return answer;
    } catch (error) {
      if (error instanceof TmfError && error.code === 'commandGivenUp') await freeKey(sql, key.scope);
      else await releaseKey(sql, key.scope);
      throw error;
    }
  }

  async function attempts(ctx: RequestContext, question: Asking, key: NewKey | undefined): Promise<Answered> {
    const { resource, id, about = id } = question;
    for (let attempt = 0; ; attempt += 1) {
      const step = await question.attempt(id);
      if ('unchanged' in step) return { id, revision: step.unchanged.revision, replayed: false };
      const message = publicationOf(step.command, { correlationId: about, awaited: true, ...traced(ctx, about) });
      await sendAwaited(sql, { resource, id, message, document: step.document, key });
      relay.committed([message]);
      const outcome = await outcomes.wait(message.id, waitMs);
      if (overtaken(outcome, question) && attempt < staleRetries) continue;
      return settled(outcome, question);
    }
  }

  /** The same request again, unanswered so far: waits for what was sent then. If that came to nothing, it is computed anew. */
  async function goOn(ctx: RequestContext, known: KnownKey, asked: Asking, key: NewKey): Promise<Answered> {
    const { commandId, resourceId } = known;
    const question = { ...asked, id: resourceId };
    if (commandId === null) return attempts(ctx, question, key);
    const outcome = await outcomes.wait(commandId, waitMs);
    if (overtaken(outcome, question)) return attempts(ctx, question, key);
    return { ...settled(outcome, question), replayed: true };
  }

  function settled(outcome: CommandOutcome | undefined, { resource, id, retryStale }: Asking): Answered {
    if (outcome === undefined) {
      throw unavailable(
        `The ${resource.name} did not answer within ${waitMs / 1000} s; the request is still under way.`,
      );
    }
    if (outcome.refusal !== null) throw refusalOf(resource, id, outcome.refusal, retryStale);
    if (outcome.revision === null) throw new Error(`command ${outcome.commandId} was answered as a question`);
    return { id: outcome.id, revision: outcome.revision, replayed: false };
  }

  async function inquire(ctx: RequestContext, { resource, id, command }: Inquiring): Promise<JsonObject> {
    const message = publicationOf(command, { correlationId: id, awaited: true, ...traced(ctx, id) });
    await sendAwaited(sql, { resource, id, message, document: undefined, key: undefined });
    relay.committed([message]);
    const { result, refusal } = (await outcomes.wait(message.id, waitMs)) ?? {};
    if (refusal !== undefined && refusal !== null) throw refusalOf(resource, id, refusal, false);
    if (result === undefined || result === null)
      throw unavailable(`The question was not answered within ${waitMs / 1000} s.`, 2, { message: 'Ask again.' });
    return result;
  }

  async function taken(resource: ResourceDescriptor, id: string): Promise<StoredView | undefined> {
    // Half of the time: the other half is for the command that follows.
    const until = performance.now() + waitMs / 2;
    for (;;) {
      const view = await store.get(resource, id);
      if (view === undefined || view.revision > 0) return view;
      if (performance.now() > until)
        throw unavailable(`The ${resource.name} '${id}' is accepted and not taken up yet.`);
      await sleep(takenPollMs);
    }
  }

  return { accept, ask, inquire, taken };
}

const traced = (ctx: RequestContext, id: string): { traceparent?: string } => {
  const traceparent = ctx.trace.carry(id);
  return traceparent === undefined ? {} : { traceparent };
};

const overtaken = (outcome: CommandOutcome | undefined, { retryStale }: Asking): boolean =>
  retryStale && outcome?.refusal?.kind === 'stale';

/** What the owner said no to, as the document's own statuses say it. */
function refusalOf(
  resource: ResourceDescriptor,
  id: string,
  { commandId, kind, code, reason }: CommandRefused,
  retryStale: boolean,
): TmfError {
  switch (kind) {
    case 'notFound':
      return notFound(resource.name, id);
    case 'stale':
      return retryStale
        ? refuse('conflict', `The ${resource.name} '${id}' keeps changing; the change was not made.`, {
            message: 'Send it again.',
          })
        : preconditionFailed(resource.name, id);
    case 'conflict':
      return new TmfError(409, code, reason);
    case 'invalid':
      return new TmfError(400, code, reason);
    case 'givenUp':
      return refuse('commandGivenUp', `The ${resource.name} could not be changed: ${reason}`, {
        message: `The command lies in the dead letters (${commandId}). Its key is free: send the request again when the cause is mended.`,
        headers: { 'Retry-After': '60' },
      });
    default:
      return kind satisfies never;
  }
}

/** One row per (client, method, path, key), whatever their lengths. */
const scopeOf = ({ client, method, path, key }: IdempotencyClaim): string =>
  createHash('sha256')
    .update(JSON.stringify([client, method, path, key]))
    .digest('hex');

/** Reads the view that an outcome is about. Both are written in one transaction, so the view is there. */
export async function outcomeView(store: ViewStore, resource: ResourceDescriptor, id: string): Promise<StoredView> {
  const view = await store.get(resource, id);
  if (view === undefined) throw notFound(resource.name, id);
  return view;
}
