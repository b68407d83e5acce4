import { status } from '../../errors.ts';
import { type Facts, guestDied, type Rule, type Sentence, unknown } from './rule.ts';

/** Lines that firmware writes: SeaBIOS, iPXE, option ROMs. */
const firmware =
  /^(?:SeaBIOS|Machine UUID|iPXE|Booting from|Press |Google, Inc\.|Serial Graphics Adapter|SGABIOS|Term: |qboot|Boot failed|No bootable device)/;

const overdue = ({ limit }: Facts) => limit !== undefined;
const beforeTheAgent = (facts: Facts) => overdue(facts) && facts.ready !== true && facts.limit?.limit !== 'whole';
const onlyFirmware = ({ texts }: Facts) => texts.every((text) => firmware.test(text));
const initRan = ({ texts }: Facts) => texts.some((text) => /Run \S+ as init process/.test(text));

/** What ran out. */
const said: Sentence = (_groups, { limit }) => limit?.message ?? '';
/** What ran out, and what that means. */
const means =
  (text: string): Sentence =>
  (_groups, { limit }) =>
    `${limit?.message}: ${text}`;

const listen = 'let it speak from the start: --append earlyprintk=ttyS0,115200';

/** Machines that were ended because nothing came of them, or that went without a word. Asked last. */
export const silenceRules: readonly Rule[] = [
  {
    name: 'timeout',
    when: ({ limit }) => limit?.limit === 'whole',
    cause: said,
    remedy: 'allow more: --timeout 5m',
    status: status.timeout,
  },
  {
    name: 'command-limit',
    when: ({ limit }) => limit?.limit === 'command',
    cause: said,
    remedy: 'allow more: --limit command=5m',
    status: status.timeout,
  },
  {
    name: 'no-console-output',
    when: (facts) => beforeTheAgent(facts) && onlyFirmware(facts),
    cause: means(
      'the kernel said nothing: it has no driver for the serial console (CONFIG_SERIAL_8250_CONSOLE), console= names another, or it never began',
    ),
    remedy: `${listen}; console=ttyS0 has to be the last console= of --append`,
    status: unknown,
  },
  {
    name: 'no-agent',
    when: (facts) => beforeTheAgent(facts) && initRan(facts),
    cause: means("init runs, but nobody answers in eulab's name: the initramfs is another's, or its init hangs"),
    remedy: 'use one that eulab made: eulab build ramdisk; or look at what it does: eulab boot, without a command',
    status: unknown,
  },
  {
    name: 'kernel-decompression-hangs',
    when: (facts) => beforeTheAgent(facts) && !facts.texts.some((text) => /Linux version/.test(text)),
    cause: means('the kernel unpacks itself, or stopped at the jump into itself: its first line never came'),
    remedy: `${listen}; give it more memory (--memory 1G), or try its vmlinux: --kernel vmlinux`,
    status: unknown,
  },
  {
    name: 'kernel-hangs',
    when: beforeTheAgent,
    cause: means('the kernel came up to the last line below, and no further'),
    remedy: 'see which step hangs: --append "initcall_debug ignore_loglevel"; slow machines: --limit kernel=10m',
    status: unknown,
  },
  {
    name: 'reset-without-output',
    when: (facts) => !overdue(facts) && facts.code === 0 && onlyFirmware(facts),
    cause:
      'the machine was reset before the kernel could say anything: it panicked unheard, or jumped into nothing (triple fault)',
    remedy: `${listen}; give it more memory: --memory 512M`,
    status: guestDied,
  },
  {
    name: 'triple-fault',
    when: (facts) => !overdue(facts) && facts.code === 0,
    cause: 'the guest died without a word: the CPU was reset (a triple fault, or a reset from the depths)',
    remedy: `${listen}; for the CPU's state at the reset: -d cpu_reset of QEMU`,
    status: guestDied,
  },
];
