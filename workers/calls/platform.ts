/** What a request takes along of the call that makes it. */
export interface Sending {
  readonly signal: AbortSignal;
  /** W3C trace context, to be sent along. */
  readonly traceparent?: string | undefined;
  /** Whether the call is still its process's own: asked when the connection stands, before the first byte of a change. */
  readonly leaseHolds?: () => boolean;
}

/** One call to a platform: what it is told about itself. */
export interface CallContext extends Sending {
  readonly url: string;
  /** The operation's business key: sent along, so that the platform knows a repetition, and read back by. */
  readonly reference: string;
  /** Labels what the platform holds for the service. */
  readonly serviceRef: string;
  /** Where an outside system may say how the work went; it has to sign what it says (see the gateway's callbacks). */
  readonly callbackUrl: string;
}

/** What a read-back found. */
export type ReadBack = { readonly applied: true; readonly result: unknown } | { readonly applied: false };

/**
 * A network platform as activators see it. `Client` is what a step calls; everything else serves the runtime:
 * reading back what became of a call, observing, probing.
 */
export interface Platform<Client = unknown> {
  readonly name: string;
  /** How long one call may take. */
  readonly timeoutMs: number;
  /** How long after a lost answer the call may still take effect. */
  readonly settleMs: number;
  /** Calls at once, per process. */
  readonly concurrency: number;
  connect(context: CallContext): Client;
  readBack(context: CallContext): Promise<ReadBack>;
  /** Everything the platform holds for the service. */
  observe(context: Pick<CallContext, 'url' | 'serviceRef' | 'signal'>): Promise<Record<string, unknown>>;
  /** A cheap read that tells whether the platform answers at all. */
  probe(context: Pick<CallContext, 'url' | 'signal'>): Promise<void>;
}

/** An outside system took the work on and will say later how it went. */
export interface Pending {
  readonly pending: true;
}
export const pending: Pending = { pending: true };
export const isPending = (result: unknown): result is Pending => result === pending;

/** The platform understood and said no: a business answer, final, and a success for its breaker. */
export class PlatformRefusal extends Error {
  override name = 'PlatformRefusal';
  readonly code: string;

  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** The call certainly had no effect (never connected, or turned away under load) and may be made again. */
export class PlatformNotReached extends Error {
  override name = 'PlatformNotReached';
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, retryAfterMs?: number) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Nobody knows whether the call took effect: no answer in time, a lost connection, an answer that makes no sense. */
export class OutcomeUnknown extends Error {
  override name = 'OutcomeUnknown';
}

/** The lease of a call ran out before its request left: somebody else's by now, nothing was sent. */
export class LeaseOver extends Error {
  override name = 'LeaseOver';
}

/** True for an error that says the platform is not there or not itself: not that it said no, nor that our own code is wrong. */
export const isOutage = (error: unknown): boolean =>
  error instanceof OutcomeUnknown || error instanceof PlatformNotReached;
