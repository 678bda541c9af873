import { Sentence } from '../../run/bootstrap/sentence.ts';

/** The instructions that our Dockerfile uses, as far as it uses them. */
export type Instruction =
  | { name: 'FROM'; image: string; tag: string }
  | { name: 'ENV'; variable: string; value: string }
  | { name: 'WORKDIR'; path: string }
  | { name: 'COPY'; sources: readonly string[]; target: string }
  | { name: 'RUN'; shell: string }
  | { name: 'USER'; account: string }
  | { name: 'CMD'; command: readonly string[] };

/**
 * The instructions of a Dockerfile, in order.
 *
 * @throws Sentence at anything that is not played here: a build that leaves something out would prove nothing
 */
export function parseDockerfile(text: string): Instruction[] {
  return text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parseInstruction);
}

function parseInstruction(line: string): Instruction {
  const [name, rest] = split(line, /\s+/);
  const unplayed = new Sentence(`"${line}" is not played: ops/verify/image/dockerfile.ts has to learn it first.`);
  // Options (COPY --chown, RUN --mount), variables and quotes change what an instruction means.
  if (rest.startsWith('--') || (name !== 'RUN' && name !== 'CMD' && /[$"']/.test(rest))) throw unplayed;
  const words = rest.split(/\s+/);
  switch (name) {
    case 'FROM': {
      const [image, tag] = split(rest, /:/);
      if (words.length !== 1) throw unplayed;
      return { name, image, tag };
    }
    case 'ENV': {
      const [variable, value] = split(rest, /=/);
      if (words.length !== 1) throw unplayed;
      return { name, variable, value };
    }
    case 'WORKDIR':
      return { name, path: rest };
    case 'COPY': {
      if (words.length < 2) throw unplayed;
      return { name, sources: words.slice(0, -1), target: words.at(-1)! };
    }
    case 'RUN':
      if (rest.startsWith('[')) throw unplayed;
      return { name, shell: rest };
    case 'USER':
      return { name, account: rest };
    case 'CMD':
      if (!rest.startsWith('[')) throw unplayed;
      return { name, command: JSON.parse(rest) as string[] };
    default:
      throw unplayed;
  }
}

/** The text before and after the first separator. */
function split(text: string, separator: RegExp): [string, string] {
  const { index = text.length, 0: found = '' } = separator.exec(text) ?? {};
  return [text.slice(0, index), text.slice(index + found.length)];
}

/**
 * What `.dockerignore` keeps out of the build: a function that says so of a path relative to its folder. The last pattern
 * that matches the path or a folder above it decides; `!` lets in again. (Docker's documentation, ".dockerignore files".)
 */
export function ignoredBy(dockerignore: string): (path: string) => boolean {
  const patterns = dockerignore
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ ignores: !line.startsWith('!'), matches: globOf(line.replace(/^!/, '')) }));
  return (path) => {
    const parts = path.split('/');
    const lineage = parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
    return patterns.findLast(({ matches }) => lineage.some((one) => matches.test(one)))?.ignores ?? false;
  };
}

function globOf(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('**/', '<folders>')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('<folders>', '(?:.*/)?');
  return new RegExp(`^${source}$`);
}
