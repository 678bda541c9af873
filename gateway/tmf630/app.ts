/** The HTTP application: all APIs at their base paths, and one way in which everything fails. */
import { Hono } from 'hono';

import { errorAnswer, json, otherMethods } from './answer.ts';
import type { Api } from './api.ts';
import { baseUrl, type BoundaryContext, type BoundaryEnv, type BoundaryOptions, requestIdOf } from './boundary.ts';
import { docsRoutes } from './docs.ts';
import { toTmfError } from './error-mapper.ts';
import { refuse, shorten } from './errors.ts';
import { splitUrl } from './href.ts';
import { observed } from './observe.ts';
import { openApiDocument } from './openapi.ts';

/** Whether the role can do its work, and what it depends on. */
export interface HealthReport {
  readonly healthy: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

/** What the application is made of. */
export interface AppParts extends BoundaryOptions {
  readonly apis: readonly Api[];
  /** Asked by `/health`; without it the answer is that the process lives. */
  readonly health?: () => Promise<HealthReport>;
}

/** The whole application, to be handed to a server or asked through `app.request()`. */
export function createApp(parts: AppParts): Hono<BoundaryEnv> {
  const app = new Hono<BoundaryEnv>();
  app.use(observed);

  for (const api of parts.apis) {
    for (const router of api.routers) app.route(api.basePath, router);
    const path = `/openapi/${api.name}.json`;
    app.get(path, (c) => json(c, openApiDocument(api, baseUrl(c, parts)), 200));
    otherMethods(app, path, ['GET']);
  }
  app.route('/docs', docsRoutes(parts.apis));

  app.get('/health', async (c) => {
    const report = (await parts.health?.()) ?? { healthy: true, checks: {} };
    return json(c, { status: report.healthy ? 'pass' : 'fail', checks: report.checks }, report.healthy ? 200 : 503);
  });
  otherMethods(app, '/health', ['GET']);

  app.notFound((c) => {
    const { path } = splitUrl(c.req.url);
    return errorAnswer(
      c,
      refuse('unknownPath', `There is nothing at '${shorten(path, 200)}'.`, {
        message: `The APIs are at ${parts.apis.map((api) => api.basePath).join(', ')}, their documentation at /docs.`,
      }),
    );
  });

  app.onError((thrown, c) => fail(thrown, c, parts));
  return app;
}

function fail(thrown: Error, c: BoundaryContext, parts: AppParts): Response {
  const error = toTmfError(thrown);
  if (error.status >= 500)
    parts.onFailure?.(error, { method: c.req.method, path: splitUrl(c.req.url).path, requestId: requestIdOf(c) });
  return errorAnswer(c, error);
}
