/** Reading a JSON body: bounded, typed, and holding nothing the database would refuse later. */
import type { JsonObject } from '../../contracts/tmf/common.ts';
import { refuse, shorten } from './errors.ts';

/** 64 KiB, so that every message made of an order fits under the broker's 256 KiB. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Deeper than any TMF resource needs, shallow enough for every recursive walk over it. */
export const MAX_BODY_DEPTH = 24;

/** A body that was read. */
export interface Body {
  readonly bytes: Uint8Array;
  /** The media type without parameters, in lower case. */
  readonly mediaType: string;
  readonly json: unknown;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads and parses a request's JSON body.
 * @param accepted the media types that are understood here
 * @throws 413 above `maxBytes`; 415 for another media type, charset or content encoding; 400 `malformedJson` with the
 *   position; 400 `invalidBody` for what parses but cannot be kept: too deep, repeated names, `\u0000`, lone surrogates
 */
export async function readJsonBody(
  request: Request,
  accepted: readonly string[] = ['application/json'],
  maxBytes = MAX_BODY_BYTES,
): Promise<Body> {
  const mediaType = checkMediaType(request.headers, accepted);
  const bytes = await readBytes(request, maxBytes);
  return { bytes, mediaType, json: parseJson(bytes, maxBytes) };
}

/**
 * Parses a body that was read.
 * @throws as `readJsonBody` does for what it reads
 */
export function parseJson(bytes: Uint8Array, maxBytes = MAX_BODY_BYTES): unknown {
  const text = decode(bytes);
  const json = parse(text);
  checkContent(json, text);
  // A short number can stand for a long one (1e20): what is bounded is what we write and send on.
  if (/[\d.][eE]\d/.test(text) && Buffer.byteLength(JSON.stringify(json)) > maxBytes) throw tooLarge(maxBytes);
  return json;
}

/**
 * The body as an object.
 * @throws 400 `invalidBody` for an array or a bare value
 */
export function asObject(json: unknown): JsonObject {
  if (isObject(json)) return json;
  throw refuse(
    'invalidBody',
    `The body must be a JSON object, but is ${Array.isArray(json) ? 'an array' : 'a bare value'}.`,
  );
}

/** Whether a JSON value is an object, not an array and not null. */
export function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function checkMediaType(headers: Headers, accepted: readonly string[]): string {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const unsupported = (reason: string) =>
    refuse('unsupportedMediaType', reason, {
      message: `Send ${accepted.join(' or ')} in UTF-8, not compressed.`,
      headers: { Accept: accepted.join(', ') },
    });
  if (type === '') throw unsupported('The request has no Content-Type.');
  if (!accepted.includes(type)) throw unsupported(`The media type '${shorten(type)}' is not understood here.`);
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !['utf-8', '"utf-8"', 'utf8', 'us-ascii'].includes(charset)) {
    throw unsupported(`The charset '${shorten(charset)}' is not understood.`);
  }
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    throw unsupported(`The content encoding '${shorten(encoding)}' is not understood.`);
  }
  return type;
}

/**
 * Reads a request's body as it came, whatever it is.
 * @throws 413 above `maxBytes`
 */
export async function readBytes(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Uint8Array> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes);
  if (declared !== null) {
    // The HTTP server holds the client to the length it declared, so this cannot grow beyond it.
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number) {
  return refuse('bodyTooLarge', `The body is larger than ${maxBytes / 1024} KiB.`, {
    message: 'Split it: an order may refer to other orders.',
  });
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw refuse('malformedJson', 'The body is not valid UTF-8.', { cause });
  }
}

function parse(text: string): unknown {
  if (text.trim() === '') throw refuse('malformedJson', 'The body is empty; a JSON document is expected.');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuse('malformedJson', `The body is not valid JSON: ${shorten(whereBroken(cause, text), 200)}.`, { cause });
  }
}

/** V8 says where, or quotes the text around the place; only for text that ends too soon it does neither. */
function whereBroken(cause: unknown, text: string): string {
  const message = cause instanceof Error ? cause.message : 'it does not parse';
  return message.endsWith('end of JSON input') ? `${message} at position ${text.length}` : message;
}

/** One walk over the parsed value. Strings need looking at only where the text has `\u` escapes. */
function checkContent(json: unknown, text: string): void {
  const checkStrings = text.includes('\\u');
  let members = 0;
  const visit = (value: unknown, depth: number): void => {
    if (typeof value === 'string') {
      if (checkStrings) checkString(value);
      return;
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw refuse('invalidBody', 'The body has a number that is too large to keep.', {
        message: 'Send it as a string.',
      });
    }
    if (typeof value !== 'object' || value === null) return;
    if (depth > MAX_BODY_DEPTH) throw refuse('invalidBody', `The body is nested deeper than ${MAX_BODY_DEPTH} levels.`);
    if (Array.isArray(value)) {
      for (const element of value) visit(element, depth + 1);
      return;
    }
    // What JSON.parse made has no inherited names, so this needs no array of entries.
    for (const name in value) {
      members += 1;
      if (checkStrings) checkString(name);
      if (name === '__proto__') throw refuse('invalidBody', `The body has an attribute named '__proto__'.`);
      visit((value as JsonObject)[name], depth + 1);
    }
  };
  visit(json, 1);
  if (members !== countMembers(text)) {
    throw refuse('invalidBody', 'The body has an object that names an attribute twice.', {
      message: 'Only one of the two could be kept, so neither is: send each attribute once.',
    });
  }
}

function checkString(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw refuse(
      'invalidBody',
      'The body has a string with \\u0000 or half of a surrogate pair, which cannot be stored.',
    );
  }
}

/** How many `name: value` pairs valid JSON text spells: outside strings, every colon is one. */
function countMembers(text: string): number {
  let members = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === COLON) members += 1;
    else if (char === QUOTE) at = endOfString(text, at);
  }
  return members;
}

const COLON = 0x3a;
const QUOTE = 0x22;

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
