import type { Report } from '../report.ts';
import type { ConsoleLog } from './console.ts';
import type { Moment } from './run.ts';
import type { Claim } from './running/running.ts';
import { phaseBegunBy } from './watch/phase.ts';

/** What tells of a machine while it runs. */
export interface Teller {
  /** A claim that tells the machine's name. */
  claim(claim: () => Promise<Claim>): () => Promise<Claim>;
  onMoment(moment: Moment, console: ConsoleLog, status?: number): void;
}

/** Tells of a machine's phases, and of the command in it, which is `argv`; the time of each is that of the console's line. */
export function teller(report: Report, argv: readonly string[]): Teller {
  let name = '';
  return {
    claim: (claim) => async () => {
      const claimed = await claim();
      name = claimed.name;
      return claimed;
    },
    onMoment: (moment, console, status) => {
      const atMs = performance.now() - console.startedMs;
      if (moment === 'start') {
        report({ kind: 'machine', name, pid: process.pid, console: console.file });
        report({ kind: 'phase', phase: 'firmware', atMs: 0 });
        tellPhases(report, console);
      }
      if (moment === 'command') {
        report({ kind: 'ready', atMs });
        report({ kind: 'phase', phase: 'command', atMs });
        if (argv.length > 0) report({ kind: 'command', argv, atMs });
      }
      if (moment === 'status' && status !== undefined) report({ kind: 'command-end', status, atMs });
    },
  };
}

/** Tells of kernel and init as the console shows them; each line is looked at once, and none behind the last phase. */
function tellPhases(report: Report, console: ConsoleLog): void {
  const told = new Set<string>();
  let seen = 0;
  const look = () => {
    const lines = console.lines();
    for (const { text, ms } of lines.slice(seen)) {
      const phase = phaseBegunBy(text);
      if (phase === undefined || told.has(phase) || told.has('init')) continue;
      told.add(phase);
      report({ kind: 'phase', phase, atMs: ms });
    }
    // The last line may not be whole yet.
    seen = Math.max(0, lines.length - 1);
    if (told.has('init')) watching[Symbol.dispose]();
  };
  // The bytes are told of before they are lines.
  const watching = console.watch(() => setImmediate(look));
}
