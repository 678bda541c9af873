/** A file of a new activator's folder: its name, what it is for, and its content. */
export interface NewFile {
  readonly name: string;
  readonly purpose: string;
  readonly content: string;
}

/** The folder of a new activator: a service type that works as it is, on a platform of its own, to be made one's own. */
export const filesFor = (type: string): readonly NewFile[] => [
  { name: 'index.ts', purpose: 'the service type: what can be ordered, and its steps', content: declaration(type) },
  { name: `${type}.test.ts`, purpose: 'holds it against the conformance test', content: test },
  { name: 'simulated.ts', purpose: 'plays its platform in the network simulator', content: standIn(type) },
];

const declaration = (type: string): string => `import { z } from 'zod';
import { activator } from '../../activation/index.ts';
import { elementManager } from '../../calls/element-manager.ts';

/** The platform: what it can be asked to do, and what of its answers is used. */
const platform = elementManager('${type}', {
  operations: {
    reserve: z.looseObject({ resourceId: z.string() }),
    configure: z.looseObject({ profile: z.string() }),
    suspend: z.looseObject({}),
    resume: z.looseObject({}),
    clear: z.looseObject({}),
    release: z.looseObject({}),
  },
  timeout: '5s',
  // How long after an answer was lost the call may still take effect.
  settle: '2s',
});

/** What can be ordered. The service specification may narrow it, never widen it. */
const characteristics = z.object({
  profile: z.string().min(1),
  site: z.string().min(1).optional(),
});

/** Something of its own on the platform, and a profile on it. */
export default activator({
  serviceType: '${type}',
  characteristics,
  // In order; each is one call. A modify leaves a step alone unless it changes something the step \`uses\`.
  steps: (step) => [
    step('reserve', {
      on: platform,
      uses: ['site'],
      apply: ({ want }, net) => net.reserve({ site: want.site }),
      undo: (_, net) => net.release(),
      // What the inventory learns.
      lands: ({ resourceId }) => ({
        characteristics: { resourceId },
        resources: [{ id: resourceId, name: resourceId, type: '${type}' }],
      }),
    }),
    step('configure', {
      on: platform,
      uses: ['profile'],
      apply: ({ want }, net) => net.configure({ profile: want.profile }),
      undo: (_, net) => net.clear(),
      suspend: (_, net) => net.suspend(),
      resume: (_, net) => net.resume(),
      lands: ({ profile }) => ({ characteristics: { profile } }),
    }),
  ],
});
`;

const test = `import { activatorConformance } from '../../../ops/verify/conformance/index.ts';
import subject from './index.ts';

activatorConformance(subject, {
  want: { profile: 'basic', site: 'main' },
  change: { profile: 'premium' },
});
`;

const standIn = (type: string): string => `import { z } from 'zod';
import { manager, operationsOn, refuse } from '../../../ops/simulator/manager.ts';

const holdings = z.strictObject({
  resourceId: z.string().optional(),
  site: z.string().optional(),
  profile: z.string().optional(),
  suspended: z.literal(true).optional(),
});
type Held = z.output<typeof holdings>;

const operation = operationsOn<Held>();
const nothing = z.strictObject({});
const notReserved = refuse('not-reserved', 'reserve before anything else');

/** The platform as the network simulator plays it: not part of what runs against real ones. */
export default manager<Held>({
  name: '${type}',
  title: '${type}',
  // The same reference again is answered, not done again.
  idempotent: true,
  holdings,
  claims: ({ resourceId }) => (resourceId === undefined ? [] : [resourceId]),
  // \`partial\` is what is left when a call is done by half.
  operations: {
    reserve: operation({
      summary: 'Reserves a resource at a site, or moves the one there is',
      parameters: z.strictObject({ site: z.string().optional() }),
      carryOut: (held, { site }, { number }) => {
        const resourceId = held.resourceId ?? \`resource-\${number('resource')}\`;
        return { held: { ...held, resourceId, site }, facts: { resourceId, site } };
      },
      partial: (before, after) => ({ ...after, site: before.site }),
    }),
    configure: operation({
      summary: 'Puts a profile on the resource',
      parameters: z.strictObject({ profile: z.string() }),
      carryOut: (held, { profile }) =>
        held.resourceId === undefined ? notReserved : { held: { ...held, profile }, facts: { profile } },
      partial: (before) => before,
    }),
    suspend: operation({
      summary: 'Holds the service off the network',
      parameters: nothing,
      carryOut: (held) =>
        held.resourceId === undefined ? notReserved : { held: { ...held, suspended: true }, facts: {} },
      partial: (before) => before,
    }),
    resume: operation({
      summary: 'Takes it up again',
      parameters: nothing,
      carryOut: ({ suspended: _, ...held }) => (held.resourceId === undefined ? notReserved : { held, facts: {} }),
      partial: (before) => before,
    }),
    clear: operation({
      summary: 'Removes the profile and keeps the resource',
      parameters: nothing,
      carryOut: ({ resourceId, site }) => ({ held: { resourceId, site }, facts: {} }),
      partial: (before) => before,
    }),
    release: operation({
      summary: 'Gives the resource back with everything on it',
      parameters: nothing,
      carryOut: () => ({ held: {}, facts: {} }),
      partial: ({ resourceId }) => ({ resourceId }),
    }),
  },
});
`;
