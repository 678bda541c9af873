import { parse } from 'yaml';
import { z } from 'zod';
import { Sentence } from '../../run/bootstrap/sentence.ts';

const seconds = z
  .string()
  .regex(/^\d+s$/)
  .transform((text) => Number(text.slice(0, -1)));

/** What our compose file says of a service, and nothing else: an entry that is not played must not go unnoticed. */
const composeService = z.strictObject({
  image: z.string(),
  build: z.literal('.').optional(),
  init: z.literal(true).optional(),
  hostname: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully', 'service_started']) }),
    )
    .default({}),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.enum(['CMD', 'CMD-SHELL']), z.string()], z.string()),
      interval: seconds,
      timeout: seconds,
      retries: z.int(),
      start_period: seconds.default(0),
    })
    .optional(),
  restart: z.literal('unless-stopped').optional(),
  stop_signal: z.literal('SIGINT').optional(),
  /** Docker's own default */
  stop_grace_period: seconds.default(10),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
});
export type ComposeService = z.output<typeof composeService>;

export type ComposeFile = {
  services: Readonly<Record<string, ComposeService>>;
  volumes: Readonly<Record<string, unknown>>;
};

/**
 * Reads a compose file as `docker compose` does under an environment: aliases merged, variables put in. Durations are in
 * seconds.
 *
 * @throws Sentence when it says something that this reader does not know
 */
export function readCompose(text: string, env: Readonly<Record<string, string | undefined>>): ComposeFile {
  const { services, volumes } = parse(text, { merge: true, reviver: (_, value) => putIn(value, env) }) as {
    services: Record<string, unknown>;
    volumes: Record<string, unknown>;
  };
  const read = Object.entries(services).map(([name, service]) => {
    const parsed = composeService.safeParse(service);
    if (parsed.success) return [name, parsed.data] as const;
    throw new Sentence(
      `The service ${name} says what ops/verify/image/compose-file.ts has to learn first:\n${z.prettifyError(parsed.error)}`,
    );
  });
  return { services: Object.fromEntries(read), volumes };
}

/** `${NAME}` and `${NAME:-default}`, where a default may hold others: an empty variable counts as none. `$$` is a dollar. */
function putIn(value: unknown, env: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof value !== 'string') return value;
  const innermost = /\$\{([A-Z_]+)(?::-([^${}]*))?\}/g;
  const parts = value.split('$$').map((part) => {
    let text = part;
    while (innermost.test(text))
      text = text.replaceAll(innermost, (_, name: string, standard = '') => env[name] || String(standard));
    if (text.includes('$')) throw new Sentence(`A variable in "${value}" is not written as \${NAME:-default}.`);
    return text;
  });
  return parts.join('$');
}
