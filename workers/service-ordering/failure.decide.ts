import type { Failure } from '../../contracts/messages/values.ts';

/**
 * Reasons quote ids and values that clients and platforms chose, and an order keeps one for each of its items: two
 * hundred of these, in an alphabet of three bytes a letter, still leave the order's event under 256 KiB.
 */
const longestReason = 250;

/** A failure as an order keeps it. */
export const bounded = ({ code, reason }: Failure): Failure => ({ code, reason: cut(reason) });

/** A sentence of bearable length, not cut through a character: PostgreSQL keeps no halves. */
export const cut = (text: string, longest = longestReason): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
