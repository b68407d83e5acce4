import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle, ended, eulab, folder, processesWith, program, started } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const env = { EULAB_ACCEL: 'tcg' };
const crash = 'echo c >/proc/sysrq-trigger; sleep 60';

/** A mark in the guest's command line, by which its QEMU is found. */
const marked = (...options: readonly string[]) => {
  const mark = `mark=${randomUUID()}`;
  return { mark, options: ['boot', '--net', 'none', '--memory', '128M', '--append', mark, ...options] };
};

/** All that a program wrote to stderr, once it has written this. */
async function heard(child: ReturnType<typeof started>, text: string): Promise<string> {
  let said = '';
  while (!said.includes(text)) said += (await once(child.stderr as NodeJS.ReadableStream, 'data'))[0];
  return said;
}

test('--on-panic stop keeps the machine, told by pvpanic before the reset, until SIGINT; nothing is left', async () => {
  const { mark, options } = marked('--on-panic', 'stop');
  const child = started([...options, '--', 'sh', '-c', crash], { env });
  const over = ended(child);
  const said = await heard(child, '-ex backtrace\n');
  expect(said).toContain('the guest kernel panicked because somebody in the guest wrote c to');
  const socket = /target remote (\S+)'/.exec(said)?.[1] ?? '';
  expect([statSync(socket).isSocket(), statSync(join(socket, '..')).mode & 0o777]).toEqual([true, 0o700]);
  expect(processesWith(mark).length).toBeGreaterThan(1);
  child.kill('SIGINT');
  const { status, stderr } = await over;
  expect([status, processesWith(mark), existsSync(join(socket, '..'))]).toEqual([255, [], false]);
  const log = readFileSync(/the whole console: (.*)/.exec(stderr)?.[1] ?? '', 'utf8');
  expect(log).toContain('Kernel panic - not syncing');
  // What pvpanic stopped never came to its last words.
  expect(log).not.toContain('end Kernel panic');
});

test('--dump alone writes the memory at a panic and ends with 255, also for a kernel without pvpanic', async () => {
  using here = folder();
  const core = join(here.path, 'vm core');
  const { mark, options } = marked('--append', 'initcall_blacklist=pvpanic_pci_driver_init', '--dump', core);
  const { status, stderr } = await eulab([...options, '--', 'sh', '-c', crash], { env });
  expect([status, processesWith(mark), readdirSync(here.path)]).toEqual([255, [], ['vm core']]);
  expect(stderr).toContain(`the guest's memory is in ${core}`);
  expect(readFileSync(/the whole console: (.*)/.exec(stderr)?.[1] ?? '', 'utf8')).toContain('end Kernel panic');
  const bytes = readFileSync(core);
  expect(bytes.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
  expect(bytes.length).toBeGreaterThan(128 * 2 ** 20);
  // The kernel's log is in its memory.
  expect(bytes.includes('sysrq triggered crash')).toBe(true);
});

test('a machine whose time is over leaves its dump, and one that is interrupted none', async () => {
  using here = folder();
  const core = join(here.path, 'core');
  const { mark, options } = marked('--dump', core);
  const late = await eulab([...options, '--timeout', '4s', '--', 'sleep', '60'], { env });
  expect([late.status, processesWith(mark), statSync(core).size > 128 * 2 ** 20]).toEqual([124, [], true]);
  const child = started([...options, '--', 'sh', '-c', 'echo up; sleep 60'], { env });
  const over = ended(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  const before = statSync(core).mtimeMs;
  child.kill('SIGTERM');
  expect([(await over).status, statSync(core).mtimeMs, readdirSync(here.path)]).toEqual([143, before, ['core']]);
});

/** Runs the bundle on a terminal of its own, with these steps of expect(1). */
function onTerminal(options: readonly string[], steps: string) {
  const words = [process.execPath, bundle, ...options].map((word) => `{${word}}`).join(' ');
  const script = `set timeout 90\nspawn -noecho ${words}\n${steps}\nexpect eof\nexit [lindex [wait] 3]\n`;
  return program('expect', ['-c', script], { env });
}

requires('expect')('--on-panic shell is QEMU’s monitor, with gdb and dump beside it', async () => {
  using here = folder();
  const { mark, options } = marked('--on-panic', 'shell');
  const { status, stdout } = await onTerminal(
    [...options, '--', 'sh', '-c', crash],
    `
expect "(qemu) "
send "info status\\r"
expect "guest-panicked"
send "no-such-word\\r"
expect "unknown command"
send "gdb\\r"
expect "target remote"
send "dump ${here.path}/core\\r"
expect "the guest's memory is in"
send "quit\\r"`,
  );
  expect([status, processesWith(mark), readdirSync(here.path)], stdout.toString()).toEqual([255, [], ['core']]);
});

requires('expect')('a shell that panics leaves the terminal to QEMU’s monitor, and ctrl-A x ends it', async () => {
  const { mark, options } = marked('--on-panic', 'shell');
  const { status, stdout } = await onTerminal(
    options,
    `
expect "# "
send "echo c >/proc/sysrq-trigger\\r"
expect "(qemu) "
send "info status\\r"
expect "guest-panicked"
send "\\001x"`,
  );
  expect([status, processesWith(mark)], stdout.toString()).toEqual([255, []]);
});

test('--dry-run shows what gdb and a panic change', async () => {
  const options = ['--dry-run', '--gdb', '0', '--on-panic', 'stop', '--append', 'panic=5'];
  const { status, stdout, stderr } = await eulab(['boot', ...options], { env });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.toString()).toMatch(
    / -S -gdb tcp:127\.0\.0\.1:[1-9]\d* -device pvpanic-pci -device vmcoreinfo -action panic=pause/,
  );
  expect(stdout.toString()).toMatch(/panic=-1 .*nokaslr panic=0 panic=5'/);
});
