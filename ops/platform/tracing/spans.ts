/** A span that has begun. */
export interface Span {
  /** What its children, here and elsewhere, name it by: W3C `traceparent`. */
  readonly traceparent: string;
  /** @param error why it failed, in words */
  end(attributes?: Attributes, error?: string): void;
}

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanStart {
  readonly name: string;
  readonly kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  /** The `traceparent` of what caused it. */
  readonly parent?: string | undefined;
  /** Without a parent: the correlation whose trace it begins or goes on with. */
  readonly correlationId?: string | undefined;
  /** Milliseconds since the epoch; now, unless told. */
  readonly startedAt?: number;
  readonly attributes?: Attributes;
}

/** Records spans somewhere. */
export type SpanRecorder = (start: SpanStart) => Span;

let recorder: SpanRecorder | undefined;

/** Has this process record its spans, or no longer. Without a recorder a span costs one comparison. */
export function recordSpans(to: SpanRecorder | undefined): void {
  recorder = to;
}

/** True when somebody records: what a span would be made of need not be gathered otherwise. */
export const isTracing = (): boolean => recorder !== undefined;

/** Begins a span, where spans are recorded. */
export const startSpan = (start: SpanStart): Span | undefined => recorder?.(start);
