import { once } from 'node:events';
import { createServer } from 'node:http';

/** A network that is down: it takes connections, says nothing for a moment, and resets them. */
export interface DeadPlatform {
  /** What it was asked, by the first part of the path: how many probes, at most how many at once, and how many calls. */
  readonly asked: ReadonlyMap<string, { probes: number; atOnce: number; calls: number }>;
  close(): Promise<void>;
}

const silenceMs = 300;

/** @param port of the platforms it stands in for */
export async function standInDead(port: number): Promise<DeadPlatform> {
  const asked = new Map<string, { probes: number; atOnce: number; calls: number }>();
  const now = new Map<string, number>();
  const server = createServer((request) => {
    const [, platform = '', what] = (request.url ?? '').split('/');
    const count = asked.get(platform) ?? { probes: 0, atOnce: 0, calls: 0 };
    asked.set(platform, count);
    if (what === 'health') {
      count.probes += 1;
      now.set(platform, (now.get(platform) ?? 0) + 1);
      count.atOnce = Math.max(count.atOnce, now.get(platform) ?? 0);
    } else count.calls += 1;
    setTimeout(() => {
      if (what === 'health') now.set(platform, (now.get(platform) ?? 1) - 1);
      request.socket.resetAndDestroy();
    }, silenceMs);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    asked,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
