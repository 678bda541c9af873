/** Where the official documents contradict themselves, and what we hold to instead. Nothing else is tolerated. */
import type { SwaggerSchema } from './specs.ts';

/** One correction of one definition. */
export interface Tolerance {
  readonly api: string;
  readonly definition: string;
  readonly reason: string;
  readonly correct: (definition: SwaggerSchema) => SwaggerSchema;
}

const tolerances: readonly Tolerance[] = [
  {
    api: 'TMF641',
    definition: 'ServiceOrderItemRef',
    reason: "its required list says 'id', an attribute it does not have: the reference is by 'itemId'",
    correct: (definition) => ({ ...definition, required: ['itemId'] }),
  },
  ...['TMF622', 'TMF637'].map((api) => ({
    api,
    definition: 'ProductStatusType',
    reason: "the enum has 'aborted ' with a trailing space; both spellings are accepted",
    correct: (definition: SwaggerSchema) => ({ ...definition, enum: [...(definition.enum ?? []), 'aborted'] }),
  })),
];

/** Statuses the documents leave open, all with the Error body: HTTP itself or TMF630 asks for them. */
export const openStatuses: readonly number[] = [401, 403, 404, 405, 406, 408, 409, 412, 413, 415, 429, 431, 500, 503];

/** The definitions of a document with the tolerances applied. */
export function correctedDefinitions(
  api: string,
  definitions: Readonly<Record<string, SwaggerSchema>>,
): Record<string, SwaggerSchema> {
  const corrected = { ...definitions };
  for (const tolerance of tolerances) {
    const definition = corrected[tolerance.definition];
    if (tolerance.api === api && definition !== undefined)
      corrected[tolerance.definition] = tolerance.correct(definition);
  }
  return corrected;
}
