import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locate } from '../../exec.ts';
import { newc } from '../../ramdisk/cpio.ts';
import { directory, file } from '../../ramdisk/entry.ts';
import { type Goal, met, missed } from '../goal.ts';
import type { Host, Lab, Lacking } from '../lab.ts';
import { compared, isAnswered, type Question, yesOrNo } from '../prediction.ts';
import { ended, impatient, predicted, type Seen, shown, type Trial } from '../trial.ts';

export const cpio: Lab = { name: 'cpio', title: 'An initramfs by hand', lacks, check };

const question: Question = {
  key: 'note',
  about: 'the kernel unpacks a file whose folder comes behind it',
  answers: yesOrNo,
  why: 'it goes through the archive once, from its beginning, and makes no folder that has not been named yet',
};

async function lacks({ env }: Host): Promise<Lacking[]> {
  if (locate('cpio', env) !== undefined) return [];
  const without = 'the guest has one: the last hint (eulab learn hint cpio) shows how to pack there';
  return [{ what: 'cpio is not installed', remedy: 'sudo apt-get install -y cpio', without }];
}

async function check(trial: Trial): Promise<Goal[]> {
  const given = predicted(trial);
  const truth = isAnswered(given, question) ? await late(trial) : undefined;
  const first = compared(given, question, truth, shown(trial, 'predict'));
  const archive = shown(trial, 'my.cpio');
  if (!existsSync(archive))
    return [first, missed('there is an archive', [], `${archive} is not there: pack learn/cpio/root into it`)];
  return [first, ...unpacked(await machine(trial, archive))];
}

/** With nothing looked at before: what is wrong, the kernel is to say. */
function machine(trial: Trial, archive: string, what = 'booting'): Promise<Seen> {
  return trial.boot({ what, options: ['--initrd', archive, '--no-check', '--net', 'none', ...impatient] });
}

function unpacked(seen: Seen): Goal[] {
  const goal = 'the kernel unpacks it, and starts its init';
  const said = 'init says "unpacked by hand"';
  const damage = seen.console.filter((text) => text.includes('Initramfs unpacking failed'));
  const started = seen.console.some((text) => /Run \/init as init process/.test(text));
  const spoke = seen.console.includes('unpacked by hand');
  if (spoke) return [met(goal), met(said, 'unpacked by hand'), off(seen)];
  if (damage.length > 0) {
    const why = 'this is not the form that the kernel knows, newc: eulab ramdisk explain shows what it sees';
    return [missed(goal, damage.slice(0, 1), why)];
  }
  if (!started) {
    const name = seen.diagnosis?.name ?? '';
    const why =
      name === 'init-not-in-initramfs'
        ? 'there is no init at the top of the archive: names are stored as they were listed, see eulab ramdisk ls'
        : 'what the kernel says is above';
    return [ended(goal, seen, why)];
  }
  return [met(goal), ended(said, seen, 'the first line of init names its interpreter, which has to be in the archive too')];
}

function off(seen: Seen): Goal {
  const goal = 'the machine goes off';
  return seen.diagnosis?.name === 'guest-powered-off' ? met(goal) : ended(goal, seen);
}

/** What a kernel makes of an archive behind eulab's own, in which a folder comes after what is in it. */
async function late(trial: Trial): Promise<string | undefined> {
  const init = '#!/bin/sh\n[ -e /late/note ] && echo "note: yes" || echo "note: no"\npoweroff -f\n';
  const entries = [file('init', Buffer.from(init), 0o755), file('late/note', Buffer.from('here\n')), directory('late')];
  const base = readFileSync(trial.initrd);
  const pieces: Uint8Array[] = [base, new Uint8Array((4 - (base.length % 4)) % 4)];
  for await (const piece of newc(entries)) pieces.push(Buffer.from(piece));
  const here = mkdtempSync(join(tmpdir(), 'eulab-learn-'));
  try {
    writeFileSync(join(here, 'late.img'), Buffer.concat(pieces));
    const { console } = await machine(trial, join(here, 'late.img'), 'booting such an archive, for your prediction');
    return console.map((text) => /^note: (yes|no)$/.exec(text)?.[1]).find(Boolean);
  } finally {
    rmSync(here, { recursive: true, force: true });
  }
}
