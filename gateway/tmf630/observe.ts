/** What is told of every request: its duration for Prometheus, and its span for OpenTelemetry. */
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';

import { httpRequests } from '../../ops/platform/metrics/metrics.ts';
import { type Span, isTracing, startSpan } from '../../ops/platform/tracing/spans.ts';
import { beginTrace, readTraceparent } from '../../ops/platform/tracing/trace-context.ts';
import type { BoundaryContext, BoundaryEnv, RequestTrace } from './boundary.ts';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** What no route is made for may have any path: it must not make a label of its own. */
const noRoute = 'none';

/** Times every request and gives it its trace. To be used before all routes. */
export const observed: MiddlewareHandler<BoundaryEnv> = async (c, next) => {
  const started = performance.now();
  const request = traceOf(c);
  c.set('trace', request);
  await next();
  const { status } = c.res;
  const method = methods.has(c.req.method) ? c.req.method : 'other';
  httpRequests.observe({ method, route: routeOf(c), status }, (performance.now() - started) / 1_000);
  if (isTracing()) request.end(status);
};

function traceOf(c: BoundaryContext): RequestTrace & { end(status: number): void } {
  const startedAt = Date.now();
  let span: Span | undefined;
  const begin = (parent: string | undefined, correlationId?: string): Span | undefined =>
    startSpan({
      name: `${c.req.method} ${routeOf(c)}`,
      kind: 'server',
      ...{ parent, correlationId, startedAt },
      attributes: { 'http.request.method': c.req.method, 'http.route': routeOf(c), 'url.path': c.req.path },
    });
  return {
    carry(correlationId) {
      const incoming = readTraceparent(c.req.header('traceparent'));
      if (isTracing()) span ??= begin(incoming, correlationId);
      return span?.traceparent ?? incoming ?? beginTrace(correlationId);
    },
    end(status) {
      span ??= begin(readTraceparent(c.req.header('traceparent')));
      span?.end({ 'http.response.status_code': status }, status >= 500 ? `answered ${status}` : undefined);
    },
  };
}

function routeOf(c: BoundaryContext): string {
  const route = routePath(c, -1);
  return route === '/*' || route === '' ? noRoute : route;
}
