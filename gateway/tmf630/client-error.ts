/** Requests so broken that Node's parser refuses them still get an error body. */
import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';

import type { ErrorCode } from './error-codes.ts';
import { errorBodyOf, refuse } from './errors.ts';

type Cause = readonly [code: ErrorCode, reason: string];

const causes: Readonly<Record<string, Cause>> = {
  HPE_HEADER_OVERFLOW: ['headersTooLarge', 'The request line and headers are larger than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['requestTimeout', 'The request did not arrive in time.'],
};

/** Makes a server answer unparsable requests with the error body, then close the connection. */
export function answerClientErrors(server: Pick<Server, 'on'>): void {
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return;
    const [code, reason]: Cause = causes[error.code ?? ''] ?? ['invalidHeader', 'The request is not valid HTTP.'];
    const refusal = refuse(code, reason);
    const body = JSON.stringify(errorBodyOf(refusal));
    socket.end(
      [
        `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}`,
        'Content-Type: application/json;charset=utf-8',
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  });
}
