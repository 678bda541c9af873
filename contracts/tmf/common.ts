/**
 * What every TMF v4 API shares: extension attributes, references, parties, places, characteristics and errors.
 * The documents are the authority for names and required attributes (TM Forum Open APIs v4).
 *
 * Every object is loose: `@type`, `@baseType` and `@schemaLocation` let a client extend any type, so attributes we do
 * not know are kept as they came.
 */
import * as z from 'zod';

import { orderItemActions } from '../states/service-order.ts';
/** The names the published OpenAPI documents give to our schemas. One document never holds two schemas of one name. */
export const schemaNames = z.registry<{ id: string; description?: string }>();

/**
 * Gives a schema its component name in the published OpenAPI document, and returns the same schema. Recursive schemas
 * are named in a statement after their declaration and recurse in `.extend({ get … })`: TypeScript cannot infer a
 * recursive type through a call or a spread.
 */
export function named<S extends z.ZodType>(id: string, schema: S, description?: string): S {
  schemaNames.add(schema, description === undefined ? { id } : { id, description });
  return schema;
}

/**
 * ISO 8601 date and time with an offset, such as `2026-03-01T09:30:00Z` or `…+02:00`: an instant, never a local time.
 * Digits past the microsecond, which some clients print, are cut: PostgreSQL keeps none and its jsonpath refuses them.
 */
export const instant = z.iso
  .datetime({ offset: true })
  .overwrite((text) => text.replace(/(\.\d{6})\d+/, '$1'))
  .refine((text) => !text.startsWith('0000'), { error: 'must be later than year 0000' });

/** A JSON object whose attributes nobody has named. */
export type JsonObject = { [attribute: string]: unknown };

/** `@type` and its kin, which any object may carry to say how it extends the standard type. */
export const extensible = {
  '@baseType': z.string().optional(),
  '@schemaLocation': z.string().optional(),
  '@type': z.string().optional(),
};

/** A reference to something kept elsewhere; `id` is what counts, the rest is for people. */
export const reference = {
  id: z.string().min(1),
  href: z.string().optional(),
  name: z.string().optional(),
  '@referredType': z.string().optional(),
  ...extensible,
};

export const entityRef = named('EntityRef', z.looseObject(reference));
export const resourceRef = named('ResourceRef', z.looseObject(reference));
export const serviceSpecificationRef = named(
  'ServiceSpecificationRef',
  z.looseObject({ ...reference, version: z.string().optional() }),
  'The specification a service is made from; without a version, the newest active one.',
);
const constraintRef = named('ConstraintRef', z.looseObject({ ...reference, version: z.string().optional() }));
export const appointmentRef = named(
  'AppointmentRef',
  z.looseObject({
    id: z.string().min(1),
    href: z.string().optional(),
    description: z.string().optional(),
    '@referredType': z.string().optional(),
    ...extensible,
  }),
);

export const relatedParty = named(
  'RelatedParty',
  z.looseObject({
    id: z.string().min(1),
    href: z.string().optional(),
    name: z.string().optional(),
    role: z.string().optional(),
    '@referredType': z.string(),
    '@baseType': z.string().optional(),
    '@schemaLocation': z.string().optional(),
    // Required by the TMF641 document; it can only be this, so leaving it out is no reason to refuse an order.
    '@type': z.string().default('RelatedParty'),
  }),
  'A party and the role it plays. `@referredType` says what the id is of: Individual, Organization, Customer.',
);

const refOrValueWithRole = {
  id: z.string().optional(),
  href: z.string().optional(),
  name: z.string().optional(),
  role: z.string().min(1),
  '@referredType': z.string().optional(),
  ...extensible,
};

export const relatedPlace = named('RelatedPlaceRefOrValue', z.looseObject(refOrValueWithRole));
export const relatedEntity = named('RelatedEntityRefOrValue', z.looseObject(refOrValueWithRole));

export const externalReference = named(
  'ExternalReference',
  z.looseObject({
    id: z.string().optional(),
    href: z.string().optional(),
    externalReferenceType: z.string().optional(),
    name: z.string(),
    ...extensible,
  }),
  'What another system calls this thing.',
);

export const timePeriod = named(
  'TimePeriod',
  z.looseObject({ startDateTime: instant.optional(), endDateTime: instant.optional() }),
);

export const characteristic = named(
  'Characteristic',
  z.looseObject({
    id: z.string().optional(),
    name: z.string().min(1),
    valueType: z.string().optional(),
    value: z.unknown(),
    characteristicRelationship: z
      .array(
        z.looseObject({
          id: z.string().optional(),
          href: z.string().optional(),
          relationshipType: z.string().optional(),
          ...extensible,
        }),
      )
      .optional(),
    ...extensible,
  }),
  'A name and a value of any JSON type.',
);

const featureAttributes = {
  isBundle: z.boolean().optional(),
  isEnabled: z.boolean().optional(),
  name: z.string(),
  constraint: z.array(constraintRef).optional(),
  featureCharacteristic: z.array(characteristic).min(1),
  featureRelationship: z
    .array(
      z.looseObject({
        id: z.string().optional(),
        name: z.string(),
        relationshipType: z.string(),
        validFor: timePeriod.optional(),
      }),
    )
    .optional(),
};

/** A feature as an order states it (TMF641): its id may be missing. */
export const orderedFeature = named('Feature', z.looseObject({ id: z.string().optional(), ...featureAttributes }));
/** A feature as the inventory keeps it (TMF638): it has an id. */
export const keptFeature = named('Feature', z.looseObject({ id: z.string().min(1), ...featureAttributes }));

const noteAttributes = { id: z.string().optional(), text: z.string(), ...extensible };

/** A note on an order (TMF641): author and date may be missing. */
export const note = named(
  'Note',
  z.looseObject({ ...noteAttributes, author: z.string().optional(), date: instant.optional() }),
);
/** A note on an inventory entry (TMF638): who and when are required. */
export const signedNote = named('Note', z.looseObject({ ...noteAttributes, author: z.string(), date: instant }));

/** An error as it is recorded inside a resource. */
export const errorAttributes = {
  code: z.string().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  status: z.string().optional(),
  referenceError: z.string().optional(),
  ...extensible,
};

/** The body of every answer that is not a success (TMF630, Error). `code` is stable, `reason` is for people. */
export const errorBody = named(
  'Error',
  z.looseObject({ ...errorAttributes, code: z.string(), reason: z.string() }),
  'Every answer that is not a success has this body.',
);

/** The JSON of {@link errorBody}. */
export type ErrorBody = z.infer<typeof errorBody>;

/** What an order item asks for. */
export const orderItemAction = z.enum(orderItemActions);
