// What the CLI costs before it does anything, against an empty Node.
import { compare, row } from './time.mjs';

const node = { file: process.execPath, args: ['-e', '0'] };
const eulab = (...args) => ({ file: process.execPath, args: ['dist/eulab.mjs', ...args] });

row('eulab --help / node -e 0', compare(eulab('--help'), node, 25), 1.4);
row('eulab build kernel, nothing to do / node -e 0', compare(eulab('build', 'kernel'), node, 15), 2.5);
