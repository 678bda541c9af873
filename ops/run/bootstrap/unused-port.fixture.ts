import { type AddressInfo, createServer } from 'node:net';

/** A port that a start of another process can have. Not `freePort`, which claims it for this one. */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
