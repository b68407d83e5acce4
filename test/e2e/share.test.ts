import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder, root } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const tcg = ['-C', root, 'boot', '--accel', 'tcg'];

test('the current folder, whatever its name, is the guest’s: read, written, owned, linked; a folder for reading is not written', async () => {
  using here = folder();
  const odd = join(here.path, "it's: a  folder, [x]* \\0040 é\n");
  const fixed = join(here.path, 'fixed');
  for (const path of [odd, fixed]) mkdirSync(path);
  const bytes = randomBytes(20_000_000);
  writeFileSync(join(odd, 'in'), bytes);
  writeFileSync(join(odd, 'mine'), '', { mode: 0o640 });
  symlinkSync('in', join(odd, 'link'));
  if (process.getuid?.() === 0) chownSync(join(odd, 'mine'), 1234, 1235);
  const owner = statSync(join(odd, 'mine'));
  writeFileSync(join(fixed, 'there'), 'there\n');

  const script = [
    'pwd; cat /mnt/fixed/there; readlink link; stat -c "%u %g %a" mine',
    'cp link out && chmod 751 out && ln -s out made && mkdir deep && echo deep > deep/file && mv deep moved',
    'touch /mnt/fixed/no 2>/dev/null && echo written; mount -o remount,rw /mnt/fixed 2>/dev/null; touch /mnt/fixed/no && echo forced',
    'exit 42',
  ].join('\n');
  const share = ['--cwd', '--share', `${fixed}:/mnt/fixed:ro`];
  const { status, stdout, stderr } = await eulab([...tcg, ...share, '--', 'sh', '-c', script], { cwd: odd });
  expect([status, stdout.toString()], stderr).toEqual([42, `${odd}\nthere\nin\n${owner.uid} ${owner.gid} 640\n`]);
  expect(readFileSync(join(odd, 'out')).equals(bytes)).toBe(true);
  const out = statSync(join(odd, 'out'));
  expect([out.uid, out.mode & 0o777]).toEqual([process.getuid?.(), 0o751]);
  expect([lstatSync(join(odd, 'made')).isSymbolicLink(), readlinkSync(join(odd, 'made'))]).toEqual([true, 'out']);
  expect(readFileSync(join(odd, 'moved/file'), 'utf8')).toBe('deep\n');
  expect(execFileSync('ls', [fixed]).toString()).toBe('there\n');
});

test('a kernel without 9p does not run the command somewhere else: 125, and what it lacks', async () => {
  const { status, stdout, stderr } = await eulab([
    ...tcg,
    '--cwd',
    '--append',
    'initcall_blacklist=init_v9fs',
    '--',
    'echo',
    'ran',
  ]);
  expect([status, stdout.toString()]).toEqual([125, '']);
  expect(stderr).toMatch(/cannot run the command: the host's folder cannot be mounted at .*CONFIG_9P_FS/);
});
