import { pino, type Logger } from 'pino';
import { openLogDestination } from './log-destination.ts';
import { logLinesDropped } from './metrics/metrics.ts';

export type Log = Logger;

/**
 * A process's root log: JSON lines on stdout, each with the role; children add order, item, message and correlation ids.
 * A log that cannot be written (disk full, a pipe that nobody reads) drops lines and counts them in
 * `patchbay_log_lines_dropped_total`; one line tells the number when writing works again.
 */
export function createLog(role: string, level: string): Log {
  const destination = openLogDestination(1, {
    onDrop: () => logLinesDropped.inc(),
    onRecovery: (dropped) => log.warn({ dropped }, 'the log could not be written for a while: lines were dropped'),
  });
  const log: Log = pino(
    { level, base: { role }, timestamp: pino.stdTimeFunctions.isoTime, errorKey: 'error' },
    destination,
  );
  return log;
}
