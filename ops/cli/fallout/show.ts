import type { Characteristics } from '../../../contracts/messages/values.ts';
import type { Letter } from '../../platform/broker/letters.ts';
import type { HeldDelivery } from './delivery.store.ts';
import type { AuditLine, Fallout } from './fallout.store.ts';
import { type GivenUpCommand, type UnbegunItem, lettersAbout } from './unbegun.store.ts';

/** Held items of service orders, and held deliveries of product orders, as one table, a line each, oldest first. */
export const tableOf = (
  fallen: readonly Fallout[],
  deliveries: readonly HeldDelivery[],
  unbegun: readonly UnbegunItem[] = [],
): string =>
  fallen.length + deliveries.length + unbegun.length === 0
    ? 'nothing is held'
    : columns(
        ['order', 'item', 'asks to', 'held at', 'since', 'because'],
        [...fallen.map(stepRow), ...unbegun.map(unbegunRow), ...deliveries.map(deliveryRow)]
          .toSorted((one, other) => one.since.getTime() - other.since.getTime())
          .map(({ cells, since, because }) => [...cells, minute(since.toISOString()), because]),
      );

interface Row {
  readonly since: Date;
  readonly cells: readonly string[];
  readonly because: string;
}

function stepRow({ orderId, itemId, action, serviceType, steps, position, since }: Fallout): Row {
  const { step = '', failure } = steps[position] ?? {};
  return { since, cells: [orderId, itemId, `${action} ${serviceType}`, step], because: failure?.reason ?? '' };
}

const unbegunRow = ({ since, orderId, itemId, action, serviceType, command, because }: UnbegunItem): Row => ({
  since,
  cells: [orderId, itemId, `${action} ${serviceType}`, heldAt[command]],
  because,
});

const deliveryRow = (one: HeldDelivery): Row => ({
  since: one.since,
  cells: [one.orderId, one.component, asks(one), whereOf(one)],
  because: one.failure?.reason ?? '',
});

const asks = ({ purpose, action, serviceType }: HeldDelivery): string =>
  `${purpose === 'undo' ? 'undo ' : ''}${action} ${serviceType}`;
const wheres = { policy: 'recovery policy', serviceOrder: 'service order', letter: 'dead letter' } as const;
const whereOf = ({ heldBy }: HeldDelivery): string => wheres[heldBy];

/** One held delivery of a product order whole: what was asked for, its way so far, and what people did about it. */
export function deliveryDetailOf(one: HeldDelivery, audit: readonly AuditLine[]): string {
  const ways = [
    'retry',
    ...(one.optional || one.purpose === 'undo' ? ['skip'] : []),
    one.purpose === 'undo' ? 'fail (it stays behind)' : "fail (the item's other components are taken back)",
    ...(one.heldBy === 'letter'
      ? ['or with its letter replayed; whoever says skip or fail discards the letter first']
      : []),
  ];
  const because = one.failure === undefined ? '' : `: ${one.failure.code}: ${one.failure.reason}`;
  return [
    `product order ${one.orderId}, item ${one.itemId}, component ${one.component}: ${asks(one)} (service ${one.serviceId})`,
    `  held since ${one.since.toISOString()} by its ${whereOf(one)}${because}`,
    `  delivery ${one.deliveryId}, specification ${one.specification}${one.optional ? ', optional' : ''}`,
    `  asked for: ${settings(one.requested) || 'nothing in particular'}`,
    ...one.serviceOrders.map((id) => `  service order ${id} (patchbay trace ${id})`),
    ...one.transitions.map(
      ({ at, from, to, why }) => `    ${at}  ${from} → ${to}${why === undefined ? '' : `: ${why}`}`,
    ),
    `  the order is ${one.stage}; it goes on with ${ways.join(', ')}`,
    ...auditLines(audit),
  ].join('\n');
}

const heldAt: Readonly<Record<GivenUpCommand, string>> = {
  ...{ claim: 'its claim', activate: 'its beginning', proceed: 'its way back', abandon: 'its way on' },
};
const whoGaveUp: Readonly<Record<GivenUpCommand, (serviceType: string) => string>> = {
  claim: () => 'the inventory gave up the claim of services',
  activate: (type) => `the ${type} activator gave up before its first step`,
  proceed: (type) => `the ${type} activator gave up the command to take it back`,
  abandon: (type) => `the ${type} activator gave up the command to go on`,
};

/** One item that is held for a command: who gave it up and why, and what people did about it. */
export const unbegunDetailOf = (one: UnbegunItem, audit: readonly AuditLine[]): string =>
  [
    `order ${one.orderId}, item ${one.itemId}: ${one.action} ${one.serviceType} (service ${one.serviceId})`,
    `  held since ${one.since.toISOString()}: ${whoGaveUp[one.command](one.serviceType)}`,
    `  because: ${one.because}`,
    `  it goes on with retry, or with its letter replayed (patchbay fallout letters ${lettersAbout(one).queue})`,
    ...auditLines(audit),
  ].join('\n');

/** One held item whole: what was asked for, its steps and their attempts, what its order says, and what people did so far. */
export function detailOf(one: Fallout, words: readonly string[], audit: readonly AuditLine[]): string {
  const steps = one.steps.flatMap((step, at) => {
    const mark = at === one.position ? '>' : ' ';
    const failed = step.failure === undefined ? '' : `  ${step.failure.code}: ${step.failure.reason}`;
    const attempts = step.log ?? [];
    return [
      `  ${mark} ${step.direction} ${step.step} on ${step.platform}: ${step.state}, ${step.attempt} attempts, generation ${step.generation}${failed}`,
      ...(step.uncertainSince === undefined
        ? []
        : [`      whether it took effect is not known since ${step.uncertainSince}`]),
      ...attempts.map(
        ({ what, at: begun, result, reason }) =>
          `      ${begun}  ${what}: ${result ?? 'not ended'}${reason === undefined ? '' : `, ${reason}`}`,
      ),
    ];
  });
  return [
    `order ${one.orderId}, item ${one.itemId}: ${one.action} ${one.serviceType} (service ${one.serviceId})`,
    `  held since ${one.since.toISOString()}, activation ${one.activationId}`,
    `  asked for: ${settings(one.requested) || 'nothing in particular'}`,
    ...words.map((word) => `  ${word}`),
    ...steps,
    ...auditLines(audit),
  ].join('\n');
}

function auditLines(audit: readonly AuditLine[]): string[] {
  const lines = audit.map(
    ({ at, actor, verb, reason, requested }) =>
      `    ${at.toISOString()}  ${actor}  ${verb}${reason === null ? '' : `: ${reason}`}${requested === null ? '' : `  (${settings(requested)})`}`,
  );
  return lines.length === 0 ? [] : ['  done so far:', ...lines];
}

const settings = (values: Characteristics): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');

/** Dead letters as a table, a line each. */
export const lettersTable = (letters: readonly Letter[], now: Date): string =>
  letters.length === 0
    ? 'no dead letters'
    : columns(
        ['letter', 'queue', 'message', 'order', 'since', 'age', 'because'],
        letters.map((one) => [
          one.id,
          one.queue,
          one.type ?? 'untyped',
          one.envelope.correlationId === one.id ? '' : one.envelope.correlationId,
          minute(one.firstFailedAt ?? ''),
          one.firstFailedAt === undefined ? '' : age(now.getTime() - Date.parse(one.firstFailedAt)),
          `${one.code}: ${one.reason.split('\n', 1)[0]}`,
        ]),
      );

/** One letter with its context, and what it says. */
export const letterOf = (one: Letter): string =>
  [
    `letter ${one.id}: ${one.type ?? 'untyped'}`,
    `  fell out of ${one.queue}${one.worker === undefined ? '' : `, at ${one.worker}`}`,
    ...(one.attempts === undefined ? [] : [`  failed ${one.attempts} times, last ${one.lastFailedAt}`]),
    `  ${one.code}: ${one.reason}`,
    `  about ${one.envelope.correlationId}`,
    one.body,
  ].join('\n');

const minute = (instant: string): string => instant.slice(0, 19).replace('T', ' ');

function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60 / 24)} d`;
}

function columns(heads: readonly string[], rows: readonly (readonly string[])[]): string {
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
