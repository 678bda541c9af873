/** A filter's value, checked against the type of what it is compared with. */
import { refuse, shorten } from './errors.ts';
import type { AttributePath, Operator } from './query-model.ts';

/** Longer values are in no TMF attribute one would look for. */
const MAX_VALUE_LENGTH = 512;

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * The value as it will be compared: instants as UTC ISO text with microseconds, numbers and booleans as JSON spells them.
 * @throws 400 `invalidQuery` when it is not of the attribute's type, or the operator means nothing for the type
 */
export function readValue(path: AttributePath, operator: Operator, text: string): string {
  const refuseValue = (wanted: string) =>
    refuse('invalidQuery', `'${path.text}' compares with ${wanted}, not with '${shorten(text)}'.`);
  if (text.length > MAX_VALUE_LENGTH) throw refuse('invalidQuery', `A value for '${path.text}' is too long.`);
  if (!text.isWellFormed()) throw refuse('invalidQuery', `A value for '${path.text}' is not valid text.`);
  if (path.leaf === 'object') {
    throw refuse('invalidQuery', `'${path.text}' is an object: filter by one of its attributes.`, {
      message: `Such as ${path.text}.id.`,
    });
  }
  if (operator === 'regex') {
    if (path.leaf === 'string' || path.leaf === 'any') return text;
    throw refuse('invalidQuery', `'${path.text}' is no text, so a regular expression cannot match it.`);
  }
  switch (path.leaf) {
    case 'number': {
      if (!isNumber(text)) throw refuseValue('a number');
      return String(Number(text));
    }
    case 'boolean':
      if (operator !== 'eq' && operator !== 'ne')
        throw refuse('invalidQuery', `'${path.text}' is true or false: it has no order.`);
      if (text !== 'true' && text !== 'false') throw refuseValue('true or false');
      return text;
    case 'instant': {
      const instant = toInstant(text);
      if (instant === undefined) throw refuseValue('a date, like 2026-03-01 or 2026-03-01T09:30:00Z');
      return instant;
    }
    case 'string':
    case 'any':
      return text;
    default:
      return path.leaf satisfies never;
  }
}

/** Whether text is a JSON number in full. */
export function isNumber(text: string): boolean {
  return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/.test(text) && Number.isFinite(Number(text));
}

/**
 * An instant as UTC text with microseconds, which sorts and compares as it reads; undefined when it is none. A plain date
 * is its first moment in UTC. A plus sign that arrived as a space is read as the plus it was.
 */
export function toInstant(text: string): string | undefined {
  const [, date, time = '00:00', zone = 'Z'] = INSTANT.exec(text.replace(/ (\d{2}:?\d{2})$/, '+$1')) ?? [];
  if (date === undefined || date.startsWith('0000')) return undefined;
  const [seconds = '', fraction = ''] = time.split('.');
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const at = new Date(`${date}T${seconds.length === 5 ? `${seconds}:00` : seconds}${offset}`);
  if (Number.isNaN(at.getTime()) || !isCalendarDay(date) || at.getUTCFullYear() < 1) return undefined;
  return `${at.toISOString().slice(0, 19)}.${fraction.padEnd(6, '0').slice(0, 6)}Z`;
}

/** JavaScript takes February 30 for March 2; PostgreSQL and people do not. */
function isCalendarDay(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}
