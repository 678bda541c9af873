import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, type PinoLine } from '../bootstrap/last-words.ts';

/** A line of a log that a person may want to see, and whose log it is. */
export type Warning = { source: string; message: string; times: number };

/** A role logs some 200 bytes per message it handles: 10 MB is about fifty thousand of them. */
const mostBytes = 10 * 1024 * 1024;
/** Older parts that are kept of each log, `<file>.1` the newest: 50 MB a log with what is being written. */
const keptParts = 4;
/** The same complaint is shown once in this time, with a count. */
const quietMs = 30_000;

/**
 * Watches the logs (`*.log`) of a folder: passes on lines of level warning and above that are written from now on, the same
 * one at most every 30 s with its count, and keeps each log within bounds. Logs of earlier starts stay, and are appended to.
 *
 * @returns a function that ends the watch
 */
export function watchLogs(folder: string, onWarning: (warning: Warning) => void, everyMs = 1_000): () => void {
  const positions = new Map(logsIn(folder).map((file) => [file, sizeOf(file)]));
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
    for (const file of logsIn(folder)) {
      const { lines, end } = linesFrom(file, positions.get(file) ?? 0);
      positions.set(file, end);
      for (const line of lines) {
        const message = warningIn(line);
        if (message !== undefined) say(basename(file, '.log'), message);
      }
      if (sizeOf(file) > mostBytes && rotate(file)) positions.set(file, 0);
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
    const said = JSON.parse(line) as PinoLine;
    return said.level < 40 ? undefined : messageOf(said);
  } catch {
    return undefined;
  }
}

function logsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.log'))
      .map((name) => join(folder, name));
  } catch {
    return []; // somebody removed it; what is written next makes it again
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

// Whole lines only: what is half written is read next time.
function linesFrom(file: string, position: number): { lines: string[]; end: number } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { size } = fstatSync(descriptor);
    const from = size < position ? 0 : position;
    const buffer = Buffer.alloc(Math.min(size - from, 4 * 1024 * 1024));
    const text = buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, from));
    const whole = text.subarray(0, text.lastIndexOf(10) + 1);
    return { lines: whole.toString('utf8').split('\n').filter(Boolean), end: from + whole.length };
  } catch {
    return { lines: [], end: position }; // the next look may fare better
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

// The writer holds the file open for appending, so it is copied and emptied rather than renamed. A copy for which there is no
// room leaves everything as it is: the writer drops what does not fit.
function rotate(file: string): boolean {
  const copy = `${file}.copy`;
  try {
    copyFileSync(file, copy);
    for (let part = keptParts - 1; part > 0; part--) renameIfThere(`${file}.${part}`, `${file}.${part + 1}`);
    renameSync(copy, `${file}.1`);
    truncateSync(file);
    return true;
  } catch {
    rmSync(copy, { force: true });
    return false;
  }
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to);
}
