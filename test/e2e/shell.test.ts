import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle, folder, leftWith } from '../eulab.ts';
import { onTerminal } from '../terminal.ts';
import { artifacts } from './artifacts.ts';

artifacts();

/** What the terminal was set to before and after, as `stty -g` says it. */
const settings = (shown: string) => shown.match(/[0-9a-f]+(:[0-9a-f]+){20,}/g) ?? [];

const prompt = /root@eulab:~# /;
const boot = `${process.execPath} ${bundle} boot`;

test('a shell with a banner, job control and a terminal of the right size; exit powers off and leaves the terminal as it was', async () => {
  const shown = await onTerminal(`stty rows 33 columns 99; stty -g; ${boot}; echo status=$?; stty -g`, [
    [prompt, 'tty; stty size; sleep 100 &\n'],
    [prompt, 'jobs; exit\n'],
  ]);
  expect(shown).toMatch(/Linux \S+, up after \d+\.\d+ s/);
  expect(shown).toContain('/dev/ttyS0');
  expect(shown).toContain('33 99');
  expect(shown).toMatch(/\[1\]\+? +Running/);
  expect(shown).not.toContain("can't access tty");
  expect(shown).not.toContain('Kernel panic');
  expect(shown).toContain('status=0');
  const set = settings(shown);
  expect(set.length).toBe(2);
  expect(set[1]).toBe(set[0]);
});

test('ctrl-C goes to the guest; ctrl-A x ends the machine', async () => {
  const shown = await onTerminal(`${boot}; echo status=$?`, [
    // Not before the program runs: the shell would take the key for its own.
    [prompt, 'echo run""ning; sleep 1000\n'],
    [/running\r+\n/, '\x03'],
    [prompt, 'echo sti""ll here\n'],
    [/still here/, '\x01x'],
  ]);
  expect(shown).toContain('still here');
  expect(shown).toContain('status=0');
});

test('a panic on the console is told in words too', async () => {
  const shown = await onTerminal(`${boot}; echo status=$?`, [[prompt, 'echo c >/proc/sysrq-trigger\n']]);
  expect(shown).toContain('eulab: the guest kernel panicked because somebody in the guest wrote c to');
  expect(shown).toContain('status=255');
});

test('the guest hears of a new size; poweroff leaves nothing of an editor that it killed', async () => {
  const grow = '(read -r _ <"$fifo"; stty rows 44 columns 111 </dev/tty) &';
  using here = folder();
  const fifo = join(here.path, 'fifo');
  const shown = await onTerminal(
    `fifo=${fifo}; mkfifo $fifo; stty rows 33 columns 99; stty -g; ${grow} ${boot}; echo status=$?; stty -g`,
    [
      [prompt, 'echo re""ady; while [ "$(stty size)" = "33 99" ]; do sleep 1; done; stty size\n'],
      [/ready\r+\n/, () => writeFileSync(fifo, '\n')],
      [/44 111/, 'printf "\\033[?1049h\\033[?25l\\033[?7l"; poweroff -f\n'],
    ],
  );
  expect(shown).toContain('status=0');
  const [before, after] = settings(shown);
  expect(after).toBe(before);
  // Each mode that the guest had changed is undone, and nothing else is written behind.
  const end = shown.slice(shown.lastIndexOf('Power down'), shown.indexOf('status='));
  expect(end.endsWith('\x1b[?1049l\x1b[?25h\x1b[?7h')).toBe(true);
});

test('kill -9 of eulab gives the terminal back, and leaves no machine', async () => {
  using here = folder();
  const pid = join(here.path, 'pid');
  const mark = `mark=${pid}`;
  // The keeper sets the terminal right a moment after eulab is gone.
  const again = 'for i in 1 2 3 4 5 6 7 8 9 10; do [ "$(stty -g)" = "$before" ] && break; sleep 0.1; done';
  const script = `before=$(stty -g); stty -g; sh -c 'echo $$ >${pid}; exec ${boot} --append ${mark}'; echo status=$?; ${again}; stty -g`;
  const shown = await onTerminal(script, [[prompt, () => process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL')]]);
  expect(shown).toContain('status=137');
  const [before, after] = settings(shown);
  expect(after).toBe(before);
  expect(await leftWith(mark)).toEqual([]);
});

test('a command on a terminal of its own: its size, its keys, its status', async () => {
  const guest = 'tty; stty size; echo "TERM=$TERM"; trap "echo caught; exit 7" INT; echo re""ady; while :; do sleep 1; done';
  const shown = await onTerminal(`stty rows 33 columns 99; stty -g; ${boot} -t -- sh -c '${guest}'; echo status=$?; stty -g`, [
    [/ready\r\n/, '\x03'],
  ]);
  expect(shown).toMatch(/\/dev\/pts\/\d+\r\n33 99\r\nTERM=xterm\r\nready\r\n/);
  expect(shown).toMatch(/caught\r\nstatus=7/);
  const [before, after] = settings(shown);
  expect(after).toBe(before);
});

test('a person before a machine that does not come up is told how to get out of it', async () => {
  const shown = await onTerminal(`stty -g; ${boot} --limit silence=1s --qemu-arg=-S; echo status=$?; stty -g`, [
    [/the machine says nothing; ctrl-A x ends it/, '\x01x'],
  ]);
  expect(shown).toContain('status=0');
  const set = settings(shown);
  expect([set.length, set[1]]).toEqual([2, set[0]]);
});
