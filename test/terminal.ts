import { spawn } from 'node:child_process';
import { folder, root } from './eulab.ts';

/** What is awaited on the terminal, and then typed, or done. */
export type Turn = readonly [seen: RegExp, answer: string | (() => void)];

/**
 * Runs a shell script of the host on a terminal of its own, script(1)'s, and answers: each turn when what it awaits is seen.
 * Returns all that the terminal showed.
 */
export async function onTerminal(script: string, dialogue: readonly Turn[]): Promise<string> {
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
    if (typeof next[1] === 'string') child.stdin.write(next[1]);
    else next[1]();
    open.shift();
  }
  return shown;
}
