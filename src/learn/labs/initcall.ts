import { type Goal, judged } from '../goal.ts';
import type { Lab } from '../lab.ts';
import { compared, type Question } from '../prediction.ts';
import { ended, parts, predicted, type Seen, shown, type Trial, words } from '../trial.ts';

export const initcall: Lab = { name: 'initcall', title: 'Before process 1', check };

const pair = ['populate_rootfs', 'virtio_blk_init'] as const;

const question: Question = {
  key: 'first',
  about: `which of ${pair.join(' and ')} is called first`,
  answers: pair,
  why: 'the initramfs is unpacked between the file systems and the devices, so that drivers find files in it, such as firmware',
};

/** Of all virtio drivers, those that have a device. */
const look =
  'ls /sys/class/net; echo ==; for one in /sys/bus/virtio/drivers/*/virtio*; do [ -e $one ] && basename $(dirname $one); done';

async function check(trial: Trial): Promise<Goal[]> {
  const own = words(trial, 'cmdline');
  const options = ['--append', 'initcall_debug ignore_loglevel', ...(own === undefined ? [] : ['--append', own])];
  const seen = await trial.boot({ options: ['--net', 'user', '--ip', 'none', ...options], command: ['sh', '-c', look] });
  const calls = seen.console.flatMap((text) => /\bcalling {2}(\w+)\+/.exec(text)?.[1] ?? []);
  return [compared(predicted(trial), question, firstOf(calls), shown(trial, 'predict')), ...judge(seen, calls)];
}

/** Undefined when neither was called. */
function firstOf(calls: readonly string[]): string | undefined {
  return calls.find((name) => pair.some((one) => one === name));
}

function judge(seen: Seen, calls: readonly string[]): Goal[] {
  const said = seen.console
    .filter((text) => text.includes('blacklisting initcall'))
    .map((text) => text.replace(/^\[[^\]]*\] /, ''));
  const card = 'the guest has no network card';
  if (seen.status === undefined) return [ended(card, seen, ...said)];
  const [cards = '', drivers = ''] = parts(seen.stdout);
  const absent = !/^eth0$/m.test(cards);
  const called = calls.includes('virtio_net_driver_init');
  const others = ['virtio_console', 'virtio_rng'].filter((name) => !drivers.split('\n').includes(name));
  return [
    judged(
      'the driver of the network card is not started',
      !called,
      said,
      'virtio_net_driver_init was called',
      said.length > 0 ? 'a name that no initcall has is left out without a word' : 'no initcall was to be left out',
    ),
    judged(card, absent, [`/sys/class/net: ${cards.trim().split('\n').join(' ')}`], 'eth0 is there: something drives it'),
    judged(
      'all other virtio devices have their drivers',
      others.length === 0,
      [`drivers with a device: ${drivers.trim().split('\n').join(' ') || 'none'}`],
      `without their driver now: ${others.join(', ')}; leave out less`,
    ),
  ];
}
