/**
 * Turns Ctrl-C and its kin into two questions: has anybody asked to stop, and does anybody insist?
 * One Ctrl-C can arrive several times (from the terminal, from npm, from the launcher), so what comes within a second of
 * the first is the same one.
 */
export function listenForStop(insisted: () => void): { asked: Promise<void>; isAsked(): boolean; ask(): void } {
  let first: number | undefined;
  let resolve: () => void;
  const asked = new Promise<void>((settle) => (resolve = settle));
  const hear = () => {
    const now = Date.now();
    if (first === undefined) {
      first = now;
      resolve();
    } else if (now - first > 1_000) insisted();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, hear);
  return { asked, isAsked: () => first !== undefined, ask: hear };
}
