import { setTimeout as sleep } from 'node:timers/promises';
import type { Configuration } from '../configuration.ts';
import type { Log } from '../log.ts';
import { recordSpans } from './spans.ts';

export type TracingSettings = Pick<
  Configuration,
  'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' | 'OTEL_SERVICE_NAME' | 'OTEL_TRACES_SAMPLER_ARG'
>;

/** A collector that does not answer holds a drain up no longer than this. */
const patienceMs = 3_000;

/**
 * Records this process's spans where an OTLP endpoint is configured; elsewhere nothing is loaded and nothing happens.
 * As OpenTelemetry has it: the general endpoint is a base, the one for traces is the whole address.
 */
export async function startTracing(
  settings: TracingSettings,
  role: string,
  log: Log,
): Promise<{ stop(): Promise<void> }> {
  const base = settings.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, '');
  const url = settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base === undefined ? undefined : `${base}/v1/traces`);
  if (url === undefined) return { stop: async () => undefined };
  const { createOtlpRecorder } = await import('./otlp.ts');
  const serviceName = settings.OTEL_SERVICE_NAME ?? `patchbay-${role}`;
  const { record, stop } = createOtlpRecorder({ url, serviceName, ratio: settings.OTEL_TRACES_SAMPLER_ARG });
  recordSpans(record);
  log.info({ url, serviceName }, 'traces are exported');
  return {
    async stop() {
      recordSpans(undefined);
      const stopped = stop().catch((error: unknown) => log.warn({ error }, 'the last spans could not be exported'));
      await Promise.race([stopped, sleep(patienceMs, undefined, { ref: false })]);
    },
  };
}
