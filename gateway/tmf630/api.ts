/** What one published API is made of. */
import type { Hono } from 'hono';

import type { BoundaryEnv } from './boundary.ts';
import type { ResourceDescriptor } from './descriptor.ts';

/** One TMF API as it is served and documented. */
export interface Api {
  /** Its short name: the document is served as `/openapi/<name>.json`. Such as `tmf641`. */
  readonly name: string;
  readonly title: string;
  /** The version of the TMF document it follows. */
  readonly version: string;
  readonly description: string;
  readonly basePath: string;
  readonly resources: readonly ResourceDescriptor[];
  /** The routers of its resources, mounted at `basePath`. */
  readonly routers: readonly Hono<BoundaryEnv>[];
}
