/** What zod found wrong, in words a client can act on: where, what was there, what is wanted. */
import type { core } from 'zod';

import { shorten, type ErrorDetail } from './errors.ts';

/** More than this helps nobody: the first ones usually cause the rest. */
const MOST_TOLD = 10;

/**
 * One reason and the rest as message, ready for `refuse(code, ...describeIssues(issues))`.
 * @param issues what zod reported, at least one
 */
export function describeIssues(issues: readonly core.$ZodIssue[]): [reason: string, detail: ErrorDetail] {
  const sentences = [...new Set(issues.map(describeIssue))];
  const [first = 'The body is not valid.', ...others] = sentences;
  if (others.length === 0) return [first, { message: 'Correct it and send the request again.' }];
  const told = others.slice(0, MOST_TOLD - 1).join(' ');
  const untold = others.length - (MOST_TOLD - 1);
  return [first, { message: `Also: ${told}${untold > 0 ? ` And ${untold} more.` : ''}` }];
}

/** One issue as a sentence, such as `serviceOrderItem[0].action must be one of add, modify, but is "ad".` */
function describeIssue(issue: core.$ZodIssue): string {
  const where = pathText(issue.path) || 'The body';
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? `${where} is required${issue.expected === 'nonoptional' ? '' : `: ${article(issue.expected)}`}.`
        : `${where} must be ${article(issue.expected)}${butIs(issue)}.`;
    case 'invalid_value': {
      const missing = Object.hasOwn(issue, 'input') && issue.input === undefined;
      const values = `${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
      return `${where} ${missing ? 'is required:' : 'must be'} ${values}${butIs(issue)}.`;
    }
    case 'invalid_format':
      return `${where} ${formatText(issue.format, issue.message)}${butIs(issue)}.`;
    case 'too_small':
      return `${where} must ${bound(issue.origin, 'at least', Number(issue.minimum))}.`;
    case 'too_big':
      return `${where} must ${bound(issue.origin, 'at most', Number(issue.maximum))}.`;
    case 'unrecognized_keys':
      return `${where} must not have ${issue.keys.join(', ')}.`;
    case 'not_multiple_of':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return `${where} ${lowerFirst(issue.message)}.`;
    default:
      return issue satisfies never;
  }
}

/** A path as a client would write it: `serviceOrderItem[0].service.name`. */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}

/** A schema's own pattern comes with a sentence of its own; zod's formats have names. */
function formatText(format: string, message: string): string {
  if (format === 'datetime') return 'must be a date and time with an offset, like 2026-03-01T09:30:00Z';
  return format === 'regex' ? message : `must be a valid ${format}`;
}

function butIs(issue: core.$ZodIssue): string {
  if (issue.input === undefined) return '';
  const shown = JSON.stringify(issue.input);
  return shown === undefined ? '' : `, but is ${shorten(shown)}`;
}

function bound(origin: string, how: string, count: number): string {
  switch (origin) {
    case 'string':
      return count === 1 && how === 'at least' ? 'not be empty' : `have ${how} ${count} characters`;
    case 'array':
    case 'set':
      return `have ${how} ${count} ${count === 1 ? 'entry' : 'entries'}`;
    default:
      return `be ${how} ${count}`;
  }
}

function article(type: string): string {
  if (type === 'int' || type === 'integer') return 'a whole number';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function lowerFirst(text: string): string {
  return text.replace(/\.$/, '').replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}
