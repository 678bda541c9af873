/** The routes of one TMF resource: parsing before, representation after; what happens in between is the handlers'. */
import { Hono } from 'hono';

import type { JsonObject } from '../../contracts/tmf/common.ts';
import { empty, json, jsonArray, jsonBytes, jsonText, otherMethods } from './answer.ts';
import { asObject, MAX_BODY_BYTES, readJsonBody, type Body } from './body.ts';
import { baseUrl, client, requestContext, requireJsonAccepted } from './boundary.ts';
import type { BoundaryContext, BoundaryEnv, BoundaryOptions, RequestContext } from './boundary.ts';
import type { Operation, ResourceDescriptor } from './descriptor.ts';
import { notFound, refuse } from './errors.ts';
import { etagOf, isKnown, readIfMatch } from './etag.ts';
import { project } from './fields.ts';
import { hrefOf, splitUrl } from './href.ts';
import { readIdempotencyClaim } from './idempotency.ts';
import { describeIssues } from './issues.ts';
import { pagingHeaders, pageStatus } from './paging.ts';
import { patchMediaTypes, readPatch, type Patch } from './patch.ts';
import { parseFields, parseQuery } from './query.ts';
import { represent } from './represent.ts';
import type { StoredView, ViewStore } from './view-store.ts';

/**
 * What a create came to: the resource (201, or 200 for an instant task), one that was accepted just now, represented as JSON text
 * (201, revision 0), or another answer such as a dry run's plan.
 */
export type Created =
  | { readonly accepted: { readonly id: string; readonly answer: string } }
  | { readonly view: StoredView; readonly status?: 200 | 201; readonly replayed?: boolean }
  | { readonly body: JsonObject; readonly status: 200 };

/** What changes a resource. Each may throw a `TmfError`; a refusal is told as it is. Absent ones answer 405. */
export interface ResourceHandlers {
  /**
   * Accepts a create whose body passed the schema. With `ctx.idempotency`, the claim is stored with what is accepted
   * and `judgeClaim` decides about repetitions; a stored answer goes out with `replayed`.
   */
  readonly create?: (ctx: RequestContext, body: JsonObject) => Promise<Created>;
  /** Applies a patch (`patch.apply(doc)`, again on a newer revision if overtaken). `ifMatch`: see `requireMatch`. */
  readonly patch?: (
    ctx: RequestContext,
    id: string,
    patch: Patch,
    ifMatch: readonly number[] | undefined,
  ) => Promise<StoredView>;
  readonly remove?: (ctx: RequestContext, id: string, ifMatch: readonly number[] | undefined) => Promise<void>;
}

/** Ids are opaque, but nobody's are longer, and the database refuses NUL. */
const LONGEST_ID = 255;

/**
 * A router for one resource, to be mounted at its API's base path.
 * @param handlers what changes it; only operations the descriptor names are routed
 */
export function resourceRoutes(
  resource: ResourceDescriptor,
  store: ViewStore,
  handlers: ResourceHandlers,
  options: BoundaryOptions = {},
): Hono<BoundaryEnv> {
  const app = new Hono<BoundaryEnv>();
  const collection = `/${resource.name}`;
  const single = `/${resource.name}/:id`;
  const has = (operation: Operation) => resource.operations.includes(operation);

  if (has('list')) {
    app.get(collection, async (c) => {
      requireJsonAccepted(c.req.header('accept'));
      const { query: text } = splitUrl(c.req.url);
      const query = parseQuery(resource, text);
      const base = baseUrl(c, options);
      const page = await store.list(resource, query, c.req.raw.signal);
      const items = page.items.map((view) => () => project(represent(resource, view, base), query.fields));
      const url = `${base}${resource.basePath}${collection}`;
      return jsonBytes(c, await jsonArray(items), pageStatus(query, page), pagingHeaders(url, text, query, page));
    });
  }

  if (has('retrieve')) {
    app.get(single, async (c) => {
      requireJsonAccepted(c.req.header('accept'));
      const id = readId(c, resource);
      const fields = parseFields(resource, splitUrl(c.req.url).query);
      const view = await store.get(resource, id);
      if (view === undefined) throw notFound(resource.name, id);
      const headers = { ETag: etagOf(view.revision) };
      if (isKnown(c.req.header('if-none-match'), view.revision)) return empty(c, 304, headers);
      return json(c, project(represent(resource, view, baseUrl(c, options)), fields), 200, headers);
    });
  }

  const { create, patch, remove } = handlers;
  if (has('create') && create !== undefined) {
    app.post(collection, async (c) => {
      requireJsonAccepted(c.req.header('accept'));
      const body = await readJsonBody(c.req.raw, ['application/json'], MAX_BODY_BYTES);
      const ctx = contextOf(c, body, options);
      const created = await create(ctx, readCreate(resource, asObject(body.json)));
      if ('body' in created) return json(c, created.body, created.status);
      if ('accepted' in created) {
        const { accepted } = created;
        return jsonText(c, accepted.answer, 201, {
          Location: hrefOf(ctx.baseUrl, resource, accepted.id),
          ETag: etagOf(0),
        });
      }
      return json(c, represent(resource, created.view, ctx.baseUrl), created.status ?? 201, {
        Location: hrefOf(ctx.baseUrl, resource, created.view.id),
        ETag: etagOf(created.view.revision),
        ...(created.replayed === true ? { 'Idempotency-Replayed': 'true' } : {}),
      });
    });
  }

  if (has('patch') && patch !== undefined) {
    app.patch(single, async (c) => {
      requireJsonAccepted(c.req.header('accept'));
      const id = readId(c, resource);
      const body = await readJsonBody(c.req.raw, patchMediaTypes, MAX_BODY_BYTES);
      const ctx = contextOf(c, body, options);
      const asRead = (doc: JsonObject) => represent(resource, { id, revision: 0, doc }, ctx.baseUrl);
      const read = readPatch(resource, asRead, body);
      const view = await patch(ctx, id, read, readIfMatch(c.req.header('if-match')));
      return json(c, represent(resource, view, ctx.baseUrl), 200, { ETag: etagOf(view.revision) });
    });
  }

  if (has('delete') && remove !== undefined) {
    app.delete(single, async (c) => {
      const id = readId(c, resource);
      const ctx = contextOf(c, undefined, options);
      await remove(ctx, id, readIfMatch(c.req.header('if-match')));
      return empty(c, 204);
    });
  }

  otherMethods(app, collection, [has('list') && 'GET', has('create') && create !== undefined && 'POST']);
  otherMethods(app, single, [
    has('retrieve') && 'GET',
    has('patch') && patch !== undefined && 'PATCH',
    has('delete') && remove !== undefined && 'DELETE',
  ]);
  return app;
}

function contextOf(c: BoundaryContext, body: Body | undefined, options: BoundaryOptions): RequestContext {
  const claim = readIdempotencyClaim(
    {
      client: client(c, options),
      method: c.req.method,
      path: splitUrl(c.req.url).path,
      header: c.req.header('idempotency-key'),
    },
    body?.bytes ?? new Uint8Array(),
  );
  return requestContext(c, options, claim);
}

function readId(c: BoundaryContext, resource: ResourceDescriptor): string {
  const id = c.req.param('id') ?? '';
  if (id.length > LONGEST_ID || id.includes('\0') || !id.isWellFormed()) {
    throw refuse('invalidId', `This cannot be the id of a ${resource.name}.`);
  }
  return id;
}

function readCreate(resource: ResourceDescriptor, body: JsonObject): JsonObject {
  const schema = resource.create;
  if (schema === undefined) throw new TypeError(`${resource.name} has no schema for its create`);
  const owned = (resource.notCreatable ?? []).filter((name) => Object.hasOwn(body, name));
  if (owned.length > 0) {
    throw refuse('invalidBody', `${owned.join(', ')} ${owned.length === 1 ? 'is' : 'are'} set by the server.`, {
      message: `Leave ${owned.length === 1 ? 'it' : 'them'} out of a ${resource.name} that is to be created.`,
    });
  }
  const { href: _ours, ...own } = body;
  const parsed = schema.safeParse(own, { reportInput: true });
  if (!parsed.success) throw refuse('invalidBody', ...describeIssues(parsed.error.issues));
  return parsed.data;
}
