import { z } from 'zod';
import { manager, operationsOn, refuse, type Pool } from '../manager.ts';

const holdings = z.strictObject({
  port: z.string().optional(),
  technology: z.string().optional(),
  downMbps: z.number().optional(),
  upMbps: z.number().optional(),
  vlan: z.number().optional(),
  suspended: z.literal(true).optional(),
});
type Line = z.output<typeof holdings>;

const operation = operationsOn<Line>();

/** 256 shelves of 16 cards of 64 ports, named shelf/card/port: more than any test keeps at once. */
const ports: Pool = {
  name: 'olt-ports',
  size: 256 * 16 * 64,
  at: (index) => `${1 + Math.floor(index / 1024)}/${1 + (Math.floor(index / 64) % 16)}/${1 + (index % 64)}`,
};

/** What a 10G PON can carry. Above it no retry helps, hence 422. */
const FASTEST_MBPS = 10_000;

const rate = z.number().positive();

/** The access node: a port per service, and on it a line profile. Idempotent by reference. */
export const olt = manager<Line>({
  name: 'olt',
  title: 'Access node manager',
  idempotent: true,
  holdings,
  claims: (line) => (line.port === undefined ? [] : [line.port]),
  operations: {
    reserve: operation({
      summary: 'Reserves the named port, or a free one; a service that has another port moves with its profile',
      parameters: z.strictObject({ port: z.string().min(1).max(64).optional(), technology: z.string().optional() }),
      carryOut: (line, { port: wanted, technology = line.technology }, site) => {
        const port = wanted ?? line.port ?? site.free(ports);
        if (port === undefined) return refuse('no-free-port', 'every port of this node is taken');
        const holder = site.otherHolderOf(port);
        if (holder !== undefined) return refuse('port-taken', `port ${port} is held by ${holder}`);
        return { held: { ...line, port, technology }, facts: { port, technology } };
      },
      /** The port is reserved; what it should speak is forgotten. */
      partial: (before, after) => ({ ...after, technology: before.technology }),
    }),

    configure: operation({
      summary: 'Puts exactly this line profile on the reserved port',
      parameters: z.strictObject({ downMbps: rate, upMbps: rate, vlan: z.int().min(1).max(4094).optional() }),
      carryOut: (line, { downMbps, upMbps, vlan }) => {
        if (line.port === undefined) return refuse('no-port', 'reserve a port before configuring the line');
        if (Math.max(downMbps, upMbps) > FASTEST_MBPS)
          return refuse('rate-not-supported', `no line here is faster than ${FASTEST_MBPS} Mbit/s`, 422);
        return {
          held: { port: line.port, technology: line.technology, downMbps, upMbps, vlan, suspended: line.suspended },
          facts: { port: line.port, downMbps, upMbps, vlan },
        };
      },
      /** Downstream is shaped; upstream and VLAN stay what they were. */
      partial: (before, after) => ({ ...after, upMbps: before.upMbps, vlan: before.vlan }),
    }),

    clear: operation({
      summary: 'Removes the line profile and keeps the port',
      parameters: z.strictObject({}),
      carryOut: ({ port, technology, suspended: _, ...profile }) =>
        Object.keys(profile).length === 0
          ? { held: { port, technology }, facts: { nothing: true } }
          : { held: { port, technology }, facts: { cleared: profile } },
      /** The VLAN is gone, the rates stay on the line. */
      partial: (before) => ({ ...before, vlan: undefined }),
    }),

    suspend: operation({
      summary: 'Stops traffic on the line; port and profile stay',
      parameters: z.strictObject({}),
      carryOut: (line) =>
        line.port === undefined
          ? refuse('no-port', 'there is no line to suspend')
          : { held: { ...line, suspended: true }, facts: { port: line.port, suspended: true } },
      partial: (before) => before,
    }),

    resume: operation({
      summary: 'Lets traffic flow again',
      parameters: z.strictObject({}),
      carryOut: ({ suspended: _, ...line }) =>
        line.port === undefined
          ? refuse('no-port', 'there is no line to resume')
          : { held: line, facts: { port: line.port, suspended: false } },
      partial: (before) => before,
    }),

    release: operation({
      summary: 'Frees the port with whatever is configured on it',
      parameters: z.strictObject({}),
      carryOut: ({ port }) => ({ held: {}, facts: port === undefined ? { nothing: true } : { released: port } }),
      /** The profile goes, the port stays taken. */
      partial: ({ port, technology }) => ({ port, technology }),
    }),
  },
});
