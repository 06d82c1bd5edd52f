import type { GatewayReady, UsageTotals } from './gateway-order.ts';
import type { BenchProcess } from './process.ts';
import type { Measured } from './rounds.ts';

const WAIT_MS = 10_000;
const EVERY_MS = 100;

/** Waits until each gateway has one usage row per success, and one marked failed per call that it turned away; says what is wrong when one hasn't. */
export async function checkUsageRows(
  measured: Measured,
  gateways: Readonly<Record<string, BenchProcess<GatewayReady>>>,
  perArm: Readonly<Record<string, readonly string[]>> = {},
): Promise<Measured> {
  const doubts = [...measured.doubts];
  for (const [name, gateway] of Object.entries(gateways)) {
    const wanted = (perArm[name] ?? [name]).reduce((sum, arm) => sum + (measured.successes[arm] ?? 0), 0);
    const until = performance.now() + WAIT_MS;
    let totals = await gateway.ask<UsageTotals>('usage');
    const { refusals } = measured;
    while (totals.calls < wanted + refusals && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      totals = await gateway.ask<UsageTotals>('usage');
    }
    if (totals.calls !== wanted + refusals || totals.failed !== refusals)
      doubts.push(`${name}: ${totals.calls} usage rows (${totals.failed} failed) for ${wanted} good answers and ${refusals} refusals`);
  }
  return { ...measured, doubts };
}
