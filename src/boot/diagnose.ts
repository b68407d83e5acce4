import { EulabError, status } from '../errors.ts';
import type { Line } from './console.ts';

/** How a machine ended before the command's status was known. */
export interface End {
  /** QEMU's own status; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** What QEMU itself wrote. */
  readonly stderr: string;
  /** The lines of the guest's console, as far as they were kept. */
  readonly console: readonly Line[];
  /** The file that has all of the console. */
  readonly log: string;
}

const shownLines = 24;

/** The error that says why there is no status: what the console shows first, then what QEMU said. Pure. */
export function diagnose(end: End): EulabError {
  const console = end.console.map(({ text }) => text);
  const panic = console.findIndex((line) => line.includes('Kernel panic - not syncing'));
  const hint = `the whole console: ${end.log}`;
  if (panic >= 0) {
    const reason = console[panic]?.replace(/^.*Kernel panic - not syncing: /, '') ?? '';
    const around = console.slice(Math.max(0, panic - 6), panic - 6 + shownLines);
    return new EulabError(`the guest kernel panicked: ${reason}`, { details: around, hint, exitCode: status.guestDied });
  }
  const details = console.slice(-shownLines);
  const refused = console.find((line) => /eulab: cannot (run the command|use the root)/.test(line));
  if (refused !== undefined) {
    const message = refused.replace(/^.*eulab: /, 'the guest ');
    if (message.includes('use the root')) return new EulabError(message, { hint, exitCode: status.unknown });
    return new EulabError(message, { hint: 'build a kernel that has them: eulab build kernel', exitCode: status.unknown });
  }
  if (end.code !== 0) {
    const how = end.signal === null ? `ended with status ${end.code}` : `was ended by ${end.signal}`;
    const said = end.stderr.trim().split('\n').filter(Boolean);
    return new EulabError(`QEMU ${how}`, { details: said.length > 0 ? said : details, hint, exitCode: status.unknown });
  }
  const off = console.some((line) => /reboot: (Power down|System halted|Restarting system)/.test(line));
  if (off) {
    return new EulabError('the guest switched itself off before the command ended', { details, hint, exitCode: status.unknown });
  }
  // QEMU ended in peace, yet no kernel said farewell: a triple fault, or a reset from the depths.
  return new EulabError('the guest died without a word', { details, hint, exitCode: status.guestDied });
}
