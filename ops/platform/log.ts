import { pino, type Logger } from 'pino';

export type Log = Logger;

/** A process's root log: JSON lines on stdout, each with the role; children add order, item, message and correlation ids. */
export function createLog(role: string, level: string): Log {
  return pino({ level, base: { role }, timestamp: pino.stdTimeFunctions.isoTime, errorKey: 'error' });
}
