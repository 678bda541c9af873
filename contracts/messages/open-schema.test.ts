import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { MessageDefinition } from './message.ts';

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

test('every message keeps what a newer release adds to any object of it', async () => {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const modules = await Promise.all(
    files.map((file) => import(join(import.meta.dirname, file)) as Promise<Record<string, unknown>>),
  );
  const messages = modules.flatMap((module) => Object.values(module).filter(isMessage));
  expect(messages.length).toBeGreaterThan(40);
  const closed = messages
    .filter(({ name }) => !writtenByPeople.includes(name))
    .flatMap(({ name, schema, previous }) => [
      ...closedIn(schema, name, new Set()),
      ...(previous === undefined ? [] : closedIn(previous.schema, previous.name, new Set())),
    ]);
  expect(closed).toEqual([]);
});
