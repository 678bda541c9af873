/**
 * The official TM Forum documents (Swagger 2.0), as reference data. They are not part of this repository:
 * `ops/verify/testbed/specs-folder.ts` knows where they lie. Without them, what depends on them is skipped, loudly.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe } from 'vitest';

/** A JSON schema as Swagger 2.0 writes it, as far as we look. */
export interface SwaggerSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SwaggerSchema>>;
  readonly items?: SwaggerSchema;
}

/** What an operation declares for one status. */
export interface SwaggerResponse {
  readonly schema?: SwaggerSchema;
}

/** An official document, as far as we look. */
export interface Spec {
  readonly basePath: string;
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { responses: Readonly<Record<string, SwaggerResponse>> }>>>
  >;
  readonly definitions: Readonly<Record<string, SwaggerSchema>>;
}

/**
 * Reads an official document.
 * @param folder where the documents lie
 * @param api such as `TMF641`; the file's name begins with it
 * @throws when there is no such file
 */
function readSpec(folder: string, api: string): Spec {
  const file = readdirSync(folder).find((name) => name.startsWith(`${api}-`) && name.endsWith('.swagger.json'));
  if (file === undefined) throw new Error(`There is no ${api}-*.swagger.json in '${folder}'.`);
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Spec;
}

/** Reads documents out of a folder, each when it is asked for. */
export const specsIn =
  (folder: string) =>
  (api: string): Spec =>
    readSpec(folder, api);

/**
 * Tests that need the official documents. Without them they are reported as skipped, and a line on stderr says so.
 * @param folder see `specsFolder`
 * @param tests handed a reader of documents, which it may call inside tests and hooks only
 */
export function describeWithSpecs(
  folder: string | undefined,
  name: string,
  tests: (spec: (api: string) => Spec) => void,
): void {
  const missing = folder === undefined;
  if (missing) {
    process.stderr.write(
      `\n!! SKIPPED, NOT CHECKED: ${name}: TMF_SPECS is not set to the folder of the official documents\n`,
    );
  }
  describe.skipIf(missing)(`${name}${missing ? ' (SKIPPED: TMF_SPECS is not set)' : ''}`, () => {
    tests(specsIn(folder ?? ''));
  });
}
