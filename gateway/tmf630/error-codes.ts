/**
 * The stable `code` of every refusal the gateway itself gives, with the status it goes out under. Clients may switch on
 * the code; the reason is for people and may be reworded. A domain's refusal (409 mostly) brings a code of its own.
 */
export const errorCodes = {
  malformedJson: 400,
  invalidBody: 400,
  invalidPatch: 400,
  notPatchable: 400,
  invalidQuery: 400,
  unknownAttribute: 400,
  invalidHeader: 400,
  invalidId: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  unknownPath: 404,
  methodNotAllowed: 405,
  notAcceptable: 406,
  requestTimeout: 408,
  conflict: 409,
  patchTestFailed: 409,
  idempotencyKeyReused: 409,
  idempotencyKeyInFlight: 409,
  preconditionFailed: 412,
  bodyTooLarge: 413,
  unsupportedMediaType: 415,
  headersTooLarge: 431,
  tooManyRequests: 429,
  internalError: 500,
  unavailable: 503,
  commandGivenUp: 503,
  queryTooSlow: 503,
} as const;

/** A code the gateway gives by itself. */
export type ErrorCode = keyof typeof errorCodes;
