import type { Failure } from '../../contracts/messages/values.ts';

/**
 * Reasons quote what clients and platforms say, and an order keeps one for each of its deliveries and items: all together
 * have so many letters that the largest order's event fits under 256 KiB, in an alphabet of three bytes a letter too.
 */
const lettersOfAll = 24_000;
const longestReason = 250;
const shortestReason = 20;

/** How long a reason may be in an order with so many deliveries and items. */
export const roomFor = (entries: number): number =>
  Math.min(longestReason, Math.max(shortestReason, Math.floor(lettersOfAll / Math.max(entries, 1))));

/** A failure as an order keeps it. */
export const bounded = ({ code, reason }: Failure, room = longestReason): Failure => ({
  code,
  reason: cut(reason, room),
});

/** A sentence of bearable length, not cut through a character: PostgreSQL keeps no halves. */
export const cut = (text: string, room = longestReason): string =>
  text.length <= room ? text : `${text.slice(0, room - 1).toWellFormed()}…`;
