import { platformCalls } from '../../ops/platform/metrics/metrics.ts';
import { type Span, isTracing, startSpan } from '../../ops/platform/tracing/spans.ts';

/** What a call is about, as metrics, traces and log lines name it. */
export interface Subject {
  readonly platform: string;
  /** What is asked, as the metric names it. */
  readonly what: string;
  /** The span's name. */
  readonly span: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly correlationId: string;
  /** Of the message that set it going. */
  readonly traceparent: string | undefined;
  /** For log lines. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** One call, read-back or poll of a platform, as metrics and traces see it. */
export interface ObservedCall {
  /** It begins now. What never begins (held back, no place) is no call, and nothing is told of it. */
  begin(): void;
  /** The platform answered, or did not; what came of it is told with `end`. */
  over(): void;
  end(result: { readonly kind: string; readonly failure?: { readonly reason: string } | undefined }): void;
  /** Of the call's span; where none is recorded, of the message that set it going. Goes along to the platform. */
  traceparent(): string | undefined;
}

export function observeCall({ platform, what, span: name, ...subject }: Subject): ObservedCall {
  let started: number | undefined;
  let seconds = 0;
  let span: Span | undefined;
  return {
    begin() {
      started = performance.now();
      if (!isTracing()) return;
      const { attributes, correlationId, traceparent: parent } = subject;
      span = startSpan({
        ...{ name, kind: 'client', parent, correlationId },
        attributes: { 'patchbay.platform': platform, ...attributes },
      });
    },
    over() {
      seconds = (performance.now() - (started ?? performance.now())) / 1_000;
    },
    end(result) {
      if (started === undefined) return;
      platformCalls.observe({ platform, what, result: result.kind }, seconds);
      span?.end({ 'patchbay.outcome': result.kind }, result.failure?.reason);
    },
    traceparent: () => span?.traceparent ?? subject.traceparent,
  };
}
