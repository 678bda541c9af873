import type { BenchServices } from '../services.ts';

/** What a figure must reach: its ratio or its value, at least or at most. */
export type Target = { of: 'ratio' | 'value'; atLeast: number } | { of: 'ratio' | 'value'; atMost: number };

/**
 * One line of the table. `floor` names what it is held against, measured in the same run: `ratio` is how it compares with
 * it (more is better for rates). Figures of different machines compare by ratio alone.
 */
export type Figure = {
  name: string;
  value: number;
  unit: string;
  floor?: string;
  ratio?: number;
  target?: Target;
  detail?: string;
};

/** What a measure may use. `figures` are those of this run so far, floors first. */
export type Context = {
  services: BenchServices;
  figures: readonly Figure[];
  quick: boolean;
  tell: (line: string) => void;
};

/** A measure of Patchbay. It throws when what it measured went wrong: a fast wrong answer is not a figure. */
export type Measure = { name: string; run: (context: Context) => Promise<Figure[]> };

/** How much of another figure of this run `value` reaches. @throws when that figure was not measured */
export function against(figures: readonly Figure[], floor: string, value: number): { floor: string; ratio: number } {
  const found = figures.find((figure) => figure.name === floor);
  if (!found) throw new Error(`the floor "${floor}" was not measured in this run`);
  return { floor, ratio: value / found.value };
}

/** Whether a figure reaches its target; undefined where it has none. */
export function holds({ target, ratio, value }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  const reached = target.of === 'ratio' ? (ratio ?? Number.NaN) : value;
  return 'atLeast' in target ? reached >= target.atLeast : reached <= target.atMost;
}
