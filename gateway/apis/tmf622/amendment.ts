/** A PATCH of a product order, as order management is asked for it. Pure. */
import { isDeepStrictEqual } from 'node:util';

import type { ProductOrderAmendment, RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { everyItem } from '../../../contracts/tmf/product-order-bounds.ts';
import type { ProductOrderItem } from '../../../contracts/tmf/tmf622.ts';
import { type TmfError, refuse } from '../../tmf630/errors.ts';
import { toParties } from '../service-attributes.ts';
import { toItems } from './items.ts';
import { withoutOurs } from './translate.ts';

type WhenStarted = ProductOrderAmendment['whenStarted'];
const choices: readonly WhenStarted[] = ['refuse', 'followUp'];

/** The query parameter of a PATCH, as it is published. */
export const whenStartedParameter = {
  values: choices,
  description:
    'What becomes of a change to an item that has started: `refuse` (the default) answers 409; `followUp` makes another order of it, which the notes of this one then name.',
};

/**
 * What is to become of a change that comes too late for its item.
 *
 * @throws 400 for a word that is neither
 */
export function readWhenStarted(parameters: URLSearchParams): WhenStarted {
  const given = parameters.getAll('whenStarted');
  const [said = 'refuse'] = given;
  const choice = choices.find((one) => one === said);
  if (choice !== undefined && given.every((one) => one === choice)) return choice;
  throw refuse('invalidQuery', `whenStarted is ${choices.join(' or ')}.`);
}

/**
 * What a patched order asks of order management, of the attributes it knows.
 *
 * @param before the order as it was shown
 * @param doc the order as the patch leaves it; `changed` names the attributes that differ
 * @throws 409 for what only happens (states, dates of completion) and for items that come or go; 400 as a create does
 */
export function toAmendment(
  before: JsonObject,
  doc: JsonObject,
  changed: readonly string[],
  whenStarted: WhenStarted,
): ProductOrderAmendment {
  const owned = changed.filter((name) => ['state', 'completionDate', 'expectedCompletionDate'].includes(name));
  if (owned.length > 0) throw happens(owned.join(', '));
  const amendment: Record<string, unknown> = {};
  for (const name of ['externalId', 'description', 'priority', 'requestedStartDate', 'requestedCompletionDate']) {
    if (changed.includes(name)) amendment[name] = doc[name] ?? null;
  }
  if (changed.includes('relatedParty'))
    amendment['parties'] = toParties(doc['relatedParty'] as Parameters<typeof toParties>[0]);
  const items = changed.includes('productOrderItem') ? toReplace(itemsOf(before), itemsOf(doc)) : [];
  return { ...amendment, ...(items.length === 0 ? {} : { items }), whenStarted };
}

const itemsOf = (doc: JsonObject): ProductOrderItem[] => (doc['productOrderItem'] ?? []) as ProductOrderItem[];

/** The items that ask for something else than before. */
function toReplace(before: readonly ProductOrderItem[], after: readonly ProductOrderItem[]): RequestedProductItem[] {
  refuseStates(before, after);
  const asked = new Map(toItems(before.map(withoutOurs)).map((item) => [item.itemId, item]));
  const wanted = toItems(after.map(withoutOurs));
  const added = wanted.filter(({ itemId }) => !asked.has(itemId)).map(({ itemId }) => itemId);
  const removed = [...asked.keys()].filter((id) => !wanted.some(({ itemId }) => itemId === id));
  if (added.length > 0)
    throw refuse('conflict', `Items cannot be added to an accepted order: ${added.join(', ')}.`, {
      message: 'Place another order for what is to come along.',
    });
  if (removed.length > 0)
    throw refuse('conflict', `Items cannot be taken out of an accepted order: ${removed.join(', ')}.`, {
      message:
        'A merge patch replaces the whole list: send every item, or change one by JSON Patch. What is not wanted any more has action noChange, or the order is cancelled.',
    });
  return wanted.filter((item) => !isDeepStrictEqual(item, asked.get(item.itemId)));
}

/** An item may come back with its state as it was read, or without; another state cannot be written. */
function refuseStates(before: readonly ProductOrderItem[], after: readonly ProductOrderItem[]): void {
  const states = new Map([...everyItem(before)].map(({ item }) => [item.id, item.state]));
  const written = [...everyItem(after)].find(
    ({ item }) => item.state !== undefined && states.has(item.id) && item.state !== states.get(item.id),
  );
  if (written !== undefined) throw happens(`state of item '${written.item.id}'`);
}

const happens = (what: string): TmfError =>
  refuse('conflict', `${what} of an accepted order cannot be patched: it follows from what happens.`, {
    message: 'Leave it out. To stop an order, create a cancelProductOrder.',
  });
