/** Holds real answers against an official document: body, headers, and what has been seen of it. */
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

import { createCoverage, type Coverage } from './coverage.ts';
import type { Spec, SwaggerSchema } from './specs.ts';
import { correctedDefinitions, openStatuses } from './tolerances.ts';

/** One API's document, ready to judge answers by. */
export interface Conformance {
  readonly coverage: Coverage;
  /**
   * Throws, saying what is wrong, unless the answer to `method url` is what the document (and TMF630's
   * headers on top of it) lets it be. The response's body stays readable.
   * @param url path or URL as it was requested, with its query string: `fields` excuses missing attributes
   */
  expectConforms(method: string, url: string, response: Response): Promise<void>;
}

/** @param api such as `TMF641`, for its tolerances */
export function createConformance(api: string, spec: Spec): Conformance {
  const coverage = createCoverage(spec);
  const whole = compileWith(correctedDefinitions(api, spec.definitions));
  const partial = compileWith(withoutRequired(correctedDefinitions(api, spec.definitions)));

  return {
    coverage,
    async expectConforms(method, url, response) {
      const { pathname, searchParams } = new URL(url, 'http://any');
      const path = templateOf(spec, pathname);
      const operation = path === undefined ? undefined : spec.paths[path]?.[method.toLowerCase()];
      const { status } = response;
      const name = `${method} ${path ?? pathname} ${status}`;
      const text = await response.clone().text();

      if (status === 204 || status === 304) {
        if (text !== '') throw new Error(`${name}: has a body, and must not have one`);
        if (status === 204 && operation?.responses[status] === undefined)
          throw new Error(`${name}: the document declares no 204`);
      } else {
        const schema = schemaOf(operation, status, name);
        const document = parse(text, name);
        const judge = (searchParams.has('fields') ? partial : whole)(schema);
        if (!judge(document)) throw new Error(`${name}: ${explain(judge)} in ${text.slice(0, 500)}`);
        checkHeaders(name, response, document);
        coverage.sawDocument(schema, document);
      }
      if (operation !== undefined && path !== undefined) coverage.sawAnswer(`${method} ${path}`, status);
    },
  };
}

type Operation = Spec['paths'][string][string];

/** What the document declares for the answer; a 206 is a 200, and statuses it leaves open carry an Error. */
function schemaOf(operation: Operation | undefined, status: number, name: string): SwaggerSchema {
  const declared = operation?.responses[status === 206 ? 200 : status];
  if (declared?.schema !== undefined) return declared.schema;
  if (declared === undefined && (openStatuses.includes(status) || (operation === undefined && status >= 400))) {
    return { $ref: '#/definitions/Error' };
  }
  throw new Error(`${name}: the document does not know this answer`);
}

/** The document's path for a real one; segments in braces match anything. */
function templateOf(spec: Spec, pathname: string): string | undefined {
  const base = spec.basePath.replace(/\/$/, '');
  if (!pathname.startsWith(`${base}/`)) return undefined;
  const segments = pathname.slice(base.length).split('/');
  return Object.keys(spec.paths).find((path) => {
    const template = path.split('/');
    return (
      template.length === segments.length &&
      template.every((part, index) => part.startsWith('{') || part === segments[index])
    );
  });
}

function checkHeaders(name: string, response: Response, document: unknown): void {
  const type = response.headers.get('content-type');
  if (!/^application\/json; ?charset=utf-8$/i.test(type ?? '')) throw new Error(`${name}: Content-Type is ${type}`);
  if (response.status === 201) {
    const href = (document as { href?: unknown }).href;
    if (response.headers.get('location') !== href) throw new Error(`${name}: Location is not the href`);
  }
  if (Array.isArray(document)) {
    const [total, count] = ['x-total-count', 'x-result-count'].map((header) => response.headers.get(header));
    if (!/^\d+$/.test(total ?? '')) throw new Error(`${name}: X-Total-Count is ${total}`);
    if (count !== String(document.length))
      throw new Error(`${name}: X-Result-Count is ${count}, not ${document.length}`);
  }
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${name}: the body is no JSON: ${text.slice(0, 200)}`, { cause });
  }
}

/** Compiles schemas on demand, each once, all with one set of definitions. */
function compileWith(
  definitions: Readonly<Record<string, SwaggerSchema>>,
): (schema: SwaggerSchema) => ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const compiled = new Map<string, ValidateFunction>();
  return (schema) => {
    const key = JSON.stringify(schema);
    const validate = compiled.get(key) ?? ajv.compile({ ...anchored(schema), definitions });
    compiled.set(key, validate);
    return validate;
  };
}

/** In the drafts ajv reads, a `$ref` hides its neighbours, the definitions among them. */
function anchored(schema: SwaggerSchema): object {
  return schema.$ref === undefined ? schema : { allOf: [schema] };
}

function withoutRequired(definitions: Readonly<Record<string, SwaggerSchema>>): Record<string, SwaggerSchema> {
  return JSON.parse(
    JSON.stringify(definitions, (key, value: unknown) => (key === 'required' ? undefined : value)),
  ) as Record<string, SwaggerSchema>;
}

function explain(judge: ValidateFunction): string {
  return (judge.errors ?? [])
    .slice(0, 5)
    .map(({ instancePath, message, params }) => `${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`)
    .join('; ');
}
