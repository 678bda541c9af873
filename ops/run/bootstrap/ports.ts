import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { claimPort } from './port-claims.ts';
import { writeAtomically } from './write-atomically.ts';
import { Sentence } from './sentence.ts';

/**
 * Every port a system listens on: what it is for, the variable that sets it, and what happens when it is taken.
 * `fixed`: people know it by heart, so a taken one is their decision. `preferred`: has a default, moves when that is
 * taken. `internal`: nobody types it; any free one, remembered.
 */
export const portPlan = {
  gateway: { variable: 'PATCHBAY_GATEWAY_PORT', kind: 'fixed', standard: 8080, span: 1 },
  simulator: { variable: 'PATCHBAY_SIMULATOR_PORT', kind: 'fixed', standard: 8090, span: 1 },
  postgres: { variable: 'PATCHBAY_POSTGRES_PORT', kind: 'preferred', standard: 54329, span: 1 },
  amqp: { variable: 'PATCHBAY_AMQP_PORT', kind: 'preferred', standard: 56720, span: 1 },
  management: { variable: 'PATCHBAY_MANAGEMENT_PORT', kind: 'preferred', standard: 15680, span: 1 },
  dist: { variable: 'PATCHBAY_DIST_PORT', kind: 'internal', standard: 0, span: 1 },
  epmd: { variable: 'PATCHBAY_EPMD_PORT', kind: 'internal', standard: 0, span: 1 },
  health: { variable: 'PATCHBAY_HEALTH_PORT_BASE', kind: 'internal', standard: 0, span: 40 },
} as const satisfies Record<
  string,
  { variable: string; kind: 'fixed' | 'preferred' | 'internal'; standard: number; span: number }
>;

export type PortName = keyof typeof portPlan;
export type Ports = Record<PortName, number>;

/** True when nothing listens on the loopback port and we may. */
export const isFree = async (port: number): Promise<boolean> => (await refusalOf(port)) === undefined;

/** Why we cannot listen on the loopback port, as the system's code (EADDRINUSE, EACCES); undefined when we can. */
function refusalOf(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'unknown'));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/**
 * A block of `span` free ports. Drawn from below the range from which the system hands out ports for outgoing
 * connections, and claimed, so that it is still free when the server that will use it starts. Blocks are aligned: two of
 * the same size do not overlap.
 */
export async function freePort(span = 1, taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const base = randomInt(Math.ceil(20_000 / span), Math.floor(32_700 / span)) * span;
    const block = Array.from({ length: span }, (_, offset) => base + offset);
    if (block.some((port) => taken.has(port))) continue;
    const free = await Promise.all(block.map(isFree));
    if (free.every(Boolean) && claimPort(base)) return base;
  }
  throw new Sentence(
    'No free port was found between 20000 and 32700 on 127.0.0.1: end what holds them, then try again.',
  );
}

/**
 * Chooses the ports of one home: what the environment says, else what the home remembers, else the standard, else
 * a free one; and remembers the choice in `file`.
 *
 * @param only the ports needed now; the others are chosen without being checked.
 * @throws Sentence naming the variable to set when a port that may not move is taken.
 */
export async function choosePorts(file: string, env: NodeJS.ProcessEnv, only: readonly PortName[]): Promise<Ports> {
  const remembered = readRemembered(file);
  const taken = new Set<number>();
  const chosen: Partial<Ports> = {};
  for (const name of Object.keys(portPlan) as PortName[]) {
    const { variable, kind, standard, span } = portPlan[name];
    const asked = parsePort(variable, env[variable]);
    const wanted = asked ?? (kind === 'fixed' ? standard : (remembered[name] ?? standard));
    const trouble = wanted === 0 ? 'none' : await troubleWith(wanted, span, taken, only.includes(name));
    const usable = trouble === undefined;
    if (!usable && (asked !== undefined || kind === 'fixed')) {
      throw new Sentence(`Port ${wanted} (${name}) ${trouble}: set ${variable} to a free port.`);
    }
    const port = usable ? wanted : await freePort(span, taken);
    chosen[name] = port;
    for (let offset = 0; offset < span; offset++) taken.add(port + offset);
  }
  const ports = chosen as Ports;
  writeAtomically(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}

/** What is wrong with a block of ports, in words; undefined when nothing is. `isNeeded`: somebody will listen there now. */
async function troubleWith(
  base: number,
  span: number,
  taken: ReadonlySet<number>,
  isNeeded: boolean,
): Promise<string | undefined> {
  const block = Array.from({ length: span }, (_, offset) => base + offset);
  if (base + span > 65_536) return `begins a block of ${span} that ends above 65535`;
  if (block.some((port) => taken.has(port))) return 'is given to another part of Patchbay';
  if (!isNeeded) return undefined;
  for (const port of block) {
    const refusal = await refusalOf(port);
    const which = port === base ? '' : `begins a block of which ${port} `;
    if (refusal === 'EACCES') return `${which}may not be used by this account`;
    if (refusal !== undefined) return `${which}is taken by another program`;
  }
  return claimPort(base) ? undefined : 'is taken by another start of Patchbay';
}

function readRemembered(file: string): Partial<Ports> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Ports>;
  } catch {
    return {};
  }
}

function parsePort(variable: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Sentence(`${variable} is "${text}", which is not a port: give a number between 1 and 65535.`);
}
