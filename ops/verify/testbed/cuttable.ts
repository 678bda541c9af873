import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** A way to a server that can be cut, fall silent, and lead to another server from now on. */
export interface Cuttable {
  /** The server's address with this way's port. */
  readonly url: string;
  /** Ends every connection over it, at once and without a goodbye. */
  cut(): void;
  /**
   * From now on nothing the server says arrives; what is said to it does. Connections are of no use after that: cut them.
   *
   * @returns how many bytes were kept from clients so far
   */
  withhold(): () => number;
  /**
   * Black-holes the connections there are now: nothing arrives on either side any more, no FIN and no RST either, as after a power
   * failure of the host or when a NAT drops its entry. Connections that are made later work.
   *
   * @param which of them, by their number; all unless given
   */
  silence(which?: (connection: number) => boolean): Silence;
  /** From now on connections are made to the server at this URL; those there are stay where they are. */
  leadTo(url: string): void;
  close(): Promise<void>;
}

/** Connections that are silent. */
export interface Silence {
  readonly connections: number;
  /** On how many of them a client still waits: it has asked something and has not given the connection up. */
  waiting(): number;
  /** Resets what is left of them, on both sides. */
  end(): void;
}

/** A connection, as its two sides. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** The client spoke last: it waits for an answer. */
  asked: boolean;
}

/** Puts a way that can be cut in front of the server that `url` names. */
export async function cuttable(url: string, defaultPort: number): Promise<Cuttable> {
  let target = new URL(url);
  const pairs = new Set<Pair>();
  // Half-open: a client that says goodbye into a silence gets none back.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(Number(target.port || defaultPort), target.hostname);
    const pair: Pair = { near, far, asked: false };
    pairs.add(pair);
    for (const socket of [near, far]) socket.on('error', () => socket.destroy());
    near.on('data', () => void (pair.asked = true));
    far.on('data', () => void (pair.asked = false));
    // A silent one is in no set: of its sides, neither hears of the other's end.
    const ended = (): void => {
      if (pairs.delete(pair)) destroy(pair);
    };
    near.once('close', ended);
    far.once('close', ended);
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const way = new URL(url);
  way.hostname = '127.0.0.1';
  way.port = String((server.address() as AddressInfo).port);
  const silences = new Set<Silence>();

  function silence(which: (connection: number) => boolean = () => true): Silence {
    const silent = [...pairs].filter((_, n) => which(n));
    for (const pair of silent) {
      pairs.delete(pair);
      pair.near.unpipe(pair.far);
      pair.far.unpipe(pair.near);
      pair.far.removeAllListeners('data');
      // Read and discarded: a socket that nobody reads would tell the other side to wait.
      pair.near.resume();
      pair.far.resume();
    }
    const one: Silence = {
      connections: silent.length,
      waiting: () => silent.filter(({ near, asked }) => asked && !near.destroyed && !near.readableEnded).length,
      end() {
        silences.delete(one);
        for (const pair of silent) destroy(pair);
      },
    };
    silences.add(one);
    return one;
  }
  const cut = (): void => {
    for (const pair of pairs) destroy(pair);
  };
  return {
    url: way.href,
    cut,
    withhold() {
      let bytes = 0;
      for (const { near, far } of pairs) {
        far.unpipe(near);
        far.on('data', (chunk: Buffer) => void (bytes += chunk.length));
        // Without its pipe it would stand still.
        far.resume();
      }
      return () => bytes;
    },
    silence,
    leadTo: (to) => void (target = new URL(to)),
    async close() {
      const closed = once(server, 'close');
      server.close();
      cut();
      for (const one of silences) one.end();
      await closed;
    },
  };
}

function destroy({ near, far }: Pair): void {
  near.destroy();
  far.destroy();
}
