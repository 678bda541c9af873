import * as z from './open-schema.ts';

/** Values that several domains' messages carry, in the fleet's own words (never TMF's JSON). */

/** An instant, ISO 8601 with offset. */
export const instant = z.iso.datetime({ offset: true });

/** Characteristics by name; a value is any JSON. */
export const characteristics = z.record(z.string(), z.json());
export type Characteristics = z.output<typeof characteristics>;

export const specificationRef = z.object({
  id: z.string(),
  version: z.string().optional(),
  name: z.string().optional(),
});
export type SpecificationRef = z.output<typeof specificationRef>;

export const partyRef = z.looseObject({ id: z.string(), role: z.string().optional(), name: z.string().optional() });
export const placeRef = z.looseObject({
  id: z.string().optional(),
  role: z.string().optional(),
  name: z.string().optional(),
});
export type PartyRef = z.output<typeof partyRef>;
export type PlaceRef = z.output<typeof placeRef>;

/** A resource that a service stands on, as the platform that holds it names it. */
export const resource = z.object({ id: z.string(), name: z.string(), type: z.string() });
export type Resource = z.output<typeof resource>;

/** Why something did not go as asked: a stable code for machines, a sentence for people. */
export const failure = z.object({ code: z.string(), reason: z.string() });
export type Failure = z.output<typeof failure>;

/** Which order item asks for a change of a service. */
export const itemRef = z.object({ orderId: z.string(), itemId: z.string() });
export type ItemRef = z.output<typeof itemRef>;

/** Order items that a service, or a product, names of those that changed it: the newest. Its event has to fit into a message. */
export const mostOrderItems = 50;

/**
 * An awaited command that its owner refused. Each domain publishes its own; the gateway turns it into the documented
 * error. `conflict` is 409, `notFound` 404, `stale` a revision that moved on, `invalid` 400. `givenUp` is 503: nobody could
 * carry it out, and it lies in the dead letters; the projector says so, no owner does.
 */
export const commandRefused = z.object({
  commandId: z.uuid(),
  id: z.string(),
  kind: z.enum(['conflict', 'notFound', 'stale', 'invalid', 'givenUp']),
  code: z.string(),
  reason: z.string(),
});
export type CommandRefused = z.output<typeof commandRefused>;

/** One page of a rebuild: the owner publishes its aggregates after `after`, then asks itself for the next page. */
export const emitSnapshots = z.object({ after: z.string().nullable(), limit: z.int().positive().max(500) });
