import { withoutPassword } from './external.ts';
import type { RunFile } from './run-file.ts';

/** The addresses a person wants after a start, one per line. */
export function board({ urls, management, logs }: RunFile): string {
  const rows: [string, string | undefined][] = [
    ['gateway', urls.gateway],
    ['API documents', urls.docs],
    [
      'RabbitMQ',
      urls.rabbitmqManagement && `${urls.rabbitmqManagement}   login ${management.user} / ${management.password}`,
    ],
    ['network simulator', urls.simulator],
    ['database', withoutPassword(urls.database)],
    ['logs', logs],
  ];
  const shown = rows.filter((row): row is [string, string] => row[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return ['', ...shown.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`), ''].join('\n');
}
