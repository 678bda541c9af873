import { z } from 'zod';
import { type Pool, manager, operationsOn, refuse } from '../../../ops/simulator/manager.ts';

const number = z.string().regex(/^[+][1-9][0-9]{6,14}$/);

const profile = {
  codec: z.string().min(1),
  features: z.array(z.string()),
  /** Where calls go that nobody takes. */
  callForwarding: number.optional(),
  /** Where the line is registered from. */
  accessPort: z.string().optional(),
};

const holdings = z.strictObject({
  number: number.optional(),
  ...z.object(profile).partial().shape,
  suspended: z.literal(true).optional(),
});
type Line = z.output<typeof holdings>;

const operation = operationsOn<Line>();
const nothing = z.strictObject({});
const noNumber = refuse('no-number', 'reserve a number before anything else');

/** Ten million numbers under a country code that nobody has. */
const numbers: Pool = {
  name: 'ims-numbers',
  size: 10_000_000,
  at: (index) => `+99910${String(index).padStart(7, '0')}`,
};

/** The voice platform (IMS and its subscriber database) as the network simulator plays it. Idempotent by reference. */
export default manager<Line>({
  name: 'ims',
  title: 'Voice platform',
  idempotent: true,
  holdings,
  claims: (line) => (line.number === undefined ? [] : [line.number]),
  operations: {
    reserve: operation({
      summary: 'Reserves the named number, or a free one; a line that has another number is renumbered',
      parameters: z.strictObject({ number: number.optional() }),
      carryOut: (line, { number: wanted }, site) => {
        const chosen = wanted ?? line.number ?? site.free(numbers);
        if (chosen === undefined) return refuse('no-free-number', 'every number is taken');
        const holder = site.otherHolderOf(chosen);
        if (holder !== undefined) return refuse('number-taken', `${chosen} is held by ${holder}`);
        return { held: { ...line, number: chosen }, facts: { number: chosen } };
      },
      partial: (before) => before,
    }),

    provision: operation({
      summary: 'Gives the number exactly this line',
      parameters: z.strictObject(profile),
      carryOut: (line, wanted) => {
        if (line.number === undefined) return noNumber;
        if (wanted.callForwarding === line.number)
          return refuse('forwards-to-itself', `${line.number} cannot be forwarded to itself`, 422);
        return {
          held: { number: line.number, ...wanted, suspended: line.suspended },
          facts: { number: line.number, ...wanted },
        };
      },
      /** The line is there; features and forwarding stay what they were. */
      partial: (before, after) => ({ ...after, features: before.features, callForwarding: before.callForwarding }),
    }),

    suspend: operation({
      summary: 'Bars all calls but emergency calls; number and line stay',
      parameters: nothing,
      carryOut: (line) =>
        line.number === undefined
          ? noNumber
          : { held: { ...line, suspended: true }, facts: { number: line.number, suspended: true } },
      partial: (before) => before,
    }),

    resume: operation({
      summary: 'Lets calls through again',
      parameters: nothing,
      carryOut: ({ suspended: _, ...line }) =>
        line.number === undefined ? noNumber : { held: line, facts: { number: line.number, suspended: false } },
      partial: (before) => before,
    }),

    deprovision: operation({
      summary: 'Removes the line and keeps the number',
      parameters: nothing,
      carryOut: ({ number: kept, codec }) => ({
        held: { number: kept },
        facts: codec === undefined ? { nothing: true } : { removed: kept },
      }),
      /** Features go, the line stays. */
      partial: (before) => ({ ...before, features: undefined, callForwarding: undefined }),
    }),

    release: operation({
      summary: 'Gives the number back with whatever hangs on it',
      parameters: nothing,
      carryOut: ({ number: gone }) => ({
        held: {},
        facts: gone === undefined ? { nothing: true } : { released: gone },
      }),
      /** The line goes, the number stays taken. */
      partial: ({ number: kept }) => ({ number: kept }),
    }),
  },
});
