/** The OpenAPI 3.1 document of an API, made from its descriptors and zod schemas, so that it cannot disagree with them. */
import * as z from 'zod';

import { errorBody, schemaNames, type JsonObject } from '../../contracts/tmf/common.ts';
import type { Api } from './api.ts';
import { MAX_BODY_BYTES } from './body.ts';
import type { Operation, ResourceDescriptor } from './descriptor.ts';
import { errorCodes } from './error-codes.ts';
import { jsonPatchSchema } from './json-patch.ts';
import { DEFAULT_LIMIT, MAX_LIMIT } from './query.ts';

/**
 * The OpenAPI document of one API.
 * @param serverUrl the base URL clients reach it under, without the API's base path
 */
export function openApiDocument(api: Omit<Api, 'routers'>, serverUrl: string): JsonObject {
  const components = componentSchemas();
  const paths = Object.assign(
    {},
    ...api.resources.map((resource) => resourcePaths(resource, components)),
  ) as JsonObject;
  return {
    openapi: '3.1.0',
    info: { title: api.title, version: api.version, description: `${api.description}\n\n${guide()}` },
    servers: [{ url: `${serverUrl}${api.basePath}` }],
    tags: api.resources.map(({ name, summary }) => ({ name, description: summary })),
    paths,
    components: { schemas: components.schemas, headers: headers() },
  };
}

/** Schemas collected while the paths are written, each under the name its contract gave it. */
interface Components {
  readonly schemas: JsonObject;
  /** Adds a schema and what it refers to, and returns the reference to it. */
  ref(schema: z.ZodType): JsonObject;
}

function componentSchemas(): Components {
  const schemas: JsonObject = {};
  return {
    schemas,
    ref(schema) {
      const {
        $schema: _dialect,
        $defs = {},
        ...top
      } = z.toJSONSchema(schema, {
        metadata: schemaNames,
        io: 'input',
        override: ({ jsonSchema }) => {
          // The pattern of an ISO date and time is a screenful that says no more than its format.
          if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
        },
      });
      const toComponents = (json: unknown): JsonObject =>
        JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonObject;
      for (const [name, definition] of Object.entries($defs)) {
        const { id: _anchor, ...rest } = toComponents(definition);
        schemas[name] ??= rest;
      }
      return toComponents(top);
    },
  };
}

function resourcePaths(resource: ResourceDescriptor, components: Components): JsonObject {
  const collection = `/${resource.name}`;
  const single = `${collection}/{id}`;
  const write = (operation: Operation, method: string) =>
    resource.operations.includes(operation) ? { [method]: describeOperation(operation, resource, components) } : {};
  const id = {
    name: 'id',
    in: 'path',
    required: true,
    schema: { type: 'string' },
    description: `The ${resource.name}'s id.`,
  };
  const onOne = { ...write('retrieve', 'get'), ...write('patch', 'patch'), ...write('delete', 'delete') };
  return {
    [collection]: { ...write('list', 'get'), ...write('create', 'post') },
    ...(Object.keys(onOne).length === 0 ? {} : { [single]: { parameters: [id], ...onOne } }),
  };
}

function describeOperation(operation: Operation, resource: ResourceDescriptor, components: Components): JsonObject {
  const { name } = resource;
  const Name = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const whole = components.ref(resource.schema);
  const described = (summary: string, rest: JsonObject) => ({
    operationId: `${operation}${Name}`,
    summary,
    tags: [name],
    ...rest,
  });
  const failures = (...statuses: number[]) => errorResponses(components, [...statuses, 500, 503]);
  switch (operation) {
    case 'list': {
      const array = { type: 'array', items: whole };
      return described(`Lists ${name}s`, {
        parameters: [...listParameters(resource), fieldsParameter],
        responses: {
          200: success('The whole list, or its first part when no page was asked for', array, pageHeaders),
          206: success('The page that was asked for', array, pageHeaders),
          ...failures(400, 405, 406),
        },
      });
    }
    case 'retrieve':
      return described(`Reads one ${name}`, {
        parameters: [fieldsParameter, header('If-None-Match', 'An ETag: 304 when it is still the current one.')],
        responses: {
          200: success(`The ${name}`, whole, ['ETag']),
          304: { description: 'Not changed' },
          ...failures(400, 404, 405, 406),
        },
      });
    case 'create':
      return described(`Creates a ${name}`, {
        parameters: [...(resource.dryRun === undefined ? [] : [dryRun]), idempotencyKey],
        requestBody: requestBody({
          'application/json': {
            schema: components.ref(resource.create ?? resource.schema),
            ...(resource.example === undefined ? {} : { example: resource.example }),
          },
        }),
        responses: {
          ...(resource.dryRun === undefined
            ? {}
            : { 200: success('Under dryRun: what it would come to', components.ref(resource.dryRun), []) }),
          201: success('Accepted and stored', whole, ['Location', 'ETag', 'Idempotency-Replayed']),
          ...failures(400, 405, 406, 409, 413, 415),
        },
      });
    case 'patch': {
      const merge = { schema: components.ref(resource.update ?? resource.schema), example: { description: 'changed' } };
      const steps = [{ op: 'add', path: '/description', value: 'changed' }];
      return described(`Changes a ${name}`, {
        description: `Never patchable: ${(resource.notPatchable ?? []).join(', ')}.`,
        parameters: [...patchParameters(resource), ifMatch, idempotencyKey],
        requestBody: requestBody({
          'application/json': merge,
          'application/merge-patch+json': merge,
          'application/json-patch+json': { schema: components.ref(jsonPatchSchema), example: steps },
        }),
        responses: {
          200: success(`The changed ${name}`, whole, ['ETag']),
          ...failures(400, 404, 405, 406, 409, 412, 413, 415),
        },
      });
    }
    case 'delete':
      return described(`Deletes a ${name}`, {
        parameters: [ifMatch, idempotencyKey],
        responses: { 204: { description: 'Deleted' }, ...failures(400, 404, 405, 409, 412) },
      });
    default:
      return operation satisfies never;
  }
}

function listParameters(resource: ResourceDescriptor): JsonObject[] {
  const query = (name: string, schema: JsonObject, description: string) => ({ name, in: 'query', schema, description });
  return [
    ...Object.keys({ id: 'id', ...resource.columns }).map((attribute) =>
      query(
        attribute,
        { type: 'string' },
        'Filter answered from an index. Several values, joined by commas, are alternatives.',
      ),
    ),
    {
      name: 'filter',
      in: 'query',
      style: 'form',
      explode: true,
      schema: { type: 'object', additionalProperties: { type: 'string' } },
      description:
        'Any other attribute: `path=value`, `path.gt=value` (eq, ne, gt, gte, lt, lte, regex). Dotted paths lead through ' +
        'objects and arrays; conditions below one array are about one same element of it.',
      example: { 'relatedParty.role': 'customer' },
    },
    query(
      'sort',
      { type: 'string', default: resource.defaultSort },
      'Attributes to sort by, `-` before descending ones.',
    ),
    query(
      'offset',
      { type: 'integer', minimum: 0, default: 0 },
      'How many to skip. To walk a long list, follow the `next` links instead.',
    ),
    query(
      'limit',
      { type: 'integer', minimum: 0, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
      'How many to answer with.',
    ),
    query('cursor', { type: 'string' }, 'Where a `next` or `prev` link goes on; opaque.'),
  ];
}

function patchParameters(resource: ResourceDescriptor): JsonObject[] {
  return Object.entries(resource.patchParameters ?? {}).map(([name, { values, description }]) => ({
    name,
    in: 'query',
    schema: { type: 'string', enum: values, default: values[0] },
    description,
  }));
}

const fieldsParameter = {
  name: 'fields',
  in: 'query',
  schema: { type: 'string' },
  description: 'Attributes to answer with, `a,b.c`; id and href always come along. `none`: those two alone.',
};

const idempotencyKey = header(
  'Idempotency-Key',
  'Makes a retry safe: the same key and body again get the first answer; another body, or a first request still in flight, 409.',
);

const dryRun = {
  name: 'dryRun',
  in: 'query',
  schema: { type: 'boolean', enum: [true] },
  description:
    'The body is checked as ever and nothing is created: the answer (200) says what the create would come to, or why it ' +
    'would be rejected. An Idempotency-Key has no part in it, and is still unused afterwards.',
};

const ifMatch = header('If-Match', 'The ETag the change is based on: 412 when the resource has changed since.');

const pageHeaders = ['X-Total-Count', 'X-Result-Count', 'X-Total-Count-Exact', 'Link'];

function header(name: string, description: string): JsonObject {
  return { name, in: 'header', schema: { type: 'string' }, description };
}

function success(description: string, schema: JsonObject, names: readonly string[]): JsonObject {
  return {
    description,
    headers: Object.fromEntries(
      ['X-Request-Id', ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
    ),
    content: { 'application/json': { schema } },
  };
}

function requestBody(content: Record<string, { schema: JsonObject; example?: unknown }>): JsonObject {
  return { required: true, description: `At most ${MAX_BODY_BYTES / 1024} KiB.`, content };
}

function errorResponses(components: Components, statuses: readonly number[]): JsonObject {
  const schema = components.ref(errorBody);
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = Object.entries(errorCodes).filter(([, of]) => of === status);
      const description = `code: ${codes.map(([code]) => code).join(', ')}`;
      return [status, { description, content: { 'application/json': { schema } } }];
    }),
  );
}

function headers(): JsonObject {
  const text = (description: string) => ({ description, schema: { type: 'string' } });
  const count = (description: string) => ({ description, schema: { type: 'integer' } });
  return {
    'X-Request-Id': text('Names the request in our logs; yours, if you sent one.'),
    'X-Total-Count': count('How many match the filter; a floor beside `X-Total-Count-Exact: false`.'),
    'X-Result-Count': count('How many are in this answer.'),
    'X-Total-Count-Exact': text('`false` when X-Total-Count is a floor; absent when it is exact.'),
    Link: text('first, prev, next and last page (RFC 8288).'),
    Location: text('The address of what was created.'),
    ETag: text('The revision, for If-Match and If-None-Match.'),
    'Idempotency-Replayed': text('`true` when this is the stored answer to an earlier request.'),
  };
}

function guide(): string {
  const codes = Object.entries(errorCodes).map(([code, status]) => `\`${code}\` (${status})`);
  return `Errors have the body \`{code, reason, message?, status?}\`; codes are stable: ${codes.join(', ')}, and those of the domain.`;
}
