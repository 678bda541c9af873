import { projectorQueue } from '../../../contracts/topology.ts';
import type { Trace, TraceEvent } from './timeline.ts';
import { spanOfTime } from './words.ts';

/** Shorter waits are how messaging is; longer ones are what somebody who reads this looks for. */
const worthTellingMs = 50;

/**
 * The order's way for people: one line for each thing that happened, what it caused under it. A chain stays at one depth;
 * where one thing caused several that go on, each is a branch.
 *
 * @param everything the updates of the views too
 */
export function textOf(trace: Trace, everything = false): string {
  const events = everything ? trace.events : trace.events.filter(isWorthTelling);
  const rows = layOut(events);
  const widest = (of: (row: Row) => string): number => Math.max(0, ...rows.map((row) => of(row).length));
  const [timeWidth, byWidth, whatWidth] = [
    widest((row) => row.time),
    widest((row) => row.by),
    widest((row) => row.what),
  ];
  const lines = rows.map(({ time, by, what, then }) =>
    `  ${time.padStart(timeWidth)}  ${by.padEnd(byWidth)}  ${what.padEnd(whatWidth)}  ${then}`.trimEnd(),
  );
  const noted = (what: string) => (one: Trace['milestones'][number]) =>
    `  ${clock(one.offsetMs).padStart(timeWidth)}  ${what}${one.item === undefined ? '' : ` (${one.item})`}: ${one.message}`;
  const notes = [
    ...trace.milestones.map(noted('milestone')),
    ...trace.jeopardies.map(noted('jeopardy')),
    ...trace.open.map(
      ({ item, what, until, reason }) =>
        `  item ${item} now: ${what}${until === undefined ? '' : `, until ${until}`}${reason === undefined ? '' : ` (${reason})`}`,
    ),
  ];
  const end = trace.durationMs === undefined ? trace.state : `${trace.state} after ${spanOfTime(trace.durationMs)}`;
  const placedFor = trace.productOrderId === undefined ? '' : `, placed for product order ${trace.productOrderId}`;
  const head = `${trace.stages === undefined ? '' : 'product '}order ${trace.orderId}, accepted ${trace.acceptedAt}${placedFor}`;
  return [head, ...stageLines(trace), ...lines, ...notes, ...endLines(trace), end].join('\n');
}

const stageLines = ({ stages = [] }: Trace): string[] =>
  stages.map(({ stage, offsetMs, by, what }) => `  ${stage.padEnd(10)} ${clock(offsetMs)}  ${by.padEnd(16)}  ${what}`);

/** What it came to, beside its state. */
const endLines = ({ serviceOrders = [], products = [] }: Trace): string[] => [
  ...serviceOrders.map(
    ({ id, item, serviceType, state }) => `  service order ${id}  ${state.padEnd(10)}  ${serviceType} (${item})`,
  ),
  ...products.map(({ id, status, name, specification, missing }) =>
    [
      `  product ${id}  ${status.padEnd(10)}`,
      ...[specification?.id, name, missing.length === 0 ? undefined : `without ${missing.join(', ')}`].filter(
        (part) => part !== undefined,
      ),
    ].join('  '),
  ),
];

interface Row {
  readonly time: string;
  readonly by: string;
  readonly what: string;
  readonly then: string;
}

/** A view that was updated, or will be in a moment, is no news, unless it did not go well. */
const isWorthTelling = ({ by, outcome }: TraceEvent): boolean =>
  by !== projectorQueue || (outcome !== 'done' && outcome !== 'waiting');

function layOut(events: readonly TraceEvent[]): Row[] {
  const known = new Set(events.map(({ id }) => id));
  const byCause = Map.groupBy(events, ({ cause }) => (cause !== null && known.has(cause) ? cause : ''));
  const goesOn = ({ id }: TraceEvent): boolean => byCause.has(id);
  const rows: Row[] = [];

  function tell(caused: readonly TraceEvent[], depth: number): void {
    const branches = caused.filter(goesOn).length;
    // What led nowhere first, so that the way goes on below.
    for (const event of caused.toSorted((a, b) => Number(goesOn(a)) - Number(goesOn(b)))) {
      const isBranch = goesOn(event) && branches > 1;
      const isAside = !goesOn(event) && caused.length > 1;
      const own = depth + (isBranch || isAside ? 1 : 0);
      rows.push(rowOf(event, own));
      tell(byCause.get(event.id) ?? [], own);
    }
  }
  tell(byCause.get('') ?? [], 0);
  return rows;
}

function rowOf(event: TraceEvent, depth: number): Row {
  const mark = marks[event.kind] ?? '';
  const item = event.item === undefined ? '' : ` (${event.item})`;
  return {
    time: clock(event.offsetMs),
    by: event.by,
    what: `${'  '.repeat(depth)}${mark}${event.what}${item}`,
    then: outcomeOf(event),
  };
}

function outcomeOf(event: TraceEvent): string {
  const { kind, outcome, attempt = 1, durationMs, reason, waited, againAt } = event;
  const said = [
    kind === 'call' ? (outcome ?? 'not answered yet') : outcome === 'done' ? '' : (outcome ?? ''),
    durationMs === undefined ? '' : `in ${spanOfTime(durationMs)}`,
    attempt > 1 ? `try ${attempt}` : '',
    waited === undefined || (waited.ms < worthTellingMs && waited.for === 'queue')
      ? ''
      : `${waits[waited.for]} ${spanOfTime(waited.ms)}`,
    kind === 'waiting' && againAt !== undefined ? `due ${againAt}` : '',
    reason === undefined ? '' : `"${reason}"`,
  ];
  return said.filter((part) => part !== '').join(', ');
}

const marks: { readonly [Kind in TraceEvent['kind']]?: string } = { call: '· ', transition: '» ' };
const waits = { queue: 'in the queue for', retry: 'tried again after', lookAgain: 'after' } as const;
const clock = (offsetMs: number): string => `+${(offsetMs / 1_000).toFixed(3)} s`;
