/** The answers that every resource gives alike, each with a request that gets it. */
import type { JsonObject } from '../../contracts/tmf/common.ts';

/** A request and the status it is answered with. `{one}` in the URL is the path of a resource that exists. */
export interface AnswerCase {
  readonly status: number;
  readonly method: string;
  readonly url: string;
  /** What is special about the request. */
  readonly what: string;
  readonly init?: RequestInit;
}

type Headers = Readonly<Record<string, string>>;

const json = { 'content-type': 'application/json' };
const mergePatch = { 'content-type': 'application/merge-patch+json' };
const jsonPatch = { 'content-type': 'application/json-patch+json' };
const large = 'x'.repeat(70_000);

/** A request with a body: JSON, or text that goes out as it is. */
export const sending = (body: unknown, headers: Headers = {}): RequestInit => ({
  headers: { ...json, ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** Attributes of a resource, by what the cases want of them. */
export interface Attributes {
  readonly text: string;
  readonly date: string;
  /** One within another. */
  readonly nested: string;
  /** Where it says how it stands. */
  readonly state: string;
}

/** What orders and services have in common. */
const usual: Attributes = { text: 'description', date: 'startDate', nested: 'relatedParty.name', state: 'state' };

/**
 * @param collection the path of the resource's list
 * @param valid a body that creates one
 */
export function answerCases(collection: string, valid: JsonObject, own: Partial<Attributes> = {}): AnswerCase[] {
  return [...taskCases(collection, valid, { ...usual, ...own }), ...patchCases(collection), ...otherCases(collection)];
}

/** The same of a resource that is only made and read. */
export function taskCases(collection: string, valid: JsonObject, attributes: Attributes): AnswerCase[] {
  return [
    ...listCases(collection, attributes),
    ...retrieveCases(collection, attributes),
    ...createCases(collection, valid, attributes),
  ];
}

function listCases(collection: string, { text, date, nested, state }: Attributes): AnswerCase[] {
  const get = (status: number, query: string, what: string, headers: Headers = {}): AnswerCase => ({
    status,
    method: 'GET',
    url: `${collection}${query}`,
    what,
    init: { headers },
  });
  return [
    get(200, '', 'no page asked for'),
    get(206, '?limit=1', 'the first of several pages'),
    get(206, '?offset=1&limit=1', 'another page'),
    get(200, '?id=none', 'nothing matches'),
    get(200, `?fields=${state},${nested}`, 'some attributes'),
    get(200, '?fields=none', 'no attributes'),
    get(400, '?colour=red', 'a filter by an attribute that does not exist'),
    get(400, '?fields=colour', 'an attribute that does not exist'),
    get(400, '?sort=-colour', 'a sort by an attribute that does not exist'),
    get(400, '?limit=many', 'a limit that is no number'),
    get(400, '?cursor=x', 'a cursor that is none'),
    get(400, `?${text}.regex=(`, 'a regular expression that is none'),
    get(400, `?${date}.gt=soon`, 'a date that is none'),
    get(400, `?${text}=%zz`, 'a broken escape'),
    get(400, `?${text}=%00`, 'the character NUL'),
    get(406, '', 'HTML wanted', { accept: 'text/html' }),
    { status: 405, method: 'PUT', url: collection, what: 'no such method' },
    { status: 405, method: 'DELETE', url: collection, what: 'a method of one resource' },
  ];
}

function retrieveCases(collection: string, { state }: Attributes): AnswerCase[] {
  const get = (status: number, url: string, what: string, headers: Headers = {}): AnswerCase => ({
    status,
    method: 'GET',
    url,
    what,
    init: { headers },
  });
  return [
    get(200, '{one}', 'it is there'),
    get(200, `{one}?fields=${state}`, 'some attributes'),
    get(304, '{one}', 'known already', { 'if-none-match': '*' }),
    get(400, `{one}?${state}=active`, 'a filter'),
    get(400, `${collection}/%00`, 'the character NUL'),
    get(404, `${collection}/none`, 'no such id'),
    get(406, '{one}', 'XML wanted', { accept: 'application/xml' }),
    get(404, `${collection}/1/2`, 'no such path'),
    get(404, `${collection}s`, 'no such path'),
    { status: 405, method: 'POST', url: '{one}', what: 'a method of the list' },
  ];
}

function createCases(collection: string, valid: JsonObject, { text }: Attributes): AnswerCase[] {
  const post = (status: number, what: string, init: RequestInit): AnswerCase => ({
    status,
    method: 'POST',
    url: collection,
    what,
    init,
  });
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { deeper: nested(levels - 1) });
  const repeated = `{"${text}": "a", "${text}": "b", ${JSON.stringify(valid).slice(1)}`;
  return [
    post(201, 'a valid body', sending(valid)),
    post(400, 'broken JSON', sending('{"a": ')),
    post(400, 'no body', sending('')),
    post(400, 'an array', sending([])),
    post(400, 'a bare value', sending('"text"')),
    post(400, 'nothing that is required', sending({})),
    post(400, 'an attribute twice', sending(repeated)),
    post(400, 'the character NUL', sending({ ...valid, [text]: '\0' })),
    post(400, 'half of a surrogate pair', sending({ ...valid, [text]: '\ud800' })),
    post(400, 'nested too deep', sending({ ...valid, deep: nested(40) })),
    post(400, 'an id of its own', sending({ ...valid, id: 'mine' })),
    post(400, 'a key that cannot be one', sending(valid, { 'idempotency-key': 'é' })),
    post(406, 'text wanted', sending(valid, { accept: 'text/plain' })),
    post(413, 'too large', sending({ ...valid, [text]: large })),
    post(415, 'plain text', sending('x', { 'content-type': 'text/plain' })),
    post(415, 'a compressed body', sending(valid, { 'content-encoding': 'gzip' })),
    post(415, 'another charset', sending(valid, { 'content-type': 'application/json; charset=utf-16' })),
  ];
}

function patchCases(collection: string): AnswerCase[] {
  const patch = (status: number, what: string, init: RequestInit, url = '{one}'): AnswerCase => ({
    status,
    method: 'PATCH',
    url,
    what,
    init,
  });
  const step = (op: string, path: string, value: unknown) => sending([{ op, path, value }], jsonPatch);
  return [
    patch(200, 'plain JSON', sending({ description: 'plain' })),
    patch(200, 'a merge patch', sending({ description: 'merged' }, mergePatch)),
    patch(200, 'a JSON Patch', step('replace', '/description', 'stepwise')),
    patch(200, 'nothing to change', sending({})),
    patch(400, 'what cannot be patched', sending({ href: 'http://elsewhere.test/' })),
    patch(400, 'a value of another type', sending({ description: 1 })),
    patch(400, 'a path that leads nowhere', step('replace', '/none', 1)),
    patch(400, 'a JSON Patch that is none', sending({ op: 'remove' }, jsonPatch)),
    patch(409, 'a test that does not hold', step('test', '/description', 'other')),
    patch(412, 'an overtaken revision', sending({ description: 'late' }, { 'if-match': '"0"' })),
    patch(413, 'too large', sending({ description: large })),
    patch(415, 'XML', sending('<x/>', { 'content-type': 'application/xml' })),
    patch(404, 'no such id', sending({}), `${collection}/none`),
  ];
}

function otherCases(collection: string): AnswerCase[] {
  return [
    {
      status: 412,
      method: 'DELETE',
      url: '{one}',
      what: 'an overtaken revision',
      init: { headers: { 'if-match': '"0"' } },
    },
    { status: 404, method: 'DELETE', url: `${collection}/none`, what: 'no such id' },
    { status: 400, method: 'DELETE', url: `${collection}/%00`, what: 'the character NUL' },
  ];
}
