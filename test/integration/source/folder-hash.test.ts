import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changedPaths, folderHash, keptFiles } from '../../../src/source/folder-hash.ts';
import { folder, program, root } from '../../eulab.ts';

test("a folder's hash is that of sha256sum over its files, without git's; what changed is told from the lists that are kept", async () => {
  using here = folder();
  const [tree, cache] = [join(here.path, 'linux'), join(here.path, 'cache')];
  cpSync(join(root, 'test/fixtures/small-kernel'), tree, { recursive: true });
  writeFileSync(join(tree, 'a name with blanks, (brackets) and ü'), 'x');
  const sum = 'find . -type f | cut -c3- | LC_ALL=C sort | tr "\\n" "\\0" | xargs -0 sha256sum | sha256sum | cut -d" " -f1';
  const { stdout } = await program('sh', ['-c', sum], { cwd: tree });
  const first = await folderHash(tree, cache, undefined);
  expect(first.hash).toBe(String(stdout).trim());

  mkdirSync(join(tree, '.git'));
  writeFileSync(join(tree, '.git/HEAD'), 'ref: refs/heads/main\n');
  expect((await folderHash(tree, cache, undefined)).hash).toBe(first.hash);

  writeFileSync(join(tree, 'init/version.c'), 'const char version[] = "version 1.2.4";\n');
  writeFileSync(join(tree, 'init/new.c'), '');
  const second = await folderHash(tree, cache, undefined);
  const before = keptFiles(tree, cache, first.hash);
  expect(before).toEqual(first.files);
  expect(changedPaths(before ?? new Map(), second.files)).toEqual(['init/new.c', 'init/version.c']);
  expect(keptFiles(tree, cache, 'f'.repeat(64))).toBeUndefined();

  for (let round = 0; round < 6; round += 1) {
    writeFileSync(join(tree, 'init/new.c'), `${round}`);
    await folderHash(tree, cache, undefined);
  }
  expect(readdirSync(join(cache, 'trees')).length).toBeLessThanOrEqual(4);
});
