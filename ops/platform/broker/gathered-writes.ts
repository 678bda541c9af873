import type { Writable } from 'node:stream';

/**
 * Lets what is written to a connection in one turn of the event loop leave in one system call. amqplib writes each message and each ack by
 * itself; a process that publishes hundreds in a turn then spends more on telling the kernel than on the messages, and so does
 * the broker, which is woken for each. Nothing leaves later: the turn's end is at most the length of the turn away.
 */
export function gatherWrites(stream: Writable): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let gathering = false;
  stream.write = (...args: unknown[]): boolean => {
    if (!gathering) {
      gathering = true;
      stream.cork();
      process.nextTick(() => {
        gathering = false;
        stream.uncork();
      });
    }
    return write(...args);
  };
}
