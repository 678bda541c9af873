import { isDeepStrictEqual } from 'node:util';

import { expect, test } from 'vitest';
import * as z from 'zod';

import { errorBody, schemaNames } from '../../contracts/tmf/common.ts';
import {
  cancelProductOrder,
  cancelProductOrderCreate,
  productOrder,
  productOrderCreate,
  productOrderingBasePath,
  productOrderingEventTypes,
  productOrderNotPatchable,
  productOrderUpdate,
} from '../../contracts/tmf/tmf622.ts';
import {
  product,
  productCreate,
  productInventoryBasePath,
  productInventoryEventTypes,
  productNotPatchable,
  productUpdate,
} from '../../contracts/tmf/tmf637.ts';
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
import { specsFolder } from '../../ops/verify/testbed/specs-folder.ts';
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

/** A reference may also come under the name `id`, which a JSON schema does not show as required. */
const alsoById = ['ServiceOrderItemRef.itemId: they require it, we do not'];
/** Where we differ, by definition, and why. */
const expectedOf: Readonly<Record<string, readonly string[]>> = {
  ServiceOrder: alsoById,
  ServiceOrder_Create: alsoById,
  ServiceOrder_Update: alsoById,
  // `fields` may leave the items out of what is read; a PATCH that leaves them out changes none.
  ProductOrder: ['ProductOrder.productOrderItem: they require it, we do not'],
  ProductOrder_Update: ['ProductOrder_Update.productOrderItem: they require it, we do not'],
  // The same for what a task cancels.
  CancelProductOrder: ['CancelProductOrder.productOrder: they require it, we do not'],
};

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
    ['TMF622', 'ProductOrder', productOrder],
    ['TMF622', 'ProductOrder_Create', productOrderCreate],
    ['TMF622', 'ProductOrder_Update', productOrderUpdate],
    ['TMF622', 'CancelProductOrder', cancelProductOrder],
    ['TMF622', 'CancelProductOrder_Create', cancelProductOrderCreate],
    ['TMF622', 'Error', errorBody],
    ['TMF637', 'Product', product],
    ['TMF637', 'Product_Create', productCreate],
    ['TMF637', 'Product_Update', productUpdate],
    ['TMF637', 'Error', errorBody],
  ])('%s %s: every attribute, type, enum and required list', (api, name, ours) => {
    expect(differences(api, readSpec(api), name, ours)).toEqual(expectedOf[name] ?? []);
  });

  test.each([
    ['TMF641', serviceOrderingBasePath, serviceOrderingEventTypes],
    ['TMF638', serviceInventoryBasePath, serviceInventoryEventTypes],
    ['TMF622', productOrderingBasePath, productOrderingEventTypes],
    ['TMF637', productInventoryBasePath, productInventoryEventTypes],
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
    expect(
      productOrderNotPatchable.filter((name) => patchable('TMF622', 'ProductOrder_Update').includes(name)),
    ).toEqual([]);
    expect(productNotPatchable.filter((name) => patchable('TMF637', 'Product_Update').includes(name))).toEqual([]);
  });
});
