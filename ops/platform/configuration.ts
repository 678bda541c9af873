import { z } from 'zod';
import { messageVersions } from '../../contracts/messages/message.ts';
import { outsideEndpoints } from './outside-endpoints.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().positive();
const days = z.coerce.number().int().min(2).max(36_500);
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** The environment of a role process. The README's configuration table is this, in words. */
const schema = z
  .object({
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
    AMQP_URL: z.url({ protocol: /^amqps?$/ }),
    HEALTH_PORT: port.default(0),
    HEALTH_HOST: z.string().min(1).default('127.0.0.1'),
    PORT: port.default(8080),
    HOST: z.string().min(1).default('127.0.0.1'),
    PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
    TRUST_PROXY: flag.default(false),
    NETWORK_URL: z.url({ protocol: /^https?$/ }).optional(),
    SERVICE_TYPES: z
      .string()
      .transform((list) =>
        list
          .split(',')
          .map((type) => type.trim())
          .filter((type) => type !== ''),
      )
      .optional(),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    BATCH_SIZE: z.coerce.number().int().min(1).max(2000).default(256),
    DATABASE_CONNECTIONS: z.coerce.number().int().min(2).max(100).default(6),
    COMMAND_WAIT_MS: milliseconds.default(5_000),
    CALLBACK_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8080'),
    MESSAGE_VERSIONS: z.enum(messageVersions).default('current'),
    OUTSIDE_SERVICE_ORDERING: outsideEndpoints.default({}),
    RETRY_ATTEMPTS: z.coerce.number().int().min(1).max(100).default(8),
    OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
    OTEL_SERVICE_NAME: z.string().min(1).optional(),
    OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
    JOURNAL_DAYS: days.default(30),
    DELETED_DAYS: days.default(60),
    AUDIT_DAYS: days.default(730),
  })
  .refine(({ JOURNAL_DAYS, DELETED_DAYS }) => DELETED_DAYS >= JOURNAL_DAYS, {
    path: ['DELETED_DAYS'],
    message: 'at least as many as JOURNAL_DAYS',
  });

/**
 * A process's configuration. `platformUrl` gives where a network platform is reached, `platformSecret` what it shares
 * with us; undefined where it shares nothing. `outsideTypes` are the service types that an outside endpoint carries out.
 */
export type Configuration = Omit<z.output<typeof schema>, 'NETWORK_URL'> & {
  platformUrl: (platform: string) => string;
  platformSecret: (platform: string) => string | undefined;
  outsideTypes: readonly string[];
};

export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

/**
 * Parses the environment once.
 *
 * @throws ConfigurationError naming each wrong variable in one sentence
 */
export function parseConfiguration(env: Readonly<Record<string, string | undefined>>): Configuration {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigurationError(
      `The environment is not usable. Set these variables right and start again: ${wrong.join('; ')}.`,
    );
  }
  const { NETWORK_URL, ...rest } = parsed.data;
  return {
    ...rest,
    CALLBACK_URL: rest.CALLBACK_URL.replace(/\/$/, ''),
    platformUrl: (platform) => platformUrl(platform, given, NETWORK_URL),
    platformSecret: (platform) => given[variableOf(platform, 'SECRET')],
    outsideTypes: Object.keys(rest.OUTSIDE_SERVICE_ORDERING),
  };
}

const variableOf = (platform: string, what: 'URL' | 'SECRET'): string =>
  `PLATFORM_${platform.toUpperCase().replaceAll('-', '_')}_${what}`;

function platformUrl(
  platform: string,
  env: Record<string, string | undefined>,
  networkUrl: string | undefined,
): string {
  const variable = variableOf(platform, 'URL');
  const own = env[variable];
  if (own !== undefined && URL.canParse(own)) return own.replace(/\/$/, '');
  if (own !== undefined) throw new ConfigurationError(`${variable} is not a URL: ${own}.`);
  if (networkUrl === undefined) throw new ConfigurationError(`Set ${variable}, or NETWORK_URL for all platforms.`);
  return `${networkUrl.replace(/\/$/, '')}/${platform}`;
}
