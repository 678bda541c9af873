import { isDeepStrictEqual } from 'node:util';

import { expect, test } from 'vitest';
import * as z from 'zod';

import { errorBody, schemaNames } from '../../contracts/tmf/common.ts';
import {
  service,
  serviceCreate,
  serviceInventoryBasePath,
  serviceInventoryEventTypes,
  serviceNotPatchable,
  serviceUpdate,
} from '../../contracts/tmf/tmf638.ts';
import {
  cancelServiceOrder,
  cancelServiceOrderCreate,
  serviceOrder,
  serviceOrderCreate,
  serviceOrderingBasePath,
  serviceOrderingEventTypes,
  serviceOrderNotPatchable,
  serviceOrderUpdate,
} from '../../contracts/tmf/tmf641.ts';
import { specsFolder } from '../../ops/testing/specs-folder.ts';
import { describeWithSpecs, type Spec, type SwaggerSchema } from './specs.ts';
import { correctedDefinitions } from './tolerances.ts';

interface JsonSchema extends SwaggerSchema {
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly default?: unknown;
}

/** Ours are named as theirs; where we gave no name, the definition's shape is looked at in place. */
function differences(api: string, spec: Spec, name: string, ours: z.ZodType): string[] {
  const definitions = correctedDefinitions(api, spec.definitions);
  const root = z.toJSONSchema(ours, { metadata: schemaNames, io: 'input' }) as JsonSchema;
  const found: string[] = [];
  const seen = new Set<string>();
  const ourDefinition = (schema: JsonSchema | undefined): JsonSchema =>
    schema?.$ref === undefined ? (schema ?? {}) : ourDefinition(root.$defs?.[schema.$ref.split('/').at(-1) ?? '']);

  const compare = (path: string, theirs: SwaggerSchema, mine: JsonSchema): void => {
    const definitionName = theirs.$ref?.split('/').at(-1);
    if (definitionName !== undefined) {
      if (seen.has(definitionName)) return;
      seen.add(definitionName);
      compare(definitionName, definitions[definitionName] ?? {}, ourDefinition(mine));
      return;
    }
    const own = ourDefinition(mine);
    if (theirs.enum !== undefined && !isDeepStrictEqual(new Set(theirs.enum), new Set(own.enum))) {
      found.push(`${path}: their enum is ${theirs.enum.join(' ')}, ours ${own.enum?.join(' ')}`);
    }
    if (theirs.type !== undefined && own.type !== undefined && theirs.type !== own.type)
      found.push(`${path}: their type is ${theirs.type}, ours ${own.type}`);
    for (const attribute of theirs.required ?? []) {
      const defaulted = own.properties?.[attribute] !== undefined && 'default' in own.properties[attribute];
      if (own.required?.includes(attribute) !== true && !defaulted)
        found.push(`${path}.${attribute}: they require it, we do not`);
    }
    for (const [attribute, of] of Object.entries(theirs.properties ?? {})) {
      const mineOf = own.properties?.[attribute];
      if (mineOf === undefined) found.push(`${path}.${attribute}: we do not know it`);
      else compare(`${path}.${attribute}`, of, mineOf);
    }
    if (theirs.items !== undefined) compare(`${path}[]`, theirs.items, own.items ?? {});
  };
  compare(name, { $ref: `#/definitions/${name}` }, root);
  return found;
}

describeWithSpecs(specsFolder(), 'our contracts against the official documents', (readSpec) => {
  test.each([
    ['TMF641', 'ServiceOrder', serviceOrder],
    ['TMF641', 'ServiceOrder_Create', serviceOrderCreate],
    ['TMF641', 'ServiceOrder_Update', serviceOrderUpdate],
    ['TMF641', 'CancelServiceOrder', cancelServiceOrder],
    ['TMF641', 'CancelServiceOrder_Create', cancelServiceOrderCreate],
    ['TMF641', 'Error', errorBody],
    ['TMF638', 'Service', service],
    ['TMF638', 'Service_Create', serviceCreate],
    ['TMF638', 'Service_Update', serviceUpdate],
  ])('%s %s: every attribute, type, enum and required list', (api, name, ours) => {
    // The one difference: a reference may also come under the name `id`, which a JSON schema does not show as required.
    const expected = ['ServiceOrder', 'ServiceOrder_Create', 'ServiceOrder_Update'].includes(name)
      ? ['ServiceOrderItemRef.itemId: they require it, we do not']
      : [];
    expect(differences(api, readSpec(api), name, ours)).toEqual(expected);
  });

  test.each([
    ['TMF641', serviceOrderingBasePath, serviceOrderingEventTypes],
    ['TMF638', serviceInventoryBasePath, serviceInventoryEventTypes],
  ])('%s: base path and event names', (api, basePath, eventTypes) => {
    const spec = readSpec(api);
    expect(spec.basePath.replace(/\/$/, '')).toBe(basePath);
    const listeners = Object.keys(spec.paths).filter((path) => path.startsWith('/listener/'));
    expect(eventTypes.map((type) => `/listener/${type.charAt(0).toLowerCase()}${type.slice(1)}`).toSorted()).toEqual(
      listeners.toSorted(),
    );
  });

  test('what is patchable in the documents is not among what we refuse to patch', () => {
    const patchable = (api: string, name: string) => Object.keys(readSpec(api).definitions[name]?.properties ?? {});
    expect(
      serviceOrderNotPatchable.filter((name) => patchable('TMF641', 'ServiceOrder_Update').includes(name)),
    ).toEqual([]);
    expect(serviceNotPatchable.filter((name) => patchable('TMF638', 'Service_Update').includes(name))).toEqual([]);
  });
});
