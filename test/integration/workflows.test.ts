import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/action-parser';
import { expect, test } from 'vitest';
import { program, root } from '../eulab.ts';

const folder = join(root, '.github/workflows');
const workflows = readdirSync(folder).sort();
const content = (path: string) => readFileSync(path, 'utf8');

/** What the parser of GitHub's own editor support finds wrong with a workflow. */
async function faults(name: string, text: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name, content: text }, new NoOperationTraceWriter());
  if (value !== undefined) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

test('there are workflows for kernel, ramdisk, boot and release', () => {
  expect(workflows).toEqual(['boot.yml', 'kernel.yml', 'ramdisk.yml', 'release.yml']);
});

test.each(workflows)('%s is a workflow, and calls targets of make that there are', async (name) => {
  const text = content(join(folder, name));
  expect(await faults(name, text)).toEqual([]);
  const targets = [...text.matchAll(/run: make (\S+)/g)].map(([, target]) => target ?? '');
  expect(targets.length).toBeGreaterThan(0);
  for (const target of targets) {
    const { status, stderr } = await program('make', ['--dry-run', '--question', target]);
    // 1: there is something to do; 2: there is no such target.
    expect([target, [0, 1].includes(status), stderr]).toEqual([target, true, expect.not.stringContaining('No rule')]);
  }
});

test('action.yml is an action; each of its inputs reaches the script, which reads no other', () => {
  const text = content(join(root, 'action.yml'));
  const { context } = parseAction({ name: 'action.yml', content: text }, new NoOperationTraceWriter());
  expect(context.errors.getErrors().map(({ message }) => message)).toEqual([]);
  const passed = [...text.matchAll(/^ {8}([A-Z]+): \$\{\{ inputs\.([a-z]+) \}\}$/gm)].map(([, name, input]) => [name, input]);
  const inputs = [...(/^inputs:\n([\s\S]*?)^outputs:/m.exec(text)?.[1] ?? '').matchAll(/^ {2}([a-z]+):$/gm)].map(
    ([, name]) => name,
  );
  expect(passed).toEqual(inputs.map((input) => [input?.toUpperCase(), input]));
  const script = content(join(root, 'scripts/action'));
  for (const [name] of passed) expect(script).toContain(`\${${name}:`);
});

test.each([
  ['a key that there is not', 'runs-on: ubuntu-latest', 'run-on: ubuntu-latest'],
  ['an expression that is none', 'runs-on: ubuntu-latest', `runs-on: \${{ no_such.thing }}`],
])('the check finds %s', async (_what, from, to) => {
  const text = content(join(folder, 'kernel.yml'));
  expect(text).toContain(from);
  expect(await faults('kernel.yml', text.replace(from, to))).not.toEqual([]);
});
