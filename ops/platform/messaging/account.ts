import type { InboxOutcome } from './inbox.store.ts';
import * as metrics from '../metrics/metrics.ts';
import { type Span, isTracing, startSpan } from '../tracing/spans.ts';
import type { Beginning } from './causation.ts';
import type { Fact, Item, Unreadable, Work } from './item.ts';

/** How the handling of a message ended, once its batch is committed. */
export type Ending = 'done' | NonNullable<InboxOutcome['outcome']>;

/** Why a message is not done, and when it comes again. */
interface Because {
  readonly reason?: string;
  readonly againAt?: Date;
}

/**
 * What a batch came to, for journal, metrics and traces. Gathered while it is decided, told when it is committed: of what
 * was rolled back nothing is told but that it was.
 */
export interface Account {
  /** Opens a message's (or fact's) part. Returns the span it is handled in, for what it sends; undefined untraced. */
  begin(one: Work, beginning: Pick<Beginning, 'correlationId' | 'traceparent'>): string | undefined;
  end(one: Exclude<Work, Fact>, ending: Ending, because?: Because): void;
  /** For the journal: what is not simply done. */
  readonly outcomes: readonly InboxOutcome[];
  committed(): void;
  rolledBack(): void;
}

/** @param work everything the transaction claims; what it never begins is known already, and counts as duplicate */
export function openAccount(queue: string, work: readonly Work[]): Account {
  const startedAt = Date.now();
  const started = performance.now();
  const outcomes: InboxOutcome[] = [];
  const spans: { span: Span; ending?: Ending; reason?: string | undefined }[] = [];
  const counts = new Map<string, { type: string; outcome: string; count: number }>();
  const seconds = new Map<string, number>();
  const begun: Exclude<Work, Fact>[] = [];
  const retried: { failures: number }[] = [];
  const elsewhere = new Map<Work, string>();
  let decidingSince = started;

  function count(one: Exclude<Work, Fact>, outcome: string): void {
    const type = typeOf(one);
    const key = `${type} ${outcome}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { type, outcome, count: 1 });
    else known.count += 1;
  }

  function tellMetrics(): void {
    const taken = work.filter((one) => one.kind !== 'fact');
    if (taken.length > begun.length) {
      const known = new Set(begun);
      for (const one of taken) if (!known.has(one)) count(one, 'duplicate');
    }
    for (const { type, outcome, count: many } of counts.values()) metrics.messages.inc({ queue, type, outcome }, many);
    for (const [type, spent] of seconds) metrics.decideSeconds.inc({ queue, type }, spent);
    const labels = { queue };
    for (const { publishedAt } of begun)
      if (publishedAt !== undefined)
        metrics.messageAge.observe(labels, Math.max(0, startedAt - publishedAt.getTime()) / 1_000);
    for (const { failures } of retried) metrics.retriedAttempts.observe(labels, failures + 1);
    metrics.batchSize.observe(labels, work.length);
    metrics.batchDuration.observe(labels, (performance.now() - started) / 1_000);
  }

  return {
    outcomes,
    begin(one, { correlationId, traceparent }) {
      decidingSince = performance.now();
      if (one.kind !== 'fact') {
        begun.push(one);
        if (one.envelope.correlationId !== correlationId) elsewhere.set(one, correlationId);
      }
      if (!isTracing()) return undefined;
      const span = spanOf(queue, one, { correlationId, traceparent }, startedAt);
      if (span !== undefined) spans.push({ span });
      return span?.traceparent;
    },
    end(one, ending, { reason, againAt } = {}) {
      const type = typeOf(one);
      seconds.set(type, (seconds.get(type) ?? 0) + (performance.now() - decidingSince) / 1_000);
      count(one, ending);
      const isOver = ending !== 'retry' && ending !== 'later';
      if (isOver && one.envelope.failures > 0) retried.push(one.envelope);
      const correlationId = elsewhere.get(one);
      if (ending !== 'done' || correlationId !== undefined) {
        const { attempt } = one.envelope;
        const outcome = ending === 'done' ? null : ending;
        outcomes.push({ messageId: one.id, attempt, outcome, reason, againAt, correlationId });
      }
      const last = spans.at(-1);
      if (last !== undefined) Object.assign(last, { ending, reason });
    },
    committed() {
      tellMetrics();
      for (const { span, ending, reason } of spans) {
        const failed = ending !== undefined && ending !== 'done' && ending !== 'later';
        span.end(
          { 'patchbay.outcome': ending, 'patchbay.batch': work.length },
          failed ? (reason ?? ending) : undefined,
        );
      }
    },
    rolledBack: () => metrics.batchesRolledBack.inc({ queue }),
  };
}

/** What nobody can read may call itself anything: it must not make a label of its own. */
const typeOf = (one: Exclude<Work, Fact>): string => (one.kind === 'unreadable' ? 'unreadable' : one.type);

function spanOf(
  queue: string,
  one: Item | Unreadable | Fact,
  { correlationId, traceparent: parent }: Pick<Beginning, 'correlationId' | 'traceparent'>,
  startedAt: number,
) {
  if (one.kind === 'fact') {
    return startSpan({
      name: `record ${one.handler.definition.name}`,
      kind: 'internal',
      ...{ parent, correlationId, startedAt },
      attributes: { 'messaging.message.conversation_id': correlationId, 'patchbay.queue': queue },
    });
  }
  const { attempt, failures } = one.envelope;
  return startSpan({
    name: `process ${typeOf(one)}`,
    kind: 'consumer',
    ...{ parent, correlationId, startedAt },
    attributes: {
      'messaging.system': 'rabbitmq',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': queue,
      'messaging.message.id': one.id,
      'messaging.message.conversation_id': correlationId,
      'patchbay.attempt': attempt,
      'patchbay.failures': failures,
    },
  });
}
