import * as v from 'valibot';
import { confined } from './confine.ts';
import { documentOf } from './result.ts';
import { type Tool, tool } from './tool.ts';

const bridge = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/, 'is no name of an interface'));

/** The tools that only look. */
export const lookTools: readonly Tool[] = [
  tool({
    name: 'kernels',
    title: 'Kernels of the workspace',
    description: 'List the kernels that were built here; the one that is used is booted unless another is named.',
    input: v.strictObject({}),
    output: { document: 'kernels', below: 'kernels' },
    reads: true,
    run: async (_input, work) => ({ kernels: await documentOf({ verb: ['kernels'], args: ['--json'] }, work) }),
  }),
  tool({
    name: 'doctor',
    title: 'What this host lacks',
    description: 'Look at all that building and booting need, by trying it; each check has what mends it. Nothing is changed.',
    input: v.strictObject({
      checks: v.optional(
        v.pipe(
          v.array(v.pipe(v.string(), v.regex(/^[a-z][a-z-]*$/, 'is no check'))),
          v.description('these only, such as kvm, qemu'),
        ),
      ),
    }),
    output: { document: 'doctor' },
    reads: true,
    run: ({ checks = [] }, work) => documentOf({ verb: ['doctor'], args: ['--json', ...checks] }, work),
  }),
  tool({
    name: 'net_status',
    title: "The host's network for machines",
    description: 'What stands of the bridge that machines may join, what is wrong with it, and what is connected.',
    input: v.strictObject({ bridge: v.optional(v.pipe(bridge, v.description('default: vmbr0'))) }),
    output: { document: 'network' },
    reads: true,
    run: ({ bridge: name }, work) =>
      documentOf({ verb: ['net', 'status'], args: ['--json', ...(name === undefined ? [] : [`--bridge=${name}`])] }, work),
  }),
  tool({
    name: 'ramdisk_explain',
    title: 'What is in an initramfs',
    description: 'Read an initramfs to its end, as the kernel would, and say what will fail at boot.',
    input: v.strictObject({ file: v.optional(v.pipe(v.string(), v.description("default: the workspace's own"))) }),
    output: { document: 'image' },
    reads: true,
    run: ({ file }, work) =>
      documentOf(
        { verb: ['ramdisk', 'explain'], args: ['--json', ...(file === undefined ? [] : [confined(file, work.place)])] },
        work,
      ),
  }),
];
