import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder } from '../../eulab.ts';

/** A learner's folder, and calls of `eulab learn` in it. */
function learner() {
  const here = folder();
  const state = join(here.path, 'state');
  const call = async (...words: string[]) => {
    const { status, stdout, stderr } = await eulab(['learn', ...words], { cwd: here.path, env: { EULAB_STATE: state } });
    return { status, stdout: stdout.toString(), stderr };
  };
  const list = async () => JSON.parse((await call('--json')).stdout);
  return { path: here.path, kept: join(state, 'learn'), call, list, [Symbol.dispose]: () => here[Symbol.dispose]() };
}

test.concurrent('a lab is laid out once, its text can be read again, and what the learner wrote stays', async () => {
  using one = learner();
  const first = await one.call('next');
  expect([first.status, first.stdout.split('\n')[0]]).toEqual([0, '1. Process 1 ends']);
  expect(first.stderr).toContain('eulab: laid out in learn/pid1: init, predict');
  expect(first.stderr).toContain('there is no kernel, and no ramdisk in artifacts yet');
  expect(first.stderr).toContain('hint: eulab build kernel && eulab build ramdisk');
  const init = join(one.path, 'learn/pid1/init');
  expect(lstatSync(init).mode & 0o777).toBe(0o755);
  writeFileSync(init, 'mine');
  const again = await one.call('start');
  expect([again.stdout, again.stderr.includes('laid out'), readFileSync(init, 'utf8')]).toEqual([first.stdout, false, 'mine']);
  await one.call('start', 'console');
  expect(lstatSync(join(one.path, 'learn/console/root/dev/console')).isSymbolicLink()).toBe(true);
});

test.concurrent('hints come one after the other, and the last one stays', async () => {
  using one = learner();
  await one.call('start', 'mounts');
  const said: string[] = [];
  for (let count = 0; count < 5; count += 1) said.push((await one.call('hint')).stdout);
  expect(said.map((text) => text.split('\n')[0])).toEqual([1, 2, 3, 4, 4].map((number) => `mounts, hint ${number} of 4:`));
  expect(said[3]).toContain('mount -t devtmpfs devtmpfs /dev');
  expect(said.slice(0, 3).join('')).not.toContain('mount -t devtmpfs devtmpfs /dev');
});

test.concurrent('reset puts the files aside, and forgets; others stay', async () => {
  using one = learner();
  await one.call('start', 'pid1');
  await one.call('hint');
  await one.call('start', 'console');
  writeFileSync(join(one.path, 'learn/pid1/init'), 'mine');
  const { status, stderr } = await one.call('reset', '1');
  expect([status, stderr]).toEqual([0, expect.stringContaining('your files are in learn/pid1.before')]);
  expect(readFileSync(join(one.path, 'learn/pid1.before/init'), 'utf8')).toBe('mine');
  expect(readFileSync(join(one.path, 'learn/pid1/init'), 'utf8')).toContain('exit 3');
  const { labs, next } = await one.list();
  expect(labs.slice(0, 3).map(({ state, hints }: { state: string; hints: number }) => [state, hints])).toEqual([
    ['begun', 0],
    ['begun', 0],
    ['new', 0],
  ]);
  expect([labs.find(({ current }: { current: boolean }) => current).name, next]).toEqual(['pid1', 'console']);
  const away = await eulab(['-C', '/', 'learn', 'check'], { cwd: one.path, env: { EULAB_STATE: join(one.path, 'state') } });
  expect([away.status, away.stderr]).toEqual([
    2,
    expect.stringContaining(`where you began it: eulab -C ${one.path} learn check pid1`),
  ]);
});

test.concurrent('progress is whole files, without what a killed eulab left; a damaged one is named, and can be reset', async () => {
  using one = learner();
  mkdirSync(one.kept, { recursive: true });
  // No process has this number: it is more than Linux gives.
  writeFileSync(join(one.kept, 'pid1.json.99999999'), '{"begu');
  await one.call('start', 'pid1');
  expect(readdirSync(one.kept)).toEqual(['pid1.json']);
  writeFileSync(join(one.kept, 'pid1.json'), '{"begunMs": 1');
  const { status, stderr } = await one.call();
  expect([status, stderr]).toEqual([1, expect.stringContaining('pid1.json is damaged')]);
  expect(stderr).toContain('hint: begin the lab anew: eulab learn reset pid1');
  expect((await one.call('reset', 'pid1')).status).toBe(0);
  expect((await one.call()).status).toBe(0);
});

test.concurrent('labs are completed by their names', async () => {
  const { stdout } = await eulab(['complete', '--', 'learn', 'check', 'mo']);
  expect(stdout.toString()).toBe('none\nmounts\t\nmodule\t\n');
});

test.concurrent('what cannot be is refused, with what to do', async () => {
  using one = learner();
  for (const [words, status, message, hint] of [
    [['start', 'mount'], 2, 'there is no lab mount', 'did you mean mounts?'],
    [['start', '11'], 2, 'there is no lab 11', 'a number from 1 to 10'],
    [['check'], 2, 'no lab was begun yet', 'eulab learn next'],
    [['hint'], 2, 'no lab was begun yet', 'eulab learn next'],
    [['check', 'dhcp'], 2, 'there is no learn/dhcp', 'eulab learn start dhcp'],
    [['chek'], 2, 'eulab learn has no verb chek', 'did you mean check?'],
  ] as const) {
    const said = await one.call(...words);
    expect([said.status, said.stdout, said.stderr]).toEqual([status, '', expect.stringContaining(message)]);
    expect(said.stderr.split('hint: ')[1]).toContain(hint);
  }
  expect([existsSync(one.kept), existsSync(join(one.path, 'learn'))]).toEqual([false, false]);
  await one.call('start', 'dhcp');
  const early = await one.call('check');
  expect([early.status, early.stderr]).toEqual([3, expect.stringContaining('hint: eulab build kernel && eulab build ramdisk')]);
});

test.concurrent('a place that cannot be written to is named', async () => {
  using one = learner();
  writeFileSync(join(one.path, 'state'), 'a file');
  const { status, stderr } = await one.call('next');
  expect([status, stderr]).toEqual([3, expect.stringContaining('your progress cannot be kept in')]);
  expect(stderr).toContain('EULAB_STATE=FOLDER');
});
