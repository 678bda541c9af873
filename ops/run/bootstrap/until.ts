/**
 * Asks `probe` again and again until it returns something other than undefined.
 *
 * @param giveUp returns an error to throw when waiting has no point any more
 * @throws what `giveUp` returned, or `late()` after `timeoutMs`
 */
export async function until<T>(
  probe: () => Promise<T | undefined>,
  {
    everyMs = 100,
    timeoutMs,
    giveUp,
    late,
  }: { everyMs?: number; timeoutMs: number; giveUp?: () => Error | undefined; late: () => Error },
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    const lost = giveUp?.();
    if (lost !== undefined) throw lost;
    if (Date.now() > deadline) throw late();
    await new Promise((wake) => setTimeout(wake, everyMs));
  }
}
