import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type IdGenerator,
  ParentBasedSampler,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { SpanRecorder, SpanStart } from './spans.ts';
import { traceIdFor, traceIdOf } from './trace-context.ts';

export interface OtlpOptions {
  /** Where spans are posted: the whole address, `…/v1/traces`. */
  readonly url: string;
  readonly serviceName: string;
  /** The share of traces begun here that is recorded; a trace begun elsewhere is recorded when its caller does. */
  readonly ratio: number;
}

const kinds: Readonly<Record<SpanStart['kind'], SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

/** Spans kept at most while the collector is away or slow; what is more is dropped, never waited for. */
const mostSpans = 20_000;

/**
 * Records spans with the OpenTelemetry SDK and posts them to a collector by OTLP/HTTP. Loaded only where an endpoint is
 * configured. The exporter reads OTEL_EXPORTER_OTLP_HEADERS and its like by itself.
 */
export function createOtlpRecorder({ url, serviceName, ratio }: OtlpOptions): {
  record: SpanRecorder;
  /** Sends what is left. */
  stop(): Promise<void>;
} {
  const random = new RandomIdGenerator();
  let nextTraceId: string | undefined;
  const idGenerator: IdGenerator = {
    generateSpanId: () => random.generateSpanId(),
    generateTraceId: () => nextTraceId ?? random.generateTraceId(),
  };
  const provider = new TracerProvider({
    idGenerator,
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.namespace': 'patchbay' }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url }),
        maxQueueSize: mostSpans,
        maxExportBatchSize: 1_000,
        scheduledDelayMillis: 1_000,
      }),
    ],
  });
  const tracer = provider.getTracer('patchbay');

  function record({ name, kind, parent, correlationId, startedAt, attributes }: SpanStart) {
    nextTraceId = parent === undefined && correlationId !== undefined ? traceIdFor(correlationId) : undefined;
    const span = tracer.startSpan(
      name,
      {
        kind: kinds[kind],
        ...(startedAt === undefined ? {} : { startTime: startedAt }),
        ...(attributes === undefined ? {} : { attributes }),
      },
      parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(parent)),
    );
    nextTraceId = undefined;
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')}`,
      end(more?: SpanStart['attributes'], error?: string) {
        if (more !== undefined) span.setAttributes(more);
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
        span.end();
      },
    };
  }
  return { record, stop: () => provider.shutdown() };
}

const contextOf = (traceparent: string) => ({
  traceId: traceIdOf(traceparent),
  spanId: traceparent.slice(36, 52),
  traceFlags: Number.parseInt(traceparent.slice(53, 55), 16),
  isRemote: true,
});
