import { percentile } from './percentile.ts';

/**
 * Measures two things in short rounds, in turn, and the other way round every second time: whatever else the machine is
 * busy with then slows both alike, and what is left of it in a round is left out by the median.
 *
 * @returns what each side's rounds gave, and the median of the rounds' own ratios `of` to `to`
 */
export async function paired<Result>(
  rounds: number,
  sides: { of: () => Promise<Result>; to: () => Promise<Result> },
  rateOf: (result: Result) => number,
): Promise<{ of: Result[]; to: Result[]; ratio: number }> {
  const of: Result[] = [];
  const to: Result[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      to.push(await sides.to());
      of.push(await sides.of());
    } else {
      of.push(await sides.of());
      to.push(await sides.to());
    }
  }
  const ratios = of.map((result, round) => rateOf(result) / rateOf(to[round]!));
  return { of, to, ratio: median(ratios) };
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);
