import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** What one start writes until it fails fits in; a log of many days is not read whole. */
const mostBytes = 256 * 1024;
/** Erlang's reports of a failed start are single lines of many thousand characters. */
const longestPhrase = 300;

/** Where a log file ends now, so that what a new process adds can be told from what earlier ones left. */
export function endOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What was added to a log file since it ended at `from`; all of it when it was rotated since. Empty when there is none. */
export function addedTo(file: string, from: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const begin = Math.max(size < from ? 0 : from, size - mostBytes);
    const buffer = Buffer.alloc(size - begin);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, begin)).toString('utf8');
  } catch {
    return '';
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The one phrase of a failed process's output that says why: a pino line of level error or above, PostgreSQL's FATAL,
 * RabbitMQ's first error, else the last line that is no part of a stack. `undefined` when it said nothing.
 */
export function causeIn(output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trimEnd());
  const found =
    lines.flatMap((line) => pinoFailure(line) ?? []).at(-1) ??
    lines.flatMap((line) => /\b(?:FATAL|PANIC):\s+(.+)/.exec(line)?.[1] ?? []).at(-1) ??
    lines.flatMap((line) => /\[error\] <[\d.]+> (?!BOOT FAILED|===)(\S.*)/.exec(line)?.[1] ?? []).at(0) ??
    lines.findLast((line) => /^\w*Error\b/.test(line)) ??
    lines.findLast((line) => /^\S/.test(line) && !/^(Node\.js v|\^|throw )|\[(debug|info|notice)\]/.test(line));
  return found?.slice(0, longestPhrase).replace(/[.\s]+$/, '');
}

function pinoFailure(line: string): string | undefined {
  if (!/^\{.*"level":[56]0/.test(line)) return undefined;
  try {
    return messageOf(JSON.parse(line) as PinoLine);
  } catch {
    return undefined;
  }
}

/** The fields of a pino line that tell people what happened. Our roles keep an error under `error`, pino's default is `err`. */
export type PinoLine = { level: number; msg?: string; error?: { message?: string }; err?: { message?: string } };

/** A pino line in words: its message, and the error's own where that says something else. */
export function messageOf({ msg, error, err }: PinoLine): string {
  const cause = (error ?? err)?.message;
  return `${msg ?? 'error'}${cause === undefined || cause === msg ? '' : `: ${cause}`}`;
}
