import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { explain } from './explain.ts';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';
import { complain } from './say.ts';
import { writeAtomically } from './write-atomically.ts';

/** What to run, under which name, and how it wants to be asked to end. */
export type BackgroundCommand = {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** stdout and stderr, appended; where it cannot be opened the process runs without */
  logFile: string;
  /** where the record of this process goes (`<name>.json`), for a later start to find it; none: no record */
  recordsFolder?: string;
  /** the signal that asks it to end in order */
  stopSignal: NodeJS.Signals;
  account?: { uid: number; gid: number };
};

export type BackgroundProcess = {
  readonly name: string;
  readonly pid: number;
  alive(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, waits up to `graceMs`, then makes it. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
  /** Resolves with what ended it, whenever that is. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

/** The record a later start reads: enough to recognise the process and to ask it to end. */
export type ProcessRecord = ProcessIdentity & { name: string; stopSignal: NodeJS.Signals };

/**
 * Starts a process in a session of its own, so that a Ctrl-C in our terminal reaches us alone and we end it in order.
 * Its output goes straight to a file: it keeps running, and writing, if we are killed.
 */
export function startInBackground(what: BackgroundCommand): Promise<BackgroundProcess> {
  const log = openLog(what);
  return new Promise((resolve, reject) => {
    const child = spawn(what.command, what.args, {
      env: what.env,
      cwd: what.cwd ?? '/',
      detached: true,
      stdio: ['ignore', log, log],
      ...what.account,
    });
    if (log !== 'ignore') closeSync(log);
    child.once('error', reject);
    let running = true;
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((settle) => {
      child.once('exit', (code, signal) => {
        running = false;
        if (record !== undefined) forgetRecord(record);
        settle({ code, signal });
      });
    });
    let record: string | undefined;
    child.once('spawn', () => {
      const pid = child.pid!;
      const identity = identify(pid);
      if (what.recordsFolder !== undefined && identity !== undefined && running) {
        record = join(what.recordsFolder, `${what.name}.json`);
        keepRecord(record, { ...identity, name: what.name, stopSignal: what.stopSignal });
      }
      const kill = (signal: NodeJS.Signals) => void (running && child.kill(signal));
      resolve({
        name: what.name,
        pid,
        alive: () => running,
        kill,
        ended,
        async stop(graceMs) {
          kill(what.stopSignal);
          const timer = setTimeout(() => kill('SIGKILL'), graceMs);
          await ended;
          clearTimeout(timer);
        },
      });
    });
  });
}

// A log and a record only tell: without them the process still does its work.
function openLog({ name, logFile }: BackgroundCommand): number | 'ignore' {
  try {
    mkdirSync(dirname(logFile), { recursive: true });
    return openSync(logFile, 'a');
  } catch (error) {
    complain(`${name} runs without a log: ${explain(error)}`);
    return 'ignore';
  }
}

function keepRecord(file: string, record: ProcessRecord): void {
  try {
    writeAtomically(file, JSON.stringify(record));
  } catch (error) {
    complain(`${record.name} runs, but a later start would not find it: ${explain(error)}`);
  }
}

function forgetRecord(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It stays, and names a process that has ended: a later start sees that.
  }
}

/** Ends a process that is not our child, known by its record; resolves when it is gone. */
export async function endForeign(process: ProcessRecord, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  signalForeign(process, process.stopSignal);
  while (isRunning(process)) {
    if (Date.now() > deadline) signalForeign(process, 'SIGKILL');
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

function signalForeign(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // it ended in between
  }
}
