/** The value below which `share` (0 to 1) of the samples lie; nearest rank, so always one that was really measured. NaN for none. */
export function percentile(samples: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(samples).toSorted();
  const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
  return sorted[rank] ?? Number.NaN;
}
