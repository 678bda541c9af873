import type { BenchServices } from '../services.ts';

/**
 * One line of the table. `floor` names another figure of the same run, which it is held against: `ratio` is how it
 * compares with it (more is better for rates). Figures of different machines compare by ratio alone.
 */
export type Figure = { name: string; value: number; unit: string; floor?: string; ratio?: number; detail?: string };

/** What a measure may use. `figures` are those of this run so far, floors first. */
export type Context = { services: BenchServices; figures: readonly Figure[]; quick: boolean };

/** A measure of Patchbay. It throws when what it measured went wrong: a fast wrong answer is not a figure. */
export type Measure = { name: string; run: (context: Context) => Promise<Figure[]> };

/** How much of another figure of this run `value` reaches. @throws when that figure was not measured */
export function against(figures: readonly Figure[], floor: string, value: number): { floor: string; ratio: number } {
  const found = figures.find((figure) => figure.name === floor);
  if (!found) throw new Error(`the floor "${floor}" was not measured in this run`);
  return { floor, ratio: value / found.value };
}
