import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { bundle, folder, root } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

/**
 * Runs a shell script of the host on a terminal of its own, script(1)'s, and types: each answer when its prompt is seen.
 * Returns all that the terminal showed.
 */
async function onTerminal(script: string, dialogue: readonly (readonly [seen: RegExp, typed: string])[]): Promise<string> {
  using log = folder();
  const child = spawn('script', ['-qefc', script, `${log.path}/typescript`], {
    cwd: root,
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
  });
  let shown = '';
  let from = 0;
  const open = [...dialogue];
  for await (const chunk of child.stdout) {
    shown += chunk;
    const next = open[0];
    const match = next === undefined ? null : next[0].exec(shown.slice(from));
    if (next === undefined || match === null) continue;
    from += match.index + match[0].length;
    child.stdin.write(next[1]);
    open.shift();
  }
  return shown;
}

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
  const settings = shown.match(/^[0-9a-f]+(:[0-9a-f]+)+/gm) ?? [];
  expect(settings.length).toBe(2);
  expect(settings[1]).toBe(settings[0]);
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
  expect(shown).toContain('eulab: the guest kernel panicked: sysrq triggered crash');
  expect(shown).toContain('status=255');
});
