import { connect } from 'amqplib';

/**
 * Logs in to a broker once and gives its release, as `3.10.8`.
 *
 * @throws what the network or the broker says: nothing there, a refused login, an unknown virtual host
 */
export async function releaseAt(url: string): Promise<string> {
  const connection = await connect(url, { noDelay: true, timeout: 5_000 });
  connection.on('error', () => undefined);
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return version;
}
