/** What must wait for what. Keys are the caller's; a key is known from its first mention. */
export interface Waits {
  wait(key: string, on: string): void;
  /** Waits where that closes no circle: for an order that is better kept, but not needed. */
  preferToWait(key: string, on: string): void;
  /** The keys along one circle, the first repeated at the end. */
  circle(): string[] | undefined;
  /**
   * For each of these, which of these it waits for, be it by way of others; without those that another of them waits
   * for anyway. In the order in which they can be done, else as given. Only without a circle.
   */
  among(keys: readonly string[]): Map<string, string[]>;
}

/** An empty graph of waits. */
export function waits(): Waits {
  const edges = new Map<string, Set<string>>();
  const of = (key: string): Set<string> => edges.get(key) ?? new Set();
  const wait = (key: string, on: string): void => {
    edges.set(key, of(key).add(on));
  };
  const reaches = (from: string, to: string): boolean => {
    const seen = new Set([from]);
    for (const key of seen) {
      if (key === to) return true;
      for (const next of of(key)) seen.add(next);
    }
    return false;
  };
  return {
    wait,
    preferToWait: (key, on) => {
      if (!reaches(on, key)) wait(key, on);
    },
    circle: () => findCircle([...edges.keys()], of),
    among: (keys) => reduced(keys, of),
  };
}

function findCircle(keys: readonly string[], of: (key: string) => Set<string>): string[] | undefined {
  const clear = new Set<string>();
  for (const key of keys) {
    // Iterative depth-first search: the path holds where we are and what comes next.
    const path = [{ key, next: [...of(key)] }];
    while (!clear.has(key)) {
      const top = path.at(-1);
      if (top === undefined) break;
      const following = top.next.shift();
      if (following === undefined) {
        clear.add(top.key);
        path.pop();
        continue;
      }
      if (clear.has(following)) continue;
      const start = path.findIndex((step) => step.key === following);
      if (start >= 0) return [...path.slice(start).map((step) => step.key), following];
      path.push({ key: following, next: [...of(following)] });
    }
  }
  return undefined;
}

function reduced(keys: readonly string[], of: (key: string) => Set<string>): Map<string, string[]> {
  const wanted = new Set(keys);
  const nearest = new Map(keys.map((key) => [key, nearestOf(key, wanted, of)]));
  const place = new Map(keys.map((key, at) => [key, at]));
  const behind = new Map<string, Set<string>>();
  const ordered = new Map<string, string[]>();
  for (let open = [...keys]; open.length > 0; open = open.filter((key) => !ordered.has(key))) {
    const ready = open.filter((key) => [...(nearest.get(key) ?? [])].every((one) => ordered.has(one)));
    if (ready.length === 0) throw new Error('waits are ordered although there is a circle');
    for (const key of ready) {
      const direct = [...(nearest.get(key) ?? [])];
      const indirect = new Set(direct.flatMap((one) => [...(behind.get(one) ?? [])]));
      behind.set(key, new Set([...direct, ...indirect]));
      ordered.set(
        key,
        direct.filter((one) => !indirect.has(one)).toSorted((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0)),
      );
    }
  }
  return ordered;
}

/** The wanted keys that are reached first. */
function nearestOf(key: string, wanted: ReadonlySet<string>, of: (key: string) => Set<string>): Set<string> {
  const found = new Set<string>();
  const seen = new Set(of(key));
  for (const next of seen) {
    if (wanted.has(next)) found.add(next);
    else for (const one of of(next)) seen.add(one);
  }
  return found;
}
