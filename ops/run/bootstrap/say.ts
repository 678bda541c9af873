import { type LogDestination, openLogDestination } from '../../platform/log-destination.ts';

const destinations = new Map<number, LogDestination>();

function destinationOf(fd: 1 | 2): LogDestination {
  const known = destinations.get(fd);
  if (known !== undefined) return known;
  const opened: LogDestination = openLogDestination(fd, {
    onRecovery: (dropped) => opened.write(`(${dropped} lines could not be shown here and were dropped)\n`),
  });
  destinations.set(fd, opened);
  return opened;
}

/** A line for people on stdout. Whoever keeps a system up must not wait for its terminal, or end with its reader. */
export const say = (line: string): void => destinationOf(1).write(`${line}\n`);

/** The same on stderr. */
export const complain = (line: string): void => destinationOf(2).write(`${line}\n`);
