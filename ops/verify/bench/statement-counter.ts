import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** What clients had the database do. */
export interface Statements {
  /** Executed statements, `begin` and `commit` too. */
  readonly statements: number;
  /** Times a client had sent all it had to say and waited: statements that are sent together are one. */
  readonly roundTrips: number;
  /** Transactions, and statements outside of any. */
  readonly transactions: number;
  /** Executed ones by their text. */
  readonly byText: Readonly<Record<string, number>>;
}

/** A way to PostgreSQL that reads along. */
export interface StatementCounter {
  /** The database's address by this way. */
  readonly url: string;
  /** From now on, what is executed is what processes do when nothing is ordered. */
  learnIdling(): void;
  /** Counts anew, without what was learnt: of a transaction, all or nothing. */
  startCounting(): void;
  counted(): Statements;
  close(): Promise<void>;
}

/**
 * Puts a reader of PostgreSQL's protocol (3.0, without TLS) in front of a database. It counts what it sees, so it is exact, and
 * needs nothing of the server; what it adds to the time is not measured.
 */
export async function countStatements(databaseUrl: string): Promise<StatementCounter> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const idling = new Set<string>();
  let learning = false;
  let units: Unit[] = [];
  const conclude = (unit: Unit): void => {
    const texts = unit.texts.filter((text) => !isFrame(text));
    if (learning) for (const text of texts) idling.add(text);
    else if (texts.some((text) => !idling.has(text))) units.push(unit);
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    const reader = conversationReader(conclude);
    near.on('data', reader.client);
    far.on('data', reader.server);
    near.pipe(far);
    far.pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const way = new URL(databaseUrl);
  way.hostname = '127.0.0.1';
  way.port = String((server.address() as AddressInfo).port);
  return {
    url: way.href,
    learnIdling: () => void (learning = true),
    startCounting() {
      learning = false;
      units = [];
    },
    counted: () => ({
      statements: units.reduce((sum, { texts }) => sum + texts.length, 0),
      roundTrips: units.reduce((sum, unit) => sum + unit.roundTrips, 0),
      transactions: units.length,
      byText: Object.fromEntries(
        [
          ...Map.groupBy(
            units.flatMap(({ texts }) => texts),
            inOneLine,
          ),
        ].map(([text, all]) => [text, all.length]),
      ),
    }),
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** A transaction, or a statement on its own. */
interface Unit {
  readonly texts: string[];
  roundTrips: number;
}

const inOneLine = (text: string): string => text.trim().replace(/\s+/g, ' ');

const isFrame = (text: string): boolean => /^\s*(begin|commit|rollback|savepoint|release)\b/i.test(text);

type Read = (chunk: Buffer) => void;

/** Reads what one client and the server say, in whatever pieces it comes, and tells of each unit when it is complete. */
export function conversationReader(conclude: (unit: Unit) => void): { readonly client: Read; readonly server: Read } {
  const named = new Map<string, string>();
  let bound = '';
  let unit: Unit = { texts: [], roundTrips: 0 };
  let open = false;
  /** Requests that the server has not answered. The first answer is for the opening of the connection. */
  let unanswered = 1;

  function executed(text: string): void {
    unit.texts.push(text);
    if (/^\s*begin\b/i.test(text)) open = true;
    if (/^\s*(commit|rollback)\b(?!\s+to)/i.test(text)) open = false;
  }
  function asked(): void {
    if (unanswered === 0) unit.roundTrips += 1;
    unanswered += 1;
    if (open) return;
    if (unit.texts.length > 0) conclude(unit);
    unit = { texts: [], roundTrips: 0 };
  }
  function message(type: string, body: Buffer): void {
    if (type === 'P') {
      const [name = '', text = ''] = strings(body);
      named.set(name, text);
    } else if (type === 'B') {
      const [, name = ''] = strings(body);
      bound = named.get(name) ?? '';
    } else if (type === 'E') executed(bound);
    else if (type === 'Q') {
      executed(strings(body)[0] ?? '');
      asked();
    } else if (type === 'S') asked();
  }
  return {
    client: messages(message, true),
    server: messages((type) => {
      if (type === 'Z') unanswered -= 1;
    }, false),
  };
}

/** Cuts a stream into its messages. What opens a client's stream has no type. */
function messages(take: (type: string, body: Buffer) => void, opens: boolean): Read {
  let held = Buffer.alloc(0);
  let started = !opens;
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const head = started ? 1 : 0;
      if (held.length < head + 4) return;
      const length = head + held.readInt32BE(head);
      if (held.length < length) return;
      if (started) take(String.fromCharCode(held[0] ?? 0), held.subarray(5, length));
      started = true;
      held = held.subarray(length);
    }
  };
}

/** The first two texts of a message, each of which ends with a zero. */
function strings(body: Buffer): string[] {
  const first = body.indexOf(0);
  const second = body.indexOf(0, first + 1);
  return [body.toString('utf8', 0, first), ...(second < 0 ? [] : [body.toString('utf8', first + 1, second)])];
}
