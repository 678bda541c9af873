import { z } from 'zod';
import * as activation from '../../../contracts/messages/activation.ts';
import type { MessageDefinition } from '../../../contracts/messages/message.ts';
import * as productInventory from '../../../contracts/messages/product-inventory.ts';
import * as serviceCatalog from '../../../contracts/messages/service-catalog.ts';
import * as serviceInventory from '../../../contracts/messages/service-inventory.ts';
import * as serviceOrdering from '../../../contracts/messages/service-ordering.ts';
import * as servicePlanning from '../../../contracts/messages/service-planning.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';

const isMessage = (one: unknown): one is MessageDefinition<unknown> =>
  typeof one === 'object' && one !== null && 'schema' in one && 'route' in one;

/** The schema of every message that this release knows, in both versions, by its name. */
const schemas = new Map<string, z.ZodType>(
  [activation, productInventory, serviceCatalog, serviceInventory, serviceOrdering, servicePlanning]
    .flatMap((file) => Object.values<unknown>(file))
    .filter(isMessage)
    .flatMap(({ name, schema, previous }): [string, z.ZodType][] => [
      [name, schema],
      ...(previous === undefined ? [] : [[previous.name, previous.schema] as [string, z.ZodType]]),
    ]),
);

/** What says which thing a message is about, and which of its changes. */
const isKey = (name: string): boolean =>
  /^(id|.*Id|serviceType|action|position|generation|step|direction|verb|stage|round|number|.*Number|sequence|revision|reference)$/.test(
    name,
  );
/** What a thing shall be: names in there are the specification's. */
const isValue = (name: string): boolean => /^(requested|previous|characteristics)$/.test(name);

/**
 * A body that a person edited, held against the message's schema and against the one it replaces: what a message is about
 * cannot be edited, or one thing's effect would be counted as another's.
 *
 * @param type the message's name
 * @param original the body as it lies there; one that is no JSON holds nobody to anything
 * @returns the edited body as it is sent
 * @throws Sentence that says what is wrong with it
 */
export function editedBody(type: string | undefined, original: string, edited: string): string {
  const schema = schemas.get(type ?? '');
  if (schema === undefined)
    throw new Sentence(`This release knows no message ${type ?? 'without a type'}: it can be replayed only as it is.`);
  const body = jsonOf(edited);
  if (body === undefined) throw new Sentence('The edited body is not JSON.');
  const parsed = schema.safeParse(body);
  if (!parsed.success)
    throw new Sentence(`The edited body is not what ${type} says:\n${z.prettifyError(parsed.error)}`);
  const changed = changedKeys(jsonOf(original), body);
  if (changed.length > 0)
    throw new Sentence(`What a message is about cannot be edited (${changed.join(', ')}): only what it says of it.`);
  return JSON.stringify(body);
}

/** Paths of keys that the edited body does not say as the original did. */
function changedKeys(original: unknown, edited: unknown, path = ''): string[] {
  if (typeof original !== 'object' || original === null) return [];
  return Object.entries(original).flatMap(([name, was]): string[] => {
    const at = path === '' ? name : `${path}.${name}`;
    const is = typeof edited === 'object' && edited !== null ? (edited as Record<string, unknown>)[name] : undefined;
    if (isValue(name)) return [];
    if (typeof was === 'object' && was !== null) return changedKeys(was, is, at);
    return isKey(name) && was !== is ? [at] : [];
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
