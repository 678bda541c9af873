import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import * as activation from './activation.ts';
import * as decomposition from './decomposition.ts';
import * as givenUp from './given-up.ts';
import * as orderManagement from './order-management.ts';
import * as outsideOrdering from './outside-ordering.ts';
import * as productInventory from './product-inventory.ts';
import * as serviceCatalog from './service-catalog.ts';
import * as serviceInventory from './service-inventory.ts';
import * as serviceOrdering from './service-ordering.ts';
import * as servicePlanning from './service-planning.ts';
import type { MessageDefinition } from './message.ts';

const modules: Readonly<Record<string, object>> = {
  'activation.ts': activation,
  'decomposition.ts': decomposition,
  'given-up.ts': givenUp,
  'order-management.ts': orderManagement,
  'outside-ordering.ts': outsideOrdering,
  'product-inventory.ts': productInventory,
  'service-catalog.ts': serviceCatalog,
  'service-inventory.ts': serviceInventory,
  'service-ordering.ts': serviceOrdering,
  'service-planning.ts': servicePlanning,
};

const isMessage = (one: unknown): one is MessageDefinition<unknown> =>
  typeof one === 'object' && one !== null && 'kind' in one && 'route' in one && 'schema' in one;

/** Where a schema has an object that leaves out, or refuses, what it does not name. */
function closedIn(schema: unknown, path: string, seen: Set<unknown>): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  if (schema instanceof z.ZodLazy) return closedIn(schema.unwrap(), path, seen);
  if (schema instanceof z.ZodObject) {
    const own = schema.def.catchall instanceof z.ZodUnknown ? [] : [path];
    return [...own, ...Object.entries(schema.shape).flatMap(([name, one]) => closedIn(one, `${path}.${name}`, seen))];
  }
  if (!(schema instanceof z.ZodType)) return [];
  return Object.values(schema.def)
    .flat()
    .flatMap((one) => closedIn(one, path, seen));
}

/** People write rules and policies: what is misspelled is refused when it is published. */
const writtenByPeople = ['order-management.publish-rule.v1', 'order-management.publish-recovery-policy.v1'];

test('every message keeps what a newer release adds to any object of it', () => {
  const messages = Object.values(modules).flatMap((module) => Object.values(module).filter(isMessage));
  expect(messages.length).toBeGreaterThan(40);
  const closed = messages
    .filter(({ name }) => !writtenByPeople.includes(name))
    .flatMap(({ name, schema, previous }) => [
      ...closedIn(schema, name, new Set()),
      ...(previous === undefined ? [] : closedIn(previous.schema, previous.name, new Set())),
    ]);
  expect(closed).toEqual([]);
});

test('every file that declares messages is looked at', () => {
  const files = readdirSync(import.meta.dirname).filter((file) => !file.endsWith('.test.ts') && file !== 'message.ts');
  const declaring = files.filter((file) =>
    /= (command|event)\(/.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
  );
  expect(declaring.filter((file) => !(file in modules))).toEqual([]);
});
