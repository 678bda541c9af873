/** A number of places, with a queue in front. Outside the breaker: waiting for a place is no failure of the platform. */
export interface Bulkhead {
  /** Resolves with the way out once a place is free; undefined when none got free in time. */
  enter(waitMs: number): Promise<(() => void) | undefined>;
  /** Free places less those already waited for; negative when there is a queue. */
  room(): number;
}

/** @param places how many at once; asked each time, so that it can ramp */
export function createBulkhead(places: () => number, freed: () => void): Bulkhead {
  let inside = 0;
  const waiting: (() => void)[] = [];

  function leave(): void {
    inside -= 1;
    waiting.shift()?.();
    freed();
  }

  function once(action: () => void): () => void {
    let done = false;
    return () => {
      if (done) return;
      done = true;
      action();
    };
  }

  return {
    room: () => places() - inside - waiting.length,
    async enter(waitMs) {
      const deadline = performance.now() + waitMs;
      while (inside >= places()) {
        const left = deadline - performance.now();
        if (left <= 0) return undefined;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(() => {
            const at = waiting.indexOf(wake);
            if (at >= 0) waiting.splice(at, 1);
            resolve();
          }, left);
          const wake = (): void => {
            clearTimeout(timer);
            resolve();
          };
          waiting.push(wake);
        });
      }
      inside += 1;
      return once(leave);
    },
  };
}
