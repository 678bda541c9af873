import { createServer } from 'node:http';

/** A role of tests: ready at once, drains on SIGTERM, says its environment; `broken` cannot start. */
const [role] = process.argv.slice(2);
if (role === 'broken') {
  console.error('the configuration is wrong');
  process.exit(2);
}
console.log(
  JSON.stringify({ level: 30, role, name: process.env['ROLE_NAME'], port: process.env['PORT'], pid: process.pid }),
);
createServer((_, response) => response.end('ready')).listen(Number(process.env['HEALTH_PORT']), '127.0.0.1');
process.on('SIGTERM', () => {
  console.log('drained');
  process.exit(0);
});
