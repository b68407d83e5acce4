import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { kernelFile } from '../../artifacts/kernel-names.ts';
import { symbolsOf } from '../../boot/inspection/gdb.ts';
import { EulabError, status } from '../../errors.ts';
import { locate, missing, probe } from '../../exec.ts';
import { type Goal, judged } from '../goal.ts';
import type { Host, Lab, Lacking } from '../lab.ts';
import { compared, type Question, yesNo, yesOrNo } from '../prediction.ts';
import { predicted, shown, type Trial } from '../trial.ts';

export const gdb: Lab = { name: 'gdb', title: 'Stopped at start_kernel', lacks, check };

const question: Question = {
  key: 'interrupts',
  about: 'interrupts are on at start_kernel',
  answers: yesOrNo,
  why: 'nobody could take one yet: the tables and the timers that they need are set up by what start_kernel calls',
};

/** The kernel that is booted, wherever it lies. */
const kernelOf = ({ workspace }: Pick<Host, 'workspace'>) => kernelFile(workspace.artifacts, undefined);

async function lacks(host: Host): Promise<Lacking[]> {
  const without = 'the rest of the lab is reading: eulab boot --append ignore_loglevel -- dmesg shows what start_kernel says';
  const list: Lacking[] = [];
  if (locate('gdb', host.env) === undefined) {
    const { message, hint = '' } = missing('gdb');
    list.push({ what: message, remedy: hint, without });
  }
  const kernel = kernelOf(host);
  const { symbols, lacks: why } = existsSync(kernel) ? symbolsOf(kernel) : { symbols: undefined, lacks: [] };
  if (symbols !== undefined && symbols.vmlinux === undefined) {
    list.push({ what: why.join('; '), remedy: 'eulab build kernel', without });
  }
  return list;
}

/** What utils/lessons/gdb/prelude has gdb print at each stop, before where that is. */
const mark = 'eulab-stop';

const mostMs = 20_000;

async function check(trial: Trial): Promise<Goal[]> {
  const [lack] = await lacks(trial);
  if (lack !== undefined) {
    throw new EulabError(lack.what, {
      hint: `${lack.remedy}; without that: ${lack.without}`,
      check: 'gdb',
      exitCode: status.notReady,
    });
  }
  const { symbols } = symbolsOf(kernelOf(trial));
  let talk: Promise<string> | undefined;
  const seen = await trial.boot({
    options: ['--gdb', '--net', 'none'],
    onStub: (socket) => {
      talk = converse(trial, socket, symbols.vmlinux ?? '');
    },
  });
  const said = (await talk) ?? '';
  const stops = [...said.matchAll(new RegExp(`^${mark} ([01]) (\\w+)`, 'gm'))].map(([, on, symbol]) => ({ on, symbol }));
  const at = stops.find(({ symbol }) => symbol === 'start_kernel');
  const banner = seen.console.find((text) => / version \d+\.\d+/.test(text))?.replace(/^\[[^\]]*\] /, '');
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.startsWith(mark));
  return [
    compared(predicted(trial), question, at && yesNo(at.on === '1'), shown(trial, 'predict')),
    judged(
      'gdb stops at start_kernel',
      at !== undefined,
      at === undefined ? lines.slice(-4) : [],
      /Cannot insert (hardware )?breakpoint|Cannot access memory/.test(said)
        ? 'at its first instruction the machine has no page tables: at that address is no memory yet to write a breakpoint into'
        : 'the machine never stood there',
    ),
    judged(
      'the kernel says "Minux version"',
      banner?.startsWith('Minux version') === true,
      banner === undefined ? [] : [banner.slice(0, 70)],
      banner === undefined
        ? 'the machine did not go on: detach lets it, and gdb ends'
        : 'its memory has the text by the name linux_banner, and start_kernel prints it soon after its beginning',
    ),
  ];
}

/** Runs gdb with the learner's commands, and returns what it said; at the latest when its time is over. */
async function converse(trial: Trial, socket: string, vmlinux: string): Promise<string> {
  const prelude = join(dirname(trial.given), 'prelude');
  const target = ['-ex', `target remote ${socket}`];
  const args = ['-nx', '-batch', vmlinux, ...target, '-x', prelude, '-x', join(trial.folder, 'session.gdb')];
  trial.step(`gdb ${vmlinux} -x ${shown(trial, 'session.gdb')}`);
  const { stdout, stderr } = await probe({ file: 'gdb', args }, { signal: trial.signal, timeoutMs: mostMs });
  return `${stdout}\n${stderr}`;
}
