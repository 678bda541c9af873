import { type Figure, holds } from './measures/measure.ts';

/** The figures as aligned text: name, value and unit, ratio to the floor it is held against, verdict, detail. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${figure.value.toLocaleString('en', { maximumFractionDigits: figure.value < 100 ? 1 : 0 })} ${figure.unit}`,
    figure.ratio === undefined ? '' : `${figure.ratio.toFixed(2)} x ${figure.floor ?? ''}`,
    verdict(figure),
    figure.detail ?? '',
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function verdict(figure: Figure): string {
  const { target } = figure;
  if (target === undefined) return '';
  const bound = 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
  return `${bound} ${holds(figure) === true ? 'holds' : 'MISSED'}`;
}
