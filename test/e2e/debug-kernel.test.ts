import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ended, eulab, folder, program, started } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';
import { kernel } from './kernels.ts';

artifacts();
const beside = kernel('debug');
const image = join(beside, 'bzImage');

const options = ['boot', '--kernel', image, '--accel', 'tcg', '--net', 'none', '--memory', '256M', '--timeout', '100s'];

requires('gdb')(
  'gdb comes in by the line that is printed, breaks at start_kernel and shows its source',
  async () => {
    const child = started([...options, '--gdb', '--', 'sh', '-c', 'exit 42']);
    const over = ended(child);
    let said = '';
    while (!said.includes('-ex continue\n')) said += (await once(child.stderr as NodeJS.ReadableStream, 'data'))[0];
    const line = /^ {2}(env .*)$/m.exec(said)?.[1] ?? '';
    // Pasted as it is, with more commands behind it; -batch answers every question with the default.
    const more = ['info source', 'list', 'lx-version', 'detach'].map((word) => `-ex '${word}'`).join(' ');
    const { stdout } = await program('sh', ['-c', `${line} ${more} -batch`], { env: { PYTHONDONTWRITEBYTECODE: '' } });
    const shown = stdout.toString();
    const { status, stderr } = await over;
    expect(said).not.toMatch(/has no debug information|no vmlinux-gdb.py|does not belong|is no longer at/);
    expect(shown).toMatch(/Breakpoint 1, start_kernel \(\) at .*init\/main\.c:\d+/);
    expect(shown).toMatch(/^\d+\t.*start_kernel\(void\)/m);
    expect(shown).toContain('Linux version 6.');
    expect(existsSync(join(beside, 'scripts/gdb/linux/__pycache__'))).toBe(false);
    expect(status, stderr).toBe(42);
  },
  240_000,
);

requires('crash')(
  'crash opens the dump, and shows where it died and what the kernel said',
  async () => {
    using here = folder();
    const core = join(here.path, 'vmcore');
    const die = 'echo c >/proc/sysrq-trigger; sleep 60';
    const { status, stderr } = await eulab([...options, '--dump', core, '--', 'sh', '-c', die]);
    expect([status, stderr], stderr).toEqual([255, expect.stringContaining(`crash ${join(beside, 'vmlinux')} ${core}`)]);
    const line = /^ {2}(crash .*)$/m.exec(stderr)?.[1] ?? '';
    const { stdout } = await program('sh', ['-c', `${line} -s`], { input: 'bt\nlog | tail -3\nsys | grep PANIC\nquit\n' });
    expect(stdout.toString()).toMatch(/COMMAND: "sh"/);
    // Where KASAN is in the way, crash begins below the panic itself, at what wrote to /proc/sysrq-trigger.
    expect(stdout.toString()).toMatch(/^ *#\d+ \[\w+\] (panic|sysrq_handle_crash|proc_reg_write) at/m);
    expect(stdout.toString()).toContain('Kernel panic - not syncing');
  },
  240_000,
);
