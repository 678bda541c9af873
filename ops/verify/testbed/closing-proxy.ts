import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** What a broker says that opens something, as AMQP numbers it: class and method. */
export const openings = { 'channel.open-ok': [20, 11], 'confirm.select-ok': [85, 11], 'consume-ok': [60, 21] } as const;
const close = { connection: [10, 50], channel: [20, 40] } as const;
const channelCloseOk = [20, 41] as const;

/** A way to a broker that closes what it has just opened. */
export interface ClosingProxy {
  readonly url: string;
  /** So often from now on, behind that answer and in one packet with it, the connection or channel is closed. */
  closeBehind(opening: keyof typeof openings, what: keyof typeof close, times?: number): void;
  /** How often it still will. */
  left(): number;
  close(): Promise<void>;
}

type Method = readonly [number, number];
interface Frame {
  readonly bytes: Buffer;
  readonly channel: number;
  /** Class and method; undefined for the frames of a content and for heartbeats. */
  readonly method: Method | undefined;
}

/** Puts a way to the broker of `url` in front of it that closes connections and channels in the packet that opened them. */
export async function closingProxy(url: string): Promise<ClosingProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let armed: { opening: Method; what: keyof typeof close; times: number } | undefined;

  const server = createServer((near) => {
    const far = connect(Number(target.port || 5672), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    }
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
    /** Channels that the client was told are closed, and the broker is yet to close. */
    const closing = new Set<number>();
    const said = framesOf();
    far.on('data', (chunk: Buffer) => {
      const out: Buffer[] = [];
      for (const frame of said(chunk)) {
        if (is(frame, channelCloseOk) && closing.delete(frame.channel)) continue;
        out.push(frame.bytes);
        if (armed === undefined || armed.times === 0 || !is(frame, armed.opening)) continue;
        armed.times -= 1;
        out.push(closed(armed.what, frame.channel));
        if (armed.what === 'channel') closing.add(frame.channel);
      }
      near.write(Buffer.concat(out));
    });
    let greeted = false;
    const asked = framesOf();
    near.on('data', (chunk: Buffer) => {
      // The protocol header is no frame.
      const frames = greeted ? chunk : chunk.subarray(8);
      if (!greeted) far.write(chunk.subarray(0, 8));
      greeted = true;
      for (const frame of asked(frames))
        far.write(is(frame, channelCloseOk) ? closed('channel', frame.channel) : frame.bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const way = new URL(url);
  way.hostname = '127.0.0.1';
  way.port = String((server.address() as AddressInfo).port);
  return {
    url: way.href,
    closeBehind: (opening, what, times = 1) => void (armed = { opening: openings[opening], what, times }),
    left: () => armed?.times ?? 0,
    async close() {
      const ended = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await ended;
    },
  };
}

const is = ({ method }: Frame, [class_, id]: Method): boolean => method?.[0] === class_ && method[1] === id;

/** Cuts a stream into its frames: type, channel, size, payload, end mark. */
function framesOf(): (chunk: Buffer) => Frame[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    while (rest.length >= 7 && rest.length >= 8 + rest.readUInt32BE(3)) {
      const bytes = rest.subarray(0, 8 + rest.readUInt32BE(3));
      rest = rest.subarray(bytes.length);
      const method: Method | undefined = bytes[0] === 1 ? [bytes.readUInt16BE(7), bytes.readUInt16BE(9)] : undefined;
      frames.push({ bytes, channel: bytes.readUInt16BE(1), method });
    }
    return frames;
  };
}

/** connection.close or channel.close as a broker says it that shuts down (320), about no method. */
function closed(what: keyof typeof close, channel: number): Buffer {
  const text = Buffer.from('CONNECTION_FORCED - shutdown');
  const payload = Buffer.alloc(4 + 2 + 1 + text.length + 4);
  payload.writeUInt16BE(close[what][0], 0);
  payload.writeUInt16BE(close[what][1], 2);
  payload.writeUInt16BE(320, 4);
  payload.writeUInt8(text.length, 6);
  text.copy(payload, 7);
  const head = Buffer.alloc(7);
  head.writeUInt8(1, 0);
  head.writeUInt16BE(what === 'connection' ? 0 : channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}
