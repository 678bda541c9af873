import { closeSync, copyFileSync, fstatSync, openSync, readSync, statSync, truncateSync } from 'node:fs';

/** A line of a role's log that a person may want to see. */
export type Warning = { source: string; message: string; times: number };

/** A role logs some 200 bytes per message it handles: 20 MB is about a hundred thousand of them, twice that is kept. */
const mostBytes = 20 * 1024 * 1024;
/** The same complaint is shown once in this time, with a count. */
const quietMs = 30_000;

/**
 * Watches the log files of a fleet: passes on lines of level warning and above, the same one at most every 30 s with its
 * count, and keeps each file within bounds (the older part moves to `<file>.1`).
 *
 * @returns a function that ends the watch
 */
export function watchLogs(
  files: ReadonlyMap<string, string>,
  onWarning: (warning: Warning) => void,
  everyMs = 1_000,
): () => void {
  const positions = new Map<string, number>();
  const heard = new Map<string, { at: number; held: number }>();
  const say = (source: string, message: string) => {
    const key = `${source} ${message}`;
    const before = heard.get(key);
    if (before !== undefined && Date.now() - before.at < quietMs) {
      before.held++;
      return;
    }
    heard.set(key, { at: Date.now(), held: 0 });
    onWarning({ source, message, times: (before?.held ?? 0) + 1 });
  };
  const look = () => {
    for (const [source, file] of files) {
      const { lines, end } = linesFrom(file, positions.get(file) ?? 0);
      positions.set(file, end);
      for (const line of lines) {
        const message = warningIn(line);
        if (message !== undefined) say(source, message);
      }
      if (end > mostBytes && rotate(file)) positions.set(file, 0);
    }
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** The message of a pino line of level warning (40) or above; undefined for anything else. */
export function warningIn(line: string): string | undefined {
  if (!/"level":[4-6]0/.test(line)) return undefined;
  try {
    const { level, msg, err } = JSON.parse(line) as { level: number; msg?: string; err?: { message?: string } };
    if (level < 40) return undefined;
    const cause = err?.message === undefined || err.message === msg ? '' : `: ${err.message}`;
    return `${msg ?? 'error'}${cause}`;
  } catch {
    return undefined;
  }
}

// Whole lines only: what is half written is read next time.
function linesFrom(file: string, position: number): { lines: string[]; end: number } {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return { lines: [], end: 0 };
  }
  try {
    const { size } = fstatSync(descriptor);
    const from = size < position ? 0 : position;
    const buffer = Buffer.alloc(Math.min(size - from, 4 * 1024 * 1024));
    const read = readSync(descriptor, buffer, 0, buffer.length, from);
    const text = buffer.subarray(0, read);
    const last = text.lastIndexOf(10);
    return {
      lines: text
        .subarray(0, last + 1)
        .toString('utf8')
        .split('\n')
        .filter(Boolean),
      end: from + last + 1,
    };
  } finally {
    closeSync(descriptor);
  }
}

// The writer holds the file open for appending, so it is emptied rather than renamed.
function rotate(file: string): boolean {
  try {
    if (statSync(file).size <= mostBytes) return false;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
    return true;
  } catch {
    return false;
  }
}
