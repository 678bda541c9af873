/** One thing that was looked at. A finding that is wrong says what to do about it. */
export type Finding =
  | { area: string; what: string; ok: true; detail: string }
  | { area: string; what: string; ok: false; detail: string; advice: string };

/** Makes findings of one area, so that a check reads as a sentence. */
export function findingsOf(area: string) {
  return {
    fine: (what: string, detail = ''): Finding => ({ area, what, ok: true, detail }),
    wrong: (what: string, detail: string, advice: string): Finding => ({ area, what, ok: false, detail, advice }),
  };
}

/** Findings as a table for people: what is wrong carries its advice on a line of its own. */
export function tableOf(findings: readonly Finding[]): string {
  const widths = [widest(findings, ({ area }) => area), widest(findings, ({ what }) => what)];
  const lines = findings.flatMap((finding) => {
    const row = `${finding.ok ? 'ok   ' : 'WRONG'}  ${finding.area.padEnd(widths[0]!)}  ${finding.what.padEnd(widths[1]!)}  ${finding.detail}`;
    return finding.ok ? [row.trimEnd()] : [row.trimEnd(), `       ${' '.repeat(widths[0]!)}  → ${finding.advice}`];
  });
  const wrong = findings.filter(({ ok }) => !ok).length;
  return [
    ...lines,
    '',
    wrong === 0 ? 'everything looks right' : `${wrong} of ${findings.length} checks found something wrong`,
  ].join('\n');
}

function widest(findings: readonly Finding[], of: (finding: Finding) => string): number {
  return Math.max(0, ...findings.map((finding) => of(finding).length));
}
