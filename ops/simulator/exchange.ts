import { z } from 'zod';
import type { Database } from './database.ts';
import type { Fate } from './fault-book.ts';
import type { HoldingsStore } from './holdings.store.ts';
import type { CallOutcome } from './ledger.ts';
import type { LedgerStore } from './ledger.store.ts';
import type { Facts, Manager, Refusal, Site } from './manager.ts';

/** What a caller sends with every operation. */
export const callBody = z.strictObject({
  /** The operation's reference: one per thing to be done, the same on every attempt at it. */
  reference: z.string().min(1).max(200),
  /** What the network files this service under. */
  serviceRef: z.string().min(1).max(200),
  parameters: z.record(z.string(), z.unknown()).default({}),
});
export type Call = z.output<typeof callBody>;

/** What reaches the caller: an answer, or a connection that is cut now or after a silence. */
export type Answer =
  | { send: 'json'; status: number; body: unknown; headers?: Record<string, string> }
  | { send: 'text'; status: number; body: string; contentType: string }
  | { send: 'silence'; ms: number }
  | { send: 'cut' };

/** An answer with the ledger row it belongs to. */
export type Exchanged = { answer: Answer; seq: number };

/** A call that was cut off and is still to take effect. */
export type LateCall = { seq: number; dueAt: number; manager: string; operation: string; call: Call };

/** What applying a call comes to. */
type Application =
  | { applied: true; effect: boolean; times: number; result: Facts }
  | { applied: false; refused: Refusal | { status: 400; code: string; reason: string } };

type Exchange = {
  database: Database;
  holdings: HoldingsStore;
  ledger: LedgerStore;
  now: () => number;
  /** Keeps a late call until it is due; called inside the transaction that records it. */
  postpone: (late: LateCall) => void;
  /** Keeps work that was taken on until it is delivered; called inside the transaction that takes it on. */
  takeOn: (work: Work) => void;
};

/** Work that a manager took on. */
export type Work = { manager: string; operation: string; call: Call };

/** What became of work that was taken on. */
export type Finished = { state: 'done'; told: Facts } | { state: 'refused'; told: Refusal } | { state: 'calledOff' };

/** Deals with calls: every one is applied (or not), recorded and given its answer, in one transaction. */
export function exchange({ database, holdings, ledger, now, postpone, takeOn }: Exchange) {
  /** `half`: only part is done; `broken`: the platform fails over it, and one that knows repetitions will do it again. */
  function apply(manager: Manager, operationName: string, call: Call, how?: 'half' | 'broken'): Application {
    const { reference, serviceRef, parameters } = call;
    const operation = manager.operations[operationName];
    if (operation === undefined) throw new Error(`${manager.name} has no operation ${operationName}`);

    const known = holdings.readReference(manager.name, reference);
    if (known !== undefined && (known.operation !== operationName || known.serviceRef !== serviceRef)) {
      const reason = `${reference} is the reference of ${known.operation} for ${known.serviceRef}`;
      return { applied: false, refused: { status: 409, code: 'reference-used', reason } };
    }
    if (known !== undefined && manager.idempotent)
      return { applied: true, effect: false, times: known.times, result: known.result };

    const before = holdings.read(manager.name, serviceRef);
    const outcome = operation.run(before, parameters, siteOf(manager, call));
    if ('malformed' in outcome) return { applied: false, refused: malformed(outcome.malformed, 'parameters') };
    if ('refused' in outcome) return { applied: false, refused: outcome.refused };

    const after = how === undefined ? outcome.held : operation.partial(before, outcome.held);
    holdings.write(manager, serviceRef, before, after);
    if (how === 'broken' && manager.idempotent)
      return { applied: true, effect: false, times: 0, result: outcome.facts };
    const times = holdings.recordReference(manager.name, reference, operationName, serviceRef, outcome.facts);
    const isLater = operation.later?.awaited(after, reference) === true;
    if (isLater) takeOn({ manager: manager.name, operation: operationName, call });
    return { applied: true, effect: true, times, result: outcome.facts };
  }

  const siteOf = (manager: Manager, { reference, serviceRef }: Call): Site => ({
    serviceRef,
    reference,
    otherHolderOf: (claim) => holdings.otherHolderOf(manager.name, claim, serviceRef),
    free: (pool) => holdings.free(manager.name, pool),
    number: (sequence) => holdings.number(`${manager.name}/${sequence}`),
  });

  /**
   * Does, or gives up, what was taken on. Belongs into the transaction that keeps what became of it.
   *
   * @param refused why it is given up
   * @param despite done although it was called off meanwhile
   */
  function finish(manager: Manager, { operation, call }: Work, refused?: Refusal, despite = false): Finished {
    const { serviceRef, reference, parameters } = call;
    const later = manager.operations[operation]?.later;
    const before = holdings.read(manager.name, serviceRef);
    if (later === undefined || (!later.awaited(before, reference) && !despite)) return { state: 'calledOff' };
    const outcome = refused === undefined ? later.finish(before, parameters, siteOf(manager, call)) : { refused };
    if ('held' in outcome) {
      holdings.write(manager, serviceRef, before, outcome.held);
      return { state: 'done', told: outcome.facts };
    }
    holdings.write(manager, serviceRef, before, later.drop(before));
    return { state: 'refused', told: outcome.refused };
  }

  /** A call whose body is unusable: refused and recorded, with whatever reference it can be given. */
  function refuseMalformed(manager: Manager, operation: string, error: z.ZodError | undefined): Exchanged {
    const refused = error === undefined ? { ...notJson } : malformed(error, 'body');
    const seq = ledger.append({
      ...blank(manager, operation, now()),
      outcome: 'refused',
      status: refused.status,
      code: refused.code,
    });
    return { seq, answer: errorAnswer(refused) };
  }

  /** Deals with one well-formed call under the fate it was dealt. */
  function take(manager: Manager, operation: string, call: Call, fate: Fate): Exchanged {
    const { strike } = fate;
    const { reference, serviceRef } = call;

    /** Writes the ledger row; `application` is what was done, if anything was. */
    const record = (outcome: CallOutcome, answer: Answer, application?: Application): Exchanged => {
      const done = application?.applied === true ? application : undefined;
      const seq = ledger.append({
        ...blank(manager, operation, now()),
        reference,
        serviceRef,
        effect: done?.effect ?? false,
        effects: done?.times ?? holdings.readReference(manager.name, reference)?.times ?? 0,
        outcome,
        status: 'status' in answer ? answer.status : null,
        code: codeOf(answer) ?? (application?.applied === false ? application.refused.code : null),
        unknown: !['answered', 'refused', 'throttled'].includes(outcome),
        fault: fate.fault,
        rule: fate.rule,
      });
      return { seq, answer };
    };

    /** Applies, and answers as a platform in good order does. */
    const applied = (how?: 'half' | 'broken'): { application: Application; answer: Answer; outcome: CallOutcome } => {
      const application = apply(manager, operation, call, how);
      if (!application.applied) return { application, answer: errorAnswer(application.refused), outcome: 'refused' };
      const body = { reference, serviceRef, result: application.result };
      return { application, answer: { send: 'json', status: 200, body }, outcome: 'answered' };
    };

    return database.atomically(() => {
      switch (strike?.kind) {
        case 'error': {
          const application = strike.params.applied ? applied().application : undefined;
          return record('error', errorAnswer({ ...platformError, status: strike.params.status }), application);
        }
        case 'throttle': {
          const error = { status: 429, code: 'throttled', reason: 'too many calls' };
          return record('throttled', errorAnswer(error, { 'retry-after': `${strike.params.retryAfterSeconds}` }));
        }
        case 'refuse':
          return record('refused', errorAnswer(strike.params));
        case 'hang':
          return record('hang', { send: 'silence', ms: strike.params.ms });
        case 'reset':
          return record('reset', { send: 'cut' });
        case 'late-apply': {
          const cut = record('late', { send: 'cut' });
          postpone({ seq: cut.seq, dueAt: now() + strike.params.ms, manager: manager.name, operation, call });
          return cut;
        }
        case 'lost-answer':
          return record('lost', { send: 'cut' }, applied().application);
        case 'wrong-answer': {
          const { application, answer, outcome } = applied();
          if (!application.applied) return record(outcome, answer, application);
          return record('wrong', wrongAnswer(strike.params.form, call), application);
        }
        case 'partial': {
          const { application, answer, outcome } = applied(strike.params.answer === 'success' ? 'half' : 'broken');
          if (!application.applied || strike.params.answer === 'success') return record(outcome, answer, application);
          return strike.params.answer === 'none'
            ? record('lost', { send: 'cut' }, application)
            : record('error', errorAnswer(platformError), application);
        }
        case 'latency':
        case undefined: {
          const { application, answer, outcome } = applied();
          return record(outcome, answer, application);
        }
        default:
          return strike satisfies never;
      }
    });
  }

  /** Lets a late call take effect, unless the platform now refuses it, and completes its ledger row. */
  function takeLate(manager: Manager, { seq, operation, call }: LateCall): void {
    const application = apply(manager, operation, call);
    if (application.applied) ledger.amendLate(seq, application.effect, application.times, null);
    else ledger.amendLate(seq, false, 0, application.refused.code);
  }

  return { take, takeLate, finish, refuseMalformed };
}

const platformError = { status: 503, code: 'platform-error', reason: 'the platform failed' };

/** An error body, the one shape there is. */
export const errorAnswer = (
  { status, code, reason }: { status: number; code: string; reason: string },
  headers: Record<string, string> = {},
): Answer => ({ send: 'json', status, body: { error: { code, reason } }, headers });

/** A 200 that no caller should believe. */
export function wrongAnswer(form: 'malformed' | 'mismatch' | 'html', call: Partial<Call>): Answer {
  const whole = JSON.stringify({ reference: call.reference, serviceRef: call.serviceRef, result: {} });
  switch (form) {
    case 'malformed':
      return { send: 'text', status: 200, body: whole.slice(0, -3), contentType: 'application/json' };
    case 'html':
      return { send: 'text', status: 200, body: '<html><body>Maintenance</body></html>', contentType: 'text/html' };
    case 'mismatch':
      return {
        send: 'json',
        status: 200,
        body: { reference: `not-${call.reference}`, serviceRef: `not-${call.serviceRef}`, result: {} },
      };
    default:
      return form satisfies never;
  }
}

const notJson = { status: 400, code: 'malformed', reason: 'the body is not JSON' } as const;

const malformed = (error: z.ZodError, where: string) => ({
  status: 400 as const,
  code: 'malformed',
  reason: error.issues.map((issue) => `${[where, ...issue.path].join('.')}: ${issue.message}`).join('; '),
});

const codeOf = (answer: Answer): string | null =>
  answer.send === 'json' && answer.status >= 400 ? (answer.body as { error: { code: string } }).error.code : null;

const blank = (manager: Manager, operation: string, at: number) => ({
  at,
  manager: manager.name,
  operation,
  reference: null,
  serviceRef: null,
  effect: false,
  effects: 0,
  status: null,
  code: null,
  unknown: false,
  fault: null,
  rule: null,
});
