import { createHash } from 'node:crypto';
import { z } from 'zod';
import { manager, operationsOn, refuse } from '../manager.ts';

const configuration = {
  template: z.string().min(1),
  wanPrefix: z.string().optional(),
  wanGateway: z.string().optional(),
  /** Managed features that are switched on, such as `wifi` or `firewall`. */
  features: z.array(z.string()).optional(),
  /** Whatever else the template takes. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
};

const holdings = z.strictObject({
  deviceId: z.string().optional(),
  model: z.string().optional(),
  serial: z.string().optional(),
  ...configuration,
  template: z.string().optional(),
  suspended: z.literal(true).optional(),
});
type Router = z.output<typeof holdings>;

const operation = operationsOn<Router>();

const deviceOf = ({ deviceId, model, serial }: Router): Router => ({ deviceId, model, serial });
const configurationOf = ({ template, wanPrefix, wanGateway, features, settings }: Router) => ({
  template,
  wanPrefix,
  wanGateway,
  features,
  settings,
});

/** A router without a known serial still needs one that is the same on every attempt. */
const serialFor = (serviceRef: string, model: string) =>
  createHash('sha256').update(`${model} ${serviceRef}`).digest('hex').slice(0, 12).toUpperCase();

/** The router manager (an auto-configuration server): a device per service, and its configuration. Idempotent. */
export const cpe = manager<Router>({
  name: 'cpe',
  title: 'Router manager',
  idempotent: true,
  holdings,
  claims: (router) => (router.serial === undefined ? [] : [router.serial]),
  operations: {
    register: operation({
      summary: 'Registers the router of a service, or swaps it for another one and keeps its configuration',
      parameters: z.strictObject({ model: z.string().min(1), serial: z.string().min(1).optional() }),
      carryOut: (router, { model, serial: named }, site) => {
        const serial =
          named ?? (router.model === model ? router.serial : undefined) ?? serialFor(site.serviceRef, model);
        const holder = site.otherHolderOf(serial);
        if (holder !== undefined) return refuse('serial-taken', `router ${serial} is registered for ${holder}`);
        const device = { deviceId: `${model}-${serial}`, model, serial };
        return { held: { ...router, ...device }, facts: device };
      },
      /** The serial is known, the model is not, so that no template will fit. */
      partial: (before, after) => ({ ...after, model: before.model }),
    }),

    configure: operation({
      summary: 'Puts exactly this configuration on the registered router',
      parameters: z.strictObject(configuration),
      carryOut: (router, wanted) => {
        if (router.deviceId === undefined) return refuse('not-registered', 'register a router before configuring it');
        return {
          held: { ...deviceOf(router), ...wanted, suspended: router.suspended },
          facts: { deviceId: router.deviceId, ...wanted },
        };
      },
      /** Template and WAN are set; features and settings stay what they were. */
      partial: (before, after) => ({ ...after, features: before.features, settings: before.settings }),
    }),

    deconfigure: operation({
      summary: 'Resets the router to factory settings and keeps it registered',
      parameters: z.strictObject({}),
      carryOut: (router) =>
        router.template === undefined
          ? { held: deviceOf(router), facts: { nothing: true } }
          : { held: deviceOf(router), facts: { removed: configurationOf(router) } },
      /** Features go, template and WAN stay. */
      partial: (before) => ({ ...before, features: undefined, settings: undefined }),
    }),

    suspend: operation({
      summary: 'Quarantines the router: it stays configured and forwards nothing',
      parameters: z.strictObject({}),
      carryOut: (router) =>
        router.deviceId === undefined
          ? refuse('not-registered', 'there is no router to suspend')
          : { held: { ...router, suspended: true }, facts: { deviceId: router.deviceId, suspended: true } },
      partial: (before) => before,
    }),

    resume: operation({
      summary: 'Takes the router out of quarantine',
      parameters: z.strictObject({}),
      carryOut: ({ suspended: _, ...router }) =>
        router.deviceId === undefined
          ? refuse('not-registered', 'there is no router to resume')
          : { held: router, facts: { deviceId: router.deviceId, suspended: false } },
      partial: (before) => before,
    }),

    deregister: operation({
      summary: 'Forgets the router with its configuration',
      parameters: z.strictObject({}),
      carryOut: ({ deviceId }) => ({
        held: {},
        facts: deviceId === undefined ? { nothing: true } : { deregistered: deviceId },
      }),
      /** The configuration goes, the device stays registered. */
      partial: (before) => deviceOf(before),
    }),
  },
});
