/**
 * What a client's socket may cost: its requests are begun one after the other, and an answer has to be taken in time. Node begins
 * every request of a pipeline at once and keeps every answer until it is taken, however long that is.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface TurnOptions {
  /** How long an answer may take to be taken, in milliseconds. */
  readonly takenWithinMs: number;
  /** The same while answers that nobody takes hold more than `roomyBytes`: who reads makes way for nobody, who does not makes way for all. */
  readonly pressedMs: number;
  readonly roomyBytes: number;
}

/** Requests that wait behind another on their socket. A client that pipelines more is cut off. */
const MOST_WAITING = 100;
const LOOK_EVERY_MS = 1_000;

export interface Turns {
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  /** Bytes of answers that clients have yet to take. */
  untaken(): number;
  stop(): void;
}

interface Turn {
  readonly response: ServerResponse;
  readonly waiting: (readonly [IncomingMessage, ServerResponse])[];
  /** When its answer was first seen whole and not taken. */
  answeredAt: number | undefined;
}

/** Puts turns in front of a server's listener. */
export function takeTurns(listener: Listener, options: TurnOptions): Turns {
  const turns = new Map<Socket, Turn>();

  function begin(socket: Socket, request: IncomingMessage, response: ServerResponse, waiting: Turn['waiting']): void {
    turns.set(socket, { response, waiting, answeredAt: undefined });
    response.once('close', () => {
      const next = waiting.shift();
      if (next === undefined || !socket.writable) turns.delete(socket);
      else begin(socket, ...next, waiting);
    });
    void listener(request, response);
  }

  const untaken = (): number => turns.keys().reduce((bytes, { writableLength }) => bytes + writableLength, 0);

  const look = setInterval(() => {
    const now = performance.now();
    const patience = untaken() > options.roomyBytes ? options.pressedMs : options.takenWithinMs;
    for (const [socket, turn] of turns) {
      if (!turn.response.writableEnded) continue;
      turn.answeredAt ??= now;
      if (now - turn.answeredAt >= patience) socket.destroy();
    }
  }, LOOK_EVERY_MS);
  look.unref();

  return {
    listener(request, response) {
      const { socket } = request;
      const turn = turns.get(socket);
      if (turn === undefined) begin(socket, request, response, []);
      else if (turn.waiting.length < MOST_WAITING) turn.waiting.push([request, response]);
      else socket.destroy();
    },
    untaken,
    stop: () => clearInterval(look),
  };
}
