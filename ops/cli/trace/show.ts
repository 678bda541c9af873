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
  const notes = [
    ...trace.milestones.map((one) => `  ${clock(one.offsetMs).padStart(timeWidth)}  milestone: ${one.message}`),
    ...trace.jeopardies.map((one) => `  ${clock(one.offsetMs).padStart(timeWidth)}  jeopardy: ${one.message}`),
    ...trace.open.map(
      ({ item, what, until, reason }) =>
        `  item ${item} now: ${what}${until === undefined ? '' : `, until ${until}`}${reason === undefined ? '' : ` (${reason})`}`,
    ),
  ];
  const end = trace.durationMs === undefined ? trace.state : `${trace.state} after ${spanOfTime(trace.durationMs)}`;
  return [`order ${trace.orderId}, accepted ${trace.acceptedAt}`, ...lines, ...notes, end].join('\n');
}

interface Row {
  readonly time: string;
  readonly by: string;
  readonly what: string;
  readonly then: string;
}

/** A view that was updated is no news, unless it did not go well. */
const isWorthTelling = ({ by, outcome, kind }: TraceEvent): boolean =>
  by !== projectorQueue || kind !== 'message' || outcome !== 'done';

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
  const mark = event.kind === 'call' ? '· ' : '';
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

const waits = { queue: 'in the queue for', retry: 'tried again after', lookAgain: 'after' } as const;
const clock = (offsetMs: number): string => `+${(offsetMs / 1_000).toFixed(3)} s`;
