/** Which operations, statuses and enum values of an official document the tests have seen in conforming answers. */
import type { Spec, SwaggerSchema } from './specs.ts';

/** Event subscription is an issue of its own; these paths do not count as missing. */
const NOT_COUNTED = /^\/(?:hub|listener)(?:\/|$)/;

export interface Coverage {
  /** `operation` is `GET /serviceOrder/{id}`. */
  sawAnswer(operation: string, status: number): void;
  /** Notes the enum values in a document that conforms to a schema. */
  sawDocument(schema: SwaggerSchema, document: unknown): void;
  /** Operations nobody got a success from. */
  missingOperations(): string[];
  /** Declared statuses not seen, as `GET /serviceOrder 404`; `ignored` are statuses that cannot be provoked here. */
  missingStatuses(ignored?: readonly number[]): string[];
  /** Enum values not seen, as `ServiceOrderStateType held`. */
  missingEnumValues(): string[];
}

/** Coverage of one document. */
export function createCoverage(spec: Spec): Coverage {
  const answers = new Set<string>();
  const enumValues = new Set<string>();
  const operations = Object.entries(spec.paths)
    .filter(([path]) => !NOT_COUNTED.test(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => ({
        name: `${method.toUpperCase()} ${path}`,
        statuses: Object.keys(responses).map(Number),
        schemas: Object.values(responses).flatMap(({ schema }) => (schema === undefined ? [] : [schema])),
      })),
    );

  return {
    sawAnswer: (operation, status) => void answers.add(`${operation} ${status}`),
    sawDocument(schema, document) {
      visit(spec, schema, document, (definition, value) => enumValues.add(`${definition} ${value}`));
    },
    missingOperations: () =>
      operations
        .filter(({ name }) => ![200, 201, 204, 206].some((status) => answers.has(`${name} ${status}`)))
        .map(({ name }) => name),
    missingStatuses: (ignored = []) =>
      operations
        .flatMap(({ name, statuses }) =>
          statuses.filter((status) => !ignored.includes(status)).map((status) => `${name} ${status}`),
        )
        .filter((answer) => !answers.has(answer)),
    missingEnumValues: () =>
      [
        ...reachableEnumValues(
          spec,
          operations.flatMap(({ schemas }) => schemas),
        ),
      ].filter((value) => !enumValues.has(value)),
  };
}

/** Walks a document along its schema and tells every value of a named enum. */
function visit(
  spec: Spec,
  schema: SwaggerSchema,
  value: unknown,
  tell: (definition: string, value: string) => void,
): void {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) {
    const definition = spec.definitions[name];
    if (definition?.enum !== undefined) tell(name, String(value));
    else if (definition !== undefined) visit(spec, definition, value, tell);
    return;
  }
  if (Array.isArray(value)) {
    for (const element of value) visit(spec, schema.items ?? {}, element, tell);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [attribute, of] of Object.entries(schema.properties ?? {})) {
    if (attribute in value) visit(spec, of, (value as Record<string, unknown>)[attribute], tell);
  }
}

function reachableEnumValues(spec: Spec, schemas: readonly SwaggerSchema[]): Set<string> {
  const values = new Set<string>();
  const seen = new Set<string>();
  const reach = (schema: SwaggerSchema): void => {
    const name = schema.$ref?.split('/').at(-1);
    if (name !== undefined) {
      if (seen.has(name)) return;
      seen.add(name);
      const definition = spec.definitions[name];
      for (const value of definition?.enum ?? []) values.add(`${name} ${String(value)}`);
      if (definition !== undefined) reach(definition);
      return;
    }
    if (schema.items !== undefined) reach(schema.items);
    for (const of of Object.values(schema.properties ?? {})) reach(of);
  };
  for (const schema of schemas) reach(schema);
  return values;
}
