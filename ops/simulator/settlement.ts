import type { Answer } from './exchange.ts';
import type { LedgerStore } from './ledger.store.ts';

/**
 * How long an answered call may stay open on record. A simulator killed within it counts the call as unknown to its
 * caller although it may have been heard, which only allows one repetition too many; a write per answer would cost more.
 */
const FLUSH_AFTER_MS = 20;

/**
 * Keeps the ledger honest about who heard what. A row is committed before its answer leaves; whether it left is known
 * afterwards. Rows up to a watermark are settled; at start, those above it count as lost.
 */
export function settlement(ledger: LedgerStore) {
  const open = new Set<number>();
  const reads = new Map<string, number>();
  let last = ledger.lastSeq();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    // Numbers are added in order, so the first one is the lowest.
    const [lowest] = open;
    ledger.settleUpTo(lowest === undefined ? last : lowest - 1);
    for (const [key, n] of reads) {
      const [manager = '', kind = ''] = key.split(' ');
      ledger.countReads(manager, kind, n);
    }
    reads.clear();
  }

  const flushSoon = () => {
    timer ??= setTimeout(flush, FLUSH_AFTER_MS);
  };

  return {
    /** A row was written. Unless its caller gets nothing anyhow, it stays open until its answer left. */
    opened(seq: number, answer: Answer): void {
      last = Math.max(last, seq);
      if (answer.send === 'json' || answer.send === 'text') open.add(seq);
    },

    /** The answer left, or the caller turned out to be gone. */
    settled(seq: number, heard: boolean): void {
      if (!open.delete(seq)) return;
      if (!heard) ledger.markLost(seq);
      flushSoon();
    },

    /** Counts a read. Up to 20 ms of these counts go with a killed process: they are totals, not evidence. */
    read(manager: string, kind: string): void {
      const key = `${manager} ${kind}`;
      reads.set(key, (reads.get(key) ?? 0) + 1);
      flushSoon();
    },

    flush,

    /** Flushes for good. What has not left by now stays unsettled on record. */
    close(): void {
      flush();
      open.clear();
    },

    forget(): void {
      open.clear();
      reads.clear();
      last = 0;
    },
  };
}
