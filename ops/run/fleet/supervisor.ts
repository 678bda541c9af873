import { join, resolve } from 'node:path';
import { freePort } from '../bootstrap/ports.ts';
import { supervise, type ProcessChange, type Supervised } from './supervised.ts';

/** Every role, in the order in which they are started. In production each has processes of its own. */
export const standardRoles = [
  'service-inventory',
  'product-inventory',
  'service-ordering',
  'order-management',
  'outside-ordering',
  'activator',
  'projector',
  'gateway',
] as const;

/**
 * The same roles in few processes, which is what one machine wants: what hands an order on most often stays in one process and
 * shares its connections. Commercial, then technical fulfilment; what is shown has its own.
 */
export const fewProcesses = [
  'product-inventory,order-management,outside-ordering',
  'service-inventory,service-ordering,activator',
  'projector',
  'gateway',
] as const;

export type FleetOptions = {
  databaseUrl: string;
  amqpUrl: string;
  managementUrl?: string;
  /** each entry is one process per replica; `projector,gateway` is one process with both roles */
  roles: readonly string[];
  /** processes per role; one by default. A number for all, or by role */
  replicas?: number | Readonly<Record<string, number>>;
  /** further environment of every process: NETWORK_URL, LOG_LEVEL, SERVICE_TYPES, ... */
  env?: Readonly<Record<string, string | undefined>>;
  /** what one process gets beside that, asked at each of its starts */
  envOf?: (name: string) => Readonly<Record<string, string | undefined>>;
  logDir: string;
  recordsFolder?: string;
  /** port of the first gateway; further replicas take free ones */
  gatewayPort?: number;
  /** first of the block of health ports; free ones when not given */
  healthPortBase?: number;
  /** `always` by default */
  restart?: 'always' | 'never';
  onChange?: (change: ProcessChange) => void;
  /** the entry that runs roles; another one in tests */
  entry?: string;
};

/** A process of the fleet with the role it plays. */
export type RoleProcess = Supervised & {
  readonly role: string;
  /** where it answers HTTP clients; gateways only */
  readonly url: string | undefined;
};

export type Fleet = {
  readonly processes: readonly RoleProcess[];
  /** the processes of one role */
  of(role: string): readonly RoleProcess[];
  /** Resolves when all are ready; throws the first one's Sentence. */
  whenReady(timeoutMs?: number): Promise<void>;
  /** Drains: the gateways first, so that nothing new comes in, then the workers. */
  stop(): Promise<void>;
};

/**
 * Starts a fleet of role processes and keeps them up. Several fleets can run side by side.
 * Does not wait for readiness: `await fleet.whenReady()`.
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const planned = options.roles.flatMap((role) =>
    Array.from({ length: replicasOf(role, options.replicas) }, (_, index) => ({
      role,
      index,
      name: `${role.replaceAll(',', '+')}-${index + 1}`,
    })),
  );
  const healthBase = options.healthPortBase ?? (await freePort(Math.max(planned.length, 1)));
  const taken = new Set(planned.map((_, index) => healthBase + index));
  const processes = await Promise.all(
    planned.map(async ({ role, index, name }, place): Promise<RoleProcess> => {
      const healthPort = healthBase + place;
      const isGateway = role.split(',').includes('gateway');
      const port = !isGateway
        ? undefined
        : index === 0 && options.gatewayPort
          ? options.gatewayPort
          : await freePort(1, taken);
      const logFile = join(options.logDir, `${name}.log`);
      const supervised = await supervise({
        name,
        args: [options.entry ?? resolve(import.meta.dirname, 'process.ts'), role],
        env: () =>
          definedOnly({
            ...process.env,
            PUBLIC_URL: undefined,
            ...options.env,
            DATABASE_URL: options.databaseUrl,
            AMQP_URL: options.amqpUrl,
            RABBITMQ_MANAGEMENT_URL: options.managementUrl,
            HEALTH_PORT: String(healthPort),
            PORT: port === undefined ? undefined : String(port),
            ROLE_NAME: name,
            ...options.envOf?.(name),
          }),
        healthUrl: `http://127.0.0.1:${healthPort}/health/ready`,
        logFile,
        restart: options.restart ?? 'always',
        ...(options.recordsFolder === undefined ? {} : { recordsFolder: options.recordsFolder }),
        ...(options.onChange === undefined ? {} : { onChange: options.onChange }),
      });
      return extend(supervised, { role, url: port === undefined ? undefined : `http://127.0.0.1:${port}` });
    }),
  );
  const isGateway = (process: RoleProcess) => process.url !== undefined;
  return {
    processes,
    of: (role) => processes.filter((process) => process.role.split(',').includes(role)),
    async whenReady(timeoutMs) {
      await Promise.all(processes.map((process) => process.whenReady(timeoutMs)));
    },
    async stop() {
      await Promise.all(processes.filter(isGateway).map((process) => process.stop()));
      await Promise.all(processes.filter((process) => !isGateway(process)).map((process) => process.stop()));
    },
  };
}

function replicasOf(role: string, replicas: FleetOptions['replicas'] = 1): number {
  return typeof replicas === 'number' ? replicas : (replicas[role] ?? 1);
}

// Not a spread: `pid` is a getter and changes with every restart.
function extend<T extends object, U extends object>(base: T, more: U): T & U {
  return Object.assign(Object.create(base) as T, more);
}

function definedOnly(env: Record<string, string | undefined>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}
