import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** A way to a server that can be cut: every connection over it, at once and without a goodbye. */
export interface Cuttable {
  /** The server's address with this way's port. */
  readonly url: string;
  cut(): void;
  /**
   * From now on nothing the server says arrives; what is said to it does. Connections are of no use after that: cut them.
   *
   * @returns how many bytes were kept from clients so far
   */
  withhold(): () => number;
  /** From now on nothing passes, not even a goodbye: existing connections stay open and dead, new ones work. */
  silence(): void;
  close(): Promise<void>;
}

/** Puts a way that can be cut in front of the server that `url` names. */
export async function cuttable(url: string, defaultPort: number): Promise<Cuttable> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const pairs = new Map<Socket, Socket>();
  const silent = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port || defaultPort), target.hostname);
    keep(near);
    keep(far);
    pairs.set(far, near);
    near.once('close', () => far.destroy());
    far.once('close', () => pairs.delete(far));
    far.once('close', () => {
      if (!silent.has(near)) near.destroy();
    });
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const way = new URL(url);
  way.hostname = '127.0.0.1';
  way.port = String((server.address() as AddressInfo).port);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: way.href,
    cut,
    withhold() {
      let bytes = 0;
      for (const [far, near] of pairs) {
        far.unpipe(near);
        far.on('data', (chunk: Buffer) => void (bytes += chunk.length));
        // Without its pipe it would stand still.
        far.resume();
      }
      return () => bytes;
    },
    silence() {
      for (const [far, near] of pairs) {
        silent.add(near);
        far.unpipe(near).resume();
        near.unpipe(far).resume();
      }
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
