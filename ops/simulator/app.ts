import { Hono } from 'hono';
import type { Logger } from 'pino';
import { z } from 'zod';
import { controlRoutes } from './control.routes.ts';
import type { Env } from './delivery.ts';
import { managerRoutes } from './manager.routes.ts';
import type { Network } from './network.ts';
import { page } from './page.ts';
import { wholesaleRoutes } from './wholesale.routes.ts';

/** The simulator over HTTP: one mount per element manager, the control side, a page. */
export function simulatorApp(network: Network, log?: Logger): Hono<Env> {
  const app = new Hono<Env>();

  for (const manager of Object.values(network.managers)) {
    const routes = manager.wholesale === true ? wholesaleRoutes : managerRoutes;
    app.route(`/${manager.name}`, routes(network, manager));
  }
  app.route('/_control', controlRoutes(network));
  app.get('/health', (c) => c.json({ status: 'up' }));
  app.get('/', (c) => c.html(page(network)));

  app.notFound((c) => c.json(error('not-found', `there is no ${c.req.method} ${c.req.path}; see /_control`), 404));
  app.onError((problem, c) => {
    if (problem instanceof z.ZodError) return c.json(error('malformed', z.prettifyError(problem)), 400);
    if (problem instanceof SyntaxError) return c.json(error('malformed', 'the body is not JSON'), 400);
    log?.error({ error: problem, path: c.req.path }, 'request failed');
    return c.json(error('internal', 'the simulator itself failed; its log says why'), 500);
  });
  return app;
}

const error = (code: string, reason: string) => ({ error: { code, reason } });
