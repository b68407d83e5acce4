import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { ended, eulab, folder, root, started } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

artifacts();

/** A file of examples/vscode, whose comments have lines of their own; variables of the editor as they are here. */
function example(name: string) {
  const text = readFileSync(join(root, 'examples/vscode', name), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
  const here = { workspaceFolder: root, fileDirname: join(root, 'test/fixtures/hello'), 'input:command': 'dmesg | tail' };
  return JSON.parse(text, (_key, value) =>
    typeof value !== 'string' ? value : value.replaceAll(/\$\{([\w:]+)\}/g, (_whole, name: keyof typeof here) => here[name]),
  );
}

interface Task {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly problemMatcher: { readonly pattern: Record<string, string>; readonly background: Record<string, string> };
}

const tasks: readonly Task[] = example('tasks.json').tasks;

function task(label: string): Task {
  const found = tasks.find((one) => one.label === label);
  if (found === undefined) throw new Error(`no task ${label}`);
  return found;
}

test('the tasks that boot are calls that eulab takes', async () => {
  const boots = tasks.filter(({ args }) => args[0] === 'boot');
  expect(boots.map(({ label }) => label)).toEqual(['eulab: boot', 'eulab: test', 'eulab: boot for gdb']);
  for (const { command, args } of boots) {
    expect(command).toBe('eulab');
    const { status, stdout, stderr } = await eulab(['boot', '--dry-run', ...args.slice(1)]);
    expect([args, status, stderr]).toEqual([args, 0, '']);
    expect(stdout.toString()).toContain('qemu-system-');
  }
  for (const { preLaunchTask, postDebugTask } of example('launch.json').configurations)
    expect([task(preLaunchTask), task(postDebugTask)]).toBeTruthy();
  expect((await eulab(task('eulab: stop').args)).stderr).toContain('no machine named editor runs');
});

test('errors of the compiler become problems, with file, line and text', async () => {
  using here = folder();
  const broken = join(here.path, 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, 'Kbuild'), 'obj-m += broken.o\n');
  writeFileSync(join(broken, 'broken.c'), '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nint a = nowhere;\n');
  const { args, problemMatcher } = task('eulab: build module');
  const { status, stderr } = await eulab(args.map((arg) => (arg.startsWith('M=') ? `M=${broken}` : arg)));
  expect(status).toBe(1);
  const { regexp = '', file, line, severity, message } = problemMatcher.pattern;
  const [first] = stderr.split('\n').flatMap((one) => {
    const match = new RegExp(regexp).exec(one);
    return match === null ? [] : [match];
  });
  const at = (group: string | undefined) => first?.[Number(group)];
  expect([at(file), at(line), at(severity), at(message)], stderr).toEqual([
    join(broken, 'broken.c'),
    '3',
    'error',
    expect.stringContaining('nowhere'),
  ]);
  expect(task('eulab: build kernel').problemMatcher).toEqual(problemMatcher);
});

/** A port of this host that nobody has. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

requires('gdb')('what launch.json tells gdb stops the kernel at start_kernel', async () => {
  const port = String(await freePort());
  const { args, problemMatcher } = task('eulab: boot for gdb');
  const launch = example('launch.json').configurations[0];
  expect(args).toContain('1234');
  expect(launch.miDebuggerServerAddress).toBe('127.0.0.1:1234');
  const machine = started([...args.map((arg) => arg.replace('1234', port)), '--', 'sh', '-c', 'exit 42']);
  const said = createInterface({ input: machine.stderr as NonNullable<typeof machine.stderr> });
  const ends = new RegExp(problemMatcher.background['endsPattern'] ?? 'none');
  // As the editor does: the debugger comes when the task says that it is ready.
  for await (const line of said) if (ends.test(line)) break;
  const gdb = spawn('gdb', ['-nx', '--interpreter=mi', launch.program], { cwd: launch.cwd });
  const texts = (list: readonly { text: string }[]) => list.map(({ text }) => text);
  const select = `-target-select remote 127.0.0.1:${port}`;
  gdb.stdin.write(
    [...texts(launch.setupCommands), select, ...texts(launch.postRemoteConnectCommands), '-exec-continue\n'].join('\n'),
  );
  const lines: string[] = [];
  for await (const line of createInterface({ input: gdb.stdout })) {
    lines.push(line);
    if (line.startsWith('*stopped') && line.includes('func="start_kernel"'))
      gdb.stdin.end('-break-delete\n-target-detach\n-gdb-exit\n');
    if (line.startsWith('^error')) gdb.kill();
  }
  expect(lines.filter((line) => line.startsWith('^error'))).toEqual([]);
  expect(lines.join('\n')).toContain('func="start_kernel"');
  expect((await ended(machine)).status).toBe(42);
});
