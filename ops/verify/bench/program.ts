import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A benchmark program in a process of its own, so that what measures and what is measured do not share a thread. */
export type Program = { nextLine: () => Promise<unknown>; stop: () => Promise<void> };

/**
 * Starts `file` with `options` as its JSON argument. It speaks one JSON value per line on stdout; stderr is passed on.
 * Its stdin stays open as long as we live: `endWithParent` makes a program whose parent was killed end too.
 */
export function startProgram(file: string, options: unknown, env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, [file, JSON.stringify(options)], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async nextLine() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${file} ended (exit code ${await ended(child)}) without an answer`);
      return JSON.parse(value) as unknown;
    },
    async stop() {
      child.stdin.end();
      child.kill('SIGTERM');
      await ended(child);
    },
  };
}

/** Runs `file` to its end and returns the one line it prints. @throws when it fails or prints nothing */
export async function runProgram(file: string, options: unknown, env: Record<string, string> = {}): Promise<unknown> {
  const program = startProgram(file, options, env);
  try {
    return await program.nextLine();
  } finally {
    await program.stop();
  }
}

/** The options a program was started with; `fallback` when a person started it by hand without any. */
export function programOptions<T>(fallback: T): T {
  const text = process.argv[2];
  return text === undefined ? fallback : { ...fallback, ...(JSON.parse(text) as Partial<T>) };
}

/** For a program that serves until stopped. */
export function endWithParent(): void {
  process.stdin.resume().on('end', () => process.exit(0));
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((settle) => {
    if (child.exitCode !== null || child.signalCode !== null) settle(child.exitCode);
    else child.once('exit', settle);
  });
