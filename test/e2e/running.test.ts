import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ended, eulab, folder, processesWith, started } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

/** A machine that says `up` and then sleeps; `env` is for the others that are to find it. */
function sleeper(name: string, runtime: string) {
  const env = { XDG_RUNTIME_DIR: runtime };
  const child = started(
    ['boot', '--accel', 'tcg', '--name', name, '--append', `mark=${name}`, '--', 'sh', '-c', 'echo up; sleep 600'],
    { env },
  );
  return { child, env, over: ended(child) };
}

async function up(child: ReturnType<typeof started>): Promise<void> {
  if (child.stdout !== null) await once(child.stdout, 'data');
}

test('a running machine is listed, runs more commands, shows its console, and is stopped', async () => {
  using here = folder();
  const { child, env, over } = sleeper('first', here.path);
  await up(child);
  const call = (...args: string[]) => eulab(args, { env });

  const listed = JSON.parse((await call('ps', '--json')).stdout.toString());
  expect(listed).toMatchObject([{ name: 'first', pid: child.pid, argv: ['sh', '-c', 'echo up; sleep 600'] }]);

  const taken = await call('boot', '--name', 'first', '--', 'true');
  expect([taken.status, taken.stderr]).toEqual([2, expect.stringContaining('a machine named first runs already')]);

  const [one, two] = await Promise.all([
    eulab(['exec', 'first', '-e', 'WORD=two words', '-w', '/tmp', '--', 'sh', '-c', 'cat; pwd; echo "$WORD" >&2; exit 7'], {
      env,
      input: 'in\n',
    }),
    call('exec', 'first', '--', 'sh', '-c', 'exit 42'),
  ]);
  expect([one.status, one.stdout.toString(), one.stderr, two.status]).toEqual([7, 'in\n/tmp\n', 'two words\n', 42]);

  const wrong = await call('exec', 'frist', '--', 'true');
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('there are first')]);

  const watching = started(['console', 'first'], { env });
  const shown = ended(watching);
  await up(watching);
  expect((await call('stop', 'first')).status).toBe(0);
  expect((await shown).stdout.toString()).toMatch(/Linux version.*Run \/init.*Power down/s);
  expect([(await over).status, readdirSync(join(here.path, 'eulab'))]).toEqual([125, []]);
});

test('kill -9 of eulab at any moment leaves no QEMU, no keeper, no socket, no folder', async () => {
  using here = folder();
  // From before QEMU is started to well behind the first command; the moments are no round numbers.
  for (let moment = 0; moment < 20; moment += 1) {
    const name = `killed${moment}`;
    const { child, over } = sleeper(name, here.path);
    await new Promise((resolve) => setTimeout(resolve, 30 + moment * 71));
    child.kill('SIGKILL');
    await over;
    const killedMs = performance.now();
    const left = () => [...processesWith(`mark=${name}`), ...machines(here.path), ...sockets(here.path)];
    while (left().length > 0 && performance.now() - killedMs < 1000) await new Promise((resolve) => setTimeout(resolve, 20));
    expect([moment, left()]).toEqual([moment, []]);
  }
}, 120_000);

/** The folders of machines. */
function machines(runtime: string): string[] {
  try {
    return readdirSync(join(runtime, 'eulab'));
  } catch {
    return [];
  }
}

/** The kernel's list of sockets in a folder, and the open files of processes there. @see proc_net_unix(5) */
function sockets(runtime: string): string[] {
  const bound = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.includes(runtime));
  const open = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => files(pid))
    .filter((path) => path.startsWith(runtime));
  return [...bound, ...open];
}

function files(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
  } catch {
    return [];
  }
}
