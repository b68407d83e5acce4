import { guestDied, type Rule } from './rule.ts';

const mend = 'the trace says where: ./scripts/faddr2line vmlinux FUNCTION+OFFSET; or build with --profile debug';
/** As many as the registers and the top of the call trace take. */
const report = 34;

/** The kernel's own faults: an oops, which by itself ends a process, and by panic_on_oops or in an interrupt the kernel. */
export const faultRules: readonly Rule[] = [
  {
    name: 'kernel-stack-overflow',
    lines: [/BUG: (?:TASK|IRQ|\S+) stack guard page was hit|stack guard hit|kernel stack overflow/],
    after: report,
    cause: 'a kernel stack overflowed: functions call each other too deep, or have too large local variables',
    remedy: `look for the recursion in the trace; ${mend}`,
    status: guestDied,
  },
  {
    name: 'kernel-stack-corrupted',
    lines: [/stack-protector: Kernel stack is corrupted in: (.*)|(corrupted stack end detected inside scheduler)/],
    after: report,
    cause: 'a function wrote over the end of its own stack frame: $1$2',
    remedy: 'look for a local array written beyond its end in that function; build with --set CONFIG_KASAN=y',
    status: guestDied,
  },
  {
    name: 'double-fault',
    lines: [/(?:PANIC: |traps: )?double fault[:,]/],
    after: report,
    cause: 'the CPU faulted while it handled a fault (double fault)',
    remedy: `most often a stack that is used up or a bad stack pointer; ${mend}`,
    status: guestDied,
  },
  {
    name: 'kernel-bug',
    lines: [/kernel BUG at (.*)!/],
    after: report,
    cause: 'the kernel stopped at a check of its own (BUG) at $1',
    remedy: 'read the condition at that line; the trace says who called',
    status: guestDied,
  },
  {
    name: 'null-dereference',
    lines: [
      /BUG: kernel NULL pointer dereference, address: (\S+)|BUG: unable to handle kernel NULL pointer dereference at (\S+)/,
    ],
    after: report,
    cause: 'the kernel used a NULL pointer (address $1$2)',
    remedy: mend,
    status: guestDied,
  },
  {
    name: 'execute-protection',
    lines: [/kernel tried to execute NX-protected page|unable to execute userspace code \(SMEP\?\)/],
    after: report,
    cause: 'the kernel jumped to memory that holds no code: a bad function pointer',
    remedy: `see who called it in the trace; ${mend}`,
    status: guestDied,
  },
  {
    name: 'page-fault',
    lines: [/BUG: unable to handle (?:page fault for address: |kernel paging request at )(\S+)/],
    after: report,
    cause: 'the kernel used an address that is not mapped, or not for that: $1',
    remedy: mend,
    status: guestDied,
  },
  {
    name: 'general-protection-fault',
    lines: [/general protection fault(.*)/],
    after: report,
    cause: 'the kernel used a pointer that can be none (general protection fault$1)',
    remedy: `0x6b6b6b6b and 0xdead are marks of freed memory: build with --set CONFIG_KASAN=y; ${mend}`,
    status: guestDied,
  },
  {
    name: 'divide-error',
    lines: [/divide error: /],
    after: report,
    cause: 'the kernel divided by zero',
    remedy: mend,
    status: guestDied,
  },
  {
    name: 'invalid-opcode',
    lines: [/invalid opcode: /],
    after: report,
    cause: 'the kernel ran an instruction that this CPU has not',
    remedy: 'build it for plain x86-64 (CONFIG_GENERIC_CPU=y), or boot with the CPU model it was built for',
    status: guestDied,
  },
  {
    name: 'early-exception',
    lines: [/PANIC: early exception (\S+)/],
    after: report,
    cause: 'the kernel faulted (exception $1) before it could handle a fault',
    remedy: `boot with earlyprintk=ttyS0 in --append for all that it says; ${mend}`,
    status: guestDied,
  },
  {
    name: 'breakpoint-trap',
    lines: [/\bint3: 0000 /],
    after: report,
    cause: 'the kernel ran into a breakpoint instruction that nobody had set',
    remedy: mend,
    status: guestDied,
  },
  {
    name: 'unknown-nmi',
    lines: [/Kernel panic - not syncing: NMI: Not continuing|Kernel panic - not syncing: NMI IOCK error/],
    before: 6,
    cause: 'a non-maskable interrupt came that nobody expected, and unknown_nmi_panic makes that a panic',
    remedy: 'if nobody sent it, leave unknown_nmi_panic out; its trace shows where the kernel was',
    status: guestDied,
  },
];
