import type { Figure } from './measures/measure.ts';

/** The figures as aligned text: name, value and unit, ratio to the floor it is held against, detail. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, floor, ratio, detail }) => [
    name,
    `${value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 })} ${unit}`,
    ratio === undefined ? '' : `${ratio.toFixed(2)} x ${floor ?? ''}`,
    detail ?? '',
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
