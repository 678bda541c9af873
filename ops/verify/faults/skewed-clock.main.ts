/**
 * Loaded before everything else (`--import`), shifts the process's clock by CLOCK_SKEW_MS: what `Date` tells, not how fast
 * time passes.
 */
const skewMs = Number(process.env['CLOCK_SKEW_MS'] ?? 0);
const TrueDate = Date;
const trueNow = TrueDate.now.bind(TrueDate);

class SkewedDate extends TrueDate {
  constructor(...args: readonly unknown[]) {
    super(...((args.length === 0 ? [trueNow() + skewMs] : args) as [number]));
  }

  static override now(): number {
    return trueNow() + skewMs;
  }
}
globalThis.Date = SkewedDate as DateConstructor;
