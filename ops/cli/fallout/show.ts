import type { Fallout } from './fallout.store.ts';

/** Held items as a table, a line each. */
export function tableOf(fallen: readonly Fallout[]): string {
  if (fallen.length === 0) return 'nothing is held';
  const rows = fallen.map((one) => [
    one.orderId,
    one.itemId,
    `${one.action} ${one.serviceType}`,
    one.steps[one.position]?.step ?? '',
    one.since.toISOString().slice(0, 19).replace('T', ' '),
    one.steps[one.position]?.failure?.reason ?? '',
  ]);
  const heads = ['order', 'item', 'asks to', 'held at', 'since', 'because'];
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [heads, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One held item whole: its steps, the failure, and what people did so far. */
export function detailOf(
  one: Fallout,
  audit: readonly { at: Date; actor: string; verb: string; reason: string | null }[],
): string {
  const steps = one.steps.map((step, at) => {
    const mark = at === one.position ? '>' : ' ';
    const failed = step.failure === undefined ? '' : `  ${step.failure.code}: ${step.failure.reason}`;
    return `  ${mark} ${step.direction} ${step.step} on ${step.platform}: ${step.state}, ${step.attempt} attempts, generation ${step.generation}${failed}`;
  });
  const lines = audit.map(
    ({ at, actor, verb, reason }) =>
      `    ${at.toISOString()}  ${actor}  ${verb}${reason === null ? '' : `: ${reason}`}`,
  );
  return [
    `order ${one.orderId}, item ${one.itemId}: ${one.action} ${one.serviceType} (service ${one.serviceId})`,
    `  held since ${one.since.toISOString()}, activation ${one.activationId}`,
    ...steps,
    ...(lines.length === 0 ? [] : ['  done so far:', ...lines]),
  ].join('\n');
}
