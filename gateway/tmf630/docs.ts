/**
 * `/docs`: a page to read the APIs and try their operations. It is our own: nothing comes from another host, and no
 * package with install-time telemetry (swagger-ui-dist brings one) or twelve megabytes of script comes with it.
 */
import { readFileSync } from 'node:fs';

import { Hono } from 'hono';

import { otherMethods } from './answer.ts';
import type { Api } from './api.ts';
import type { BoundaryEnv } from './boundary.ts';

/** Scripts and requests from the page's own origin only: what an API answers is shown, never run. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The routes of the documentation, to be mounted at `/docs`. */
export function docsRoutes(apis: readonly Pick<Api, 'name' | 'title' | 'version'>[]): Hono<BoundaryEnv> {
  const app = new Hono<BoundaryEnv>();
  const asset = (file: string) => readFileSync(new URL(`docs/${file}`, import.meta.url), 'utf8');
  const options = apis
    .map(({ name, title, version }) => `<option value="${name}">${title} ${version}</option>`)
    .join('');
  const files = [
    { path: '/', type: 'text/html', text: asset('page.html').replace('<!-- apis -->', options) },
    { path: '/page.js', type: 'text/javascript', text: asset('page.js') },
    { path: '/page.css', type: 'text/css', text: asset('page.css') },
  ];
  for (const { path, type, text } of files) {
    app.get(path, () => {
      const headers = {
        'Content-Type': `${type};charset=utf-8`,
        'Content-Security-Policy': CONTENT_SECURITY_POLICY,
        'X-Content-Type-Options': 'nosniff',
      };
      return new Response(text, { headers });
    });
    otherMethods(app, path, ['GET']);
  }
  return app;
}
