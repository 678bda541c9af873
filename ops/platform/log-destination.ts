import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Where log lines go. Writing to it never waits, never throws and never emits an event. */
export interface LogDestination {
  /** One line with its line break. Kept in memory while the descriptor takes nothing; dropped and counted beyond that. */
  write(line: string): void;
}

export interface LogDestinationOptions {
  /** Called for each line that is dropped. */
  readonly onDrop?: () => void;
  /** Called once the descriptor takes lines again, with the number of lines that were dropped. May write. */
  readonly onRecovery: (dropped: number) => void;
}

/** The start of an incident tells most, so the oldest lines are kept: about five thousand of a role's. */
const mostWaitingBytes = 1024 * 1024;
/** A pipe holds 64 KiB: a reader that keeps up gets 1 MiB a second through it at this pace. */
const retryMs = 50;

/**
 * Log lines to a file descriptor that may be a file on a full partition, a pipe that nobody reads, or one whose reader is
 * gone. pino's own destination (sonic-boom 4.2) does not do: at `fatal` and at exit `flushSync` retries ENOSPC for ever, with
 * the process asleep; after a failed write a full buffer is never tried again; EPIPE ends the log without a count; and a
 * write without `sync` to a pipe that nobody reads holds a thread, which `process.exit` waits for.
 *
 * @param fd stays open; 1 is stdout
 */
export function openLogDestination(fd: number, { onDrop, onRecovery }: LogDestinationOptions): LogDestination {
  let descriptor: number | undefined;
  const waiting: Buffer[] = [];
  let bytes = 0;
  let dropped = 0;
  let retry: NodeJS.Timeout | undefined;

  function drain(): void {
    retry = undefined;
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      let written: number;
      try {
        written = writeSync((descriptor ??= opened()), first);
      } catch {
        // Whatever the reason (EAGAIN, ENOSPC, EPIPE, EIO): it may pass, and nobody could be told here.
        retry = setTimeout(drain, retryMs).unref();
        return;
      }
      bytes -= written;
      if (written < first.length) waiting[0] = first.subarray(written);
      else waiting.shift();
    }
    if (dropped === 0) return;
    const count = dropped;
    dropped = 0;
    onRecovery(count);
  }

  function opened(): number {
    process.once('exit', drain);
    return neverWaiting(fd);
  }

  return {
    write(line) {
      const content = Buffer.from(line);
      if (bytes + content.length > mostWaitingBytes) {
        dropped += 1;
        onDrop?.();
        return;
      }
      waiting.push(content);
      bytes += content.length;
      if (retry === undefined) drain();
    },
  };
}

/**
 * A descriptor of the same thing on which a write that would wait fails with EAGAIN. A file never makes its writer wait.
 * Opening a pipe or a terminal anew leaves the description that other processes share as it is.
 */
function neverWaiting(fd: number): number {
  if (fstatSync(fd).isFile()) return fd;
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return setNonBlocking(fd);
  }
}

// A socket cannot be opened anew, nor anything where there is no /proc. libuv sets O_NONBLOCK on what it is given; Node has
// no other way to ask for it.
function setNonBlocking(fd: number): number {
  try {
    new Socket({ fd, readable: false, writable: true }).unref();
  } catch {
    // neither a pipe nor a socket: a terminal, whose reader is a person
  }
  return fd;
}
