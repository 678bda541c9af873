/** How much of one kind of work is done at once. What is too much waits its turn for a bounded time, then it is refused. */
import { TmfError } from './errors.ts';

/** The bounds of one kind of work. */
export interface GateOptions {
  /** Works at once; as many as there are connections for it. */
  readonly atOnce: number;
  /** How many may wait for their turn. */
  readonly waiting: number;
  /** How long one waits, in milliseconds. */
  readonly patienceMs: number;
  /** What is thrown at one too many. */
  readonly refusal: () => TmfError;
}

/**
 * Runs work in its turn, first come first served.
 *
 * @throws the refusal for one too many, or when the turn does not come in time; {@link clientGone} when `signal` aborts while it waits
 */
export type Gate = <Result>(signal: AbortSignal | undefined, work: () => Promise<Result>) => Promise<Result>;

/** Nobody reads this answer; its status is what proxies log for a client that closed the connection. */
export function clientGone(cause?: unknown): TmfError {
  return new TmfError(499, 'clientGone', 'The client has closed the connection.', { cause });
}

export function createGate({ atOnce, waiting, patienceMs, refusal }: GateOptions): Gate {
  const queue = new Set<() => void>();
  let free = atOnce;

  function takeTurn(signal: AbortSignal | undefined): Promise<void> {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    if (queue.size >= waiting) return Promise.reject(refusal());
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', leave);
        queue.delete(enter);
        end();
      };
      const enter = (): void => settle(resolve);
      const leave = (): void => settle(() => reject(clientGone()));
      const timer = setTimeout(() => settle(() => reject(refusal())), patienceMs);
      signal?.addEventListener('abort', leave);
      queue.add(enter);
    });
  }

  return async (signal, work) => {
    if (signal?.aborted === true) throw clientGone();
    await takeTurn(signal);
    try {
      return await work();
    } finally {
      const [next] = queue;
      if (next === undefined) free += 1;
      else next();
    }
  };
}
