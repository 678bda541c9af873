/** W3C Trace Context, as far as it travels with a message: version 00, no tracestate. */

const pattern = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const zeros = /^0+$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A `traceparent` header from outside, as we carry it on; undefined when it is none (then a new trace begins). */
export function readTraceparent(header: string | undefined): string | undefined {
  const [, traceId = '', spanId = '', flags = ''] = pattern.exec(header?.trim().toLowerCase() ?? '') ?? [];
  if (traceId === '' || header?.startsWith('ff') === true || zeros.test(traceId) || zeros.test(spanId))
    return undefined;
  return `00-${traceId}-${spanId}-${flags}`;
}

/** The trace a `traceparent` of ours belongs to. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);

/**
 * The trace of an order whose client began none: the order's own id without dashes, so that whoever has the one has the
 * other, and what an alarm or an operator sets going later lands in the same trace.
 */
export const traceIdFor = (correlationId: string): string | undefined =>
  uuid.test(correlationId) ? correlationId.replaceAll('-', '') : undefined;

/**
 * The first `traceparent` of a correlation's own trace, for a process that records no spans. Not sampled: nobody has the
 * span it names.
 *
 * @param random 0 <= random < 1
 */
export function beginTrace(correlationId: string, random: () => number = Math.random): string | undefined {
  const traceId = traceIdFor(correlationId);
  const half = (): string =>
    Math.floor(1 + random() * 0xff_ff_ff_fe)
      .toString(16)
      .padStart(8, '0');
  return traceId === undefined ? undefined : `00-${traceId}-${half()}${half()}-00`;
}
