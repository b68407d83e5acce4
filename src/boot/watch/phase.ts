import type { Line } from '../console.ts';

/** The phases of a boot, in order; each ends where the next one begins. */
export const phaseNames = ['firmware', 'kernel', 'init', 'command'] as const;
export type Phase = (typeof phaseNames)[number];

/** One phase of a boot that was: when it began and ended, in milliseconds since QEMU's start. */
export interface Span {
  readonly name: Phase;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the kernel, or the setup code in front of it, says before anything else can. */
const kernelBegins =
  /^\[ *\d+\.\d{6}\]|^Linux version |^early console in |^Decompressing Linux|^No EFI environment|^Probing EDD|^This kernel requires /;

const ofFirmware = /^(?:SeaBIOS|iPXE|Machine UUID|Booting from |Press )/;

/** True for a line that the firmware or the kernel wrote, and no program. Pure. */
export const beforePrograms = (text: string) => kernelBegins.test(text) || ofFirmware.test(text);

/** The kernel's last words before the first process; the second is all that a kernel from before 5.1 says. */
const initBegins = /Run \S+ as init process|Freeing unused kernel (?:image|memory)/;

/** The phase that a line of the console shows to have begun; undefined for most. Pure. */
export function phaseBegunBy(text: string): 'kernel' | 'init' | undefined {
  if (initBegins.test(text)) return 'init';
  return kernelBegins.test(text) ? 'kernel' : undefined;
}

/**
 * The phases that a boot has gone through, in order, the last one up to `untilMs`.
 *
 * Pure. `readyMs` is when the guest's agent answered, undefined when it has not: the command begins then, whatever the
 * console shows. A phase of which the console shows nothing (a kernel without a serial console, or a quiet one) is not
 * told from the one before it.
 */
export function phases(lines: readonly Line[], readyMs: number | undefined, untilMs: number): Span[] {
  const kernel = lines.find(({ text }) => kernelBegins.test(text))?.ms;
  const init = lines.find(({ text }) => initBegins.test(text))?.ms;
  const begins: [Phase, number | undefined][] = [
    ['firmware', 0],
    ['kernel', kernel],
    ['init', init],
    ['command', readyMs],
  ];
  const begun = begins.filter((entry): entry is [Phase, number] => entry[1] !== undefined && entry[1] <= (readyMs ?? untilMs));
  return begun.map(([name, fromMs], index) => ({ name, fromMs, toMs: begun[index + 1]?.[1] ?? untilMs }));
}

/** The phase that a boot is in, and since when. Pure; see `phases`. */
export function phase(lines: readonly Line[], readyMs: number | undefined): { readonly name: Phase; readonly fromMs: number } {
  const last = phases(lines, readyMs, Number.POSITIVE_INFINITY).at(-1);
  return last ?? { name: 'firmware', fromMs: 0 };
}

/**
 * After such a line a machine only waits, or starts again, which a kernel that finds no way to do it tries for a minute: no
 * kernel comes back from it. A panic counts at the beginning of a line alone, as not every text that has the words is one.
 */
const lastWords =
  /^(?:\[[ \d.]+\](?:\[[ \w]+\])? )?Kernel panic - not syncing|-- System halted|reboot: System halted|reboot: Power off not available|PANIC: early exception|^(?:Unable to boot|UUnnaabbllee {2}ttoo {2}bboooott)/;

/** When the last line came, by the host's clock, of a console on which one said that nothing more will; else undefined. Pure. */
export function haltedMs(lines: readonly Line[]): number | undefined {
  return lines.some(({ text }) => lastWords.test(text)) ? lines.at(-1)?.ms : undefined;
}
