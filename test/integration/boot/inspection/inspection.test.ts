import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bundle, folder, program } from '../../../eulab.ts';
import { requires } from '../../../requires.ts';

const taken = createServer().listen(0, '127.0.0.1');

const alone = requires('setsid');

const cases: [string, (path: string) => readonly string[], string, string][] = [
  ['no port', () => ['--gdb', 'uname'], "'uname' is invalid", 'a command comes after --'],
  ['a port beyond the last', () => ['--gdb', '65536'], "'65536' is invalid", 'more than 65535'],
  ['a port in use', () => ['--gdb', String((taken.address() as { port: number }).port)], 'of 127.0.0.1 is in use', '--gdb 0'],
  ['an unknown end', () => ['--on-panic', 'cry'], "'cry' is invalid", 'end, stop, shell, dump'],
  ['a dump to nowhere', () => ['--on-panic', 'dump'], '--on-panic dump has no file', '--dump FILE'],
  ['a monitor without a terminal', () => ['--on-panic', 'shell'], '--on-panic shell needs a terminal', '--on-panic stop'],
  ['a dump in no folder', (path) => ['--dump', `${path}/no/core`], 'there is no folder', 'mkdir -p'],
  ['a dump on a folder', (path) => ['--dump', path], 'it is a folder', 'vmcore'],
  ['a dump below a file', (path) => ['--dump', `${path}/file/core`], 'is no folder', 'elsewhere'],
  ['a dump where nothing can be written', () => ['--dump', '/proc/vmcore'], '/proc cannot be written to (ENOENT)', 'elsewhere'],
  ['more memory than the disk has room', (path) => ['--memory', '4096G', '--dump', `${path}/core`], 'MiB free', '--memory'],
];

for (const [what, options, message, remedy] of cases) {
  alone(`${what} is refused before anything is looked at, with 2`, async () => {
    using here = folder();
    writeFileSync(join(here.path, 'file'), '');
    if (!taken.listening) await once(taken, 'listening');
    // A session of its own: without a terminal, wherever the test has one.
    const args = [process.execPath, bundle, '-C', here.path, 'boot', '--accel', 'tcg', ...options(here.path), '--', 'true'];
    const { status, stdout, stderr } = await program('setsid', ['--wait', ...args], { env: { EULAB_CACHE: here.path } });
    expect([status, stdout.toString()]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain(remedy);
  });
}
