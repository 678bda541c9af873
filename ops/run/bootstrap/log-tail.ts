import { readFileSync } from 'node:fs';

/** Erlang's reports of a failed start are single lines of many thousand characters. */
const longestLine = 600;

/** The last lines of a log file, each cut to a readable length, for an error message; empty when there is none. */
export function logTail(file: string, lines = 8): string {
  try {
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .map((line) => line.slice(0, longestLine))
      .join('\n');
  } catch {
    return '';
  }
}
